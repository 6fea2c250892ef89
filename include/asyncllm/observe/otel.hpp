// The names that OpenTelemetry has for what an observer sees (semantic conventions for generative
// AI, in development).
#pragma once

#include <asyncllm/core/export.hpp>
#include <asyncllm/observe/call_info.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace asyncllm::inline v0_1::otel {

struct Attribute {
  std::string name;
  std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>> value;
};

/// "chat gemma3:latest". The kind of the span is CLIENT.
ASYNCLLM_EXPORT std::string span_name(const CallInfo& call);
/// "chat", "text_completion", "embeddings", and "list_models", which the conventions do not have.
/// Of a provider the conventions do not know: its name here.
ASYNCLLM_EXPORT std::string_view provider_name(std::string_view provider);
/// `gen_ai.*`, `server.*` and `error.type`, as far as they are known.
ASYNCLLM_EXPORT std::vector<Attribute> attributes(const CallInfo& call, const CallEnd& end);

}  // namespace asyncllm::otel
