// All of the room provider/ that is compiled.
#pragma once

#include <asyncllm/impl/provider/anthropic/anthropic.ipp>
#include <asyncllm/impl/provider/anthropic/anthropic_deltas.ipp>
#include <asyncllm/impl/provider/anthropic/anthropic_fields.ipp>
#include <asyncllm/impl/provider/embeddings.ipp>
#include <asyncllm/impl/provider/endpoint.ipp>
#include <asyncllm/impl/provider/errors/error_words.ipp>
#include <asyncllm/impl/provider/errors/errors.ipp>
#include <asyncllm/impl/provider/errors/seconds.ipp>
#include <asyncllm/impl/provider/errors/server_error.ipp>
#include <asyncllm/impl/provider/ollama/ollama.ipp>
#include <asyncllm/impl/provider/ollama/ollama_deltas.ipp>
#include <asyncllm/impl/provider/ollama/ollama_fields.ipp>
#include <asyncllm/impl/provider/openai/openai.ipp>
#include <asyncllm/impl/provider/openai/openai_deltas.ipp>
#include <asyncllm/impl/provider/openai/openai_fields.ipp>
#include <asyncllm/impl/provider/preset.ipp>
#include <asyncllm/impl/provider/reply/finish_reasons.ipp>
#include <asyncllm/impl/provider/reply/kept_reader.ipp>
#include <asyncllm/impl/provider/reply/reasoning_blocks.ipp>
#include <asyncllm/impl/provider/reply/reply_fields.ipp>
#include <asyncllm/impl/provider/reply/streamed_reply.ipp>
#include <asyncllm/impl/provider/reply/tool_calls.ipp>
#include <asyncllm/impl/provider/request/request_fields.ipp>
#include <asyncllm/impl/provider/request/request_template.ipp>
#include <asyncllm/impl/provider/wires.ipp>
