#include "provider/openai_fields.hpp"

#include "provider/reply_fields.hpp"

#include <chrono>
#include <cmath>
#include <optional>

namespace asyncllm::provider {

void read_usage(json::Value value, Usage& usage)
{
  if (!json::is_object(value))
    return;
  usage = Usage();
  const auto read = [&](json::Value number, std::int64_t& into) {
    if (const auto count = json::count_if(number)) {
      into = *count;
      usage.reported = true;
    }
  };
  for (auto field : value.get_object()) {
    const std::string_view key = field.unescaped_key();
    if (key == "prompt_tokens" || key == "input_tokens")
      read(field.value(), usage.input_tokens);
    else if (key == "completion_tokens" || key == "output_tokens")
      read(field.value(), usage.output_tokens);
    else if (
        key == "prompt_cache_hit_tokens" ||  // DeepSeek
        key == "cached_tokens" ||            // Moonshot
        key == "cache_read_input_tokens")    // gateways to Anthropic
      read(field.value(), usage.cached_input_tokens);
    else if (key == "reasoning_tokens")
      read(field.value(), usage.reasoning_tokens);
    else if (
        (key == "prompt_tokens_details" || key == "completion_tokens_details" ||
         key == "input_tokens_details" || key == "output_tokens_details") &&
        json::is_object(field.value()))
      for (auto detail : field.value().get_object()) {
        const std::string_view name = detail.unescaped_key();
        if (name == "cached_tokens")
          read(detail.value(), usage.cached_input_tokens);
        else if (name == "reasoning_tokens")
          read(detail.value(), usage.reasoning_tokens);
      }
  }
}

void read_logprobs(json::Value value, std::vector<TokenLogprob>& tokens)
{
  if (!json::is_object(value))
    return;
  for (auto field : value.get_object())
    if (const std::string_view key = field.unescaped_key(); key == "content")
      append_logprobs(field.value(), tokens);
}

void read_timings(json::Value value, Timings& timings)
{
  if (!json::is_object(value))
    return;
  const auto read = [](json::Value number) -> std::optional<std::chrono::nanoseconds> {
    if (number.type() != simdjson::ondemand::json_type::number)
      return std::nullopt;
    const double milliseconds = number.get_double().value();
    if (!(milliseconds >= 0 && milliseconds < 1e12))
      return std::nullopt;
    return std::chrono::nanoseconds(std::llround(milliseconds * 1e6));
  };
  for (auto field : value.get_object()) {
    const std::string_view key = field.unescaped_key();
    if (key == "prompt_ms")
      timings.prompt_eval = read(field.value());
    else if (key == "predicted_ms")
      timings.eval = read(field.value());
  }
}

}  // namespace asyncllm::provider
