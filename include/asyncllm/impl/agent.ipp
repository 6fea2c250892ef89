// All of the room agent/ that is compiled.
#pragma once

#include <asyncllm/impl/agent/agent.ipp>
#include <asyncllm/impl/agent/ask.ipp>
#include <asyncllm/impl/agent/json_in_text.ipp>
