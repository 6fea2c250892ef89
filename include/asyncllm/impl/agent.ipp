// All of the room agent/ that is compiled.
#pragma once

#include <asyncllm/impl/agent/agent.ipp>
#include <asyncllm/impl/agent/answer_form.ipp>
#include <asyncllm/impl/agent/ask.ipp>
#include <asyncllm/impl/agent/conversation.ipp>
#include <asyncllm/impl/agent/history.ipp>
#include <asyncllm/impl/agent/json_in_text.ipp>
#include <asyncllm/impl/agent/messages_json.ipp>
#include <asyncllm/impl/agent/pairs.ipp>
#include <asyncllm/impl/agent/run.ipp>
#include <asyncllm/impl/agent/run_json.ipp>
#include <asyncllm/impl/agent/run_stream.ipp>
