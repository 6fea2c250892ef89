// What whole and streamed replies of OpenAI's wire have in common.
#pragma once

#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/model/reply.hpp>

#include <vector>

namespace asyncllm::inline v0_1::provider {

/// Token counts. What is not there, or 0, leaves `usage` as it is.
void read_usage(json::Value value, Usage& usage);

/// Appends the tokens of `{"content": [{"token", "logprob", "top_logprobs"}]}`; null adds none.
void read_logprobs(json::Value value, std::vector<TokenLogprob>& tokens);

/// llama.cpp's own measurements, in milliseconds.
void read_timings(json::Value value, Timings& timings);

}  // namespace asyncllm::provider
