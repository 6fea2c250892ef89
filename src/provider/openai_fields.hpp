// What whole and streamed replies of OpenAI's wire have in common.
#pragma once

#include <asyncllm/model/reply.hpp>

#include "json/reader.hpp"

namespace asyncllm::provider {

/// Token counts; anything but an object leaves `usage` as it is.
void read_usage(json::Value value, Usage& usage);

/// llama.cpp's own measurements, in milliseconds.
void read_timings(json::Value value, Timings& timings);

}  // namespace asyncllm::provider
