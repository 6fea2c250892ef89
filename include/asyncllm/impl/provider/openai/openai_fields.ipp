#include <asyncllm/impl/provider/openai/openai_fields.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>

#include <chrono>
#include <cmath>
#include <optional>

namespace asyncllm::inline v0_1::provider {

namespace {

// A count under any of the names that hosts use. There may be several, all but one of them 0.
void read_count(std::string_view name, json::Value value, Usage& usage)
{
  std::int64_t* into = nullptr;
  if (name == "prompt_tokens" || name == "input_tokens")
    into = &usage.input_tokens;
  else if (name == "completion_tokens" || name == "output_tokens")
    into = &usage.output_tokens;
  else if (
      name == "cached_tokens" ||            // Moonshot and Together have it beside prompt_tokens
      name == "prompt_cache_hit_tokens" ||  // DeepSeek
      name == "cache_read_input_tokens" ||  // gateways to Anthropic, as the next two
      name == "cache_read_tokens" || name == "cache_input_tokens" ||
      name == "num_cached_tokens")  // Mistral
    into = &usage.cached_input_tokens;
  else if (name == "reasoning_tokens" || name == "thinking_tokens")
    into = &usage.reasoning_tokens;
  else if (name == "cache_write_tokens" || name == "cache_creation_input_tokens")
    into = &usage.cache_write_tokens;  // OpenRouter; gateways to Anthropic
  if (!into)
    return;
  if (const auto count = json::count_if(value)) {
    usage.reported = true;
    if (*count != 0)
      *into = *count;
  }
}

}  // namespace

void read_usage(json::Value value, Usage& usage)
{
  if (!json::is_object(value))
    return;
  for (auto field : value.get_object()) {
    const std::string_view key = field.unescaped_key();
    const bool is_details = key.ends_with("_tokens_details") || key.ends_with("_token_details");
    if (!is_details || !json::is_object(field.value())) {
      read_count(key, field.value(), usage);
      continue;
    }
    for (auto detail : field.value().get_object()) {
      const std::string_view name = detail.unescaped_key();
      if (name == "cached_tokens" || name == "reasoning_tokens" || name == "cache_write_tokens")
        read_count(name, detail.value(), usage);
    }
  }
}

void read_logprobs(json::Value value, std::vector<TokenLogprob>& tokens)
{
  if (!json::is_object(value))
    return;
  for (auto field : value.get_object())
    if (const std::string_view key = field.unescaped_key(); key == "content")
      read_token_list(field.value(), tokens);
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
