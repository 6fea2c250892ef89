#include "provider/ollama_fields.hpp"

#include "provider/reply_fields.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace asyncllm::provider {
namespace {

void read_message(json::Value message, Reply& reply)
{
  for (auto field : message.get_object()) {
    const std::string_view key = field.unescaped_key();
    json::Value value = field.value();
    if (key == "content")
      reply.text = json::text_or_null(value);
    else if (key == "thinking")
      reply.reasoning = json::text_or_null(value);
    else if (key == "tool_calls" && json::is_array(value))
      for (json::Value call : value.get_array())
        add_tool_call(call, reply.tool_calls, true);
  }
}

void read_counter(std::string_view key, json::Value value, Reply& reply)
{
  const auto nanoseconds = [&]() -> std::optional<std::chrono::nanoseconds> {
    const auto count = json::integer_if(value);
    return count ? std::optional(std::chrono::nanoseconds(*count)) : std::nullopt;
  };
  const auto tokens = [&](std::int64_t& counter) {
    if (const auto count = json::integer_if(value)) {
      counter = *count;
      reply.usage.reported = true;
    }
  };
  if (key == "load_duration")
    reply.timings.load = nanoseconds();
  else if (key == "prompt_eval_duration")
    reply.timings.prompt_eval = nanoseconds();
  else if (key == "eval_duration")
    reply.timings.eval = nanoseconds();
  else if (key == "prompt_eval_count")
    tokens(reply.usage.input_tokens);
  else if (key == "eval_count")
    tokens(reply.usage.output_tokens);
}

}  // namespace

OllamaAnswer read_ollama_answer(json::Object object)
{
  OllamaAnswer answer;
  auto& reply = answer.reply;
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    json::Value value = field.value();
    if (key == "error") {
      answer.is_error = is_error(value);
    } else if (key == "message" && json::is_object(value)) {
      answer.has_content = true;
      read_message(value, reply);
    } else if (key == "response") {  // of /api/generate
      answer.has_content = true;
      reply.text = json::text_or_null(value);
    } else if (key == "thinking") {
      reply.reasoning = json::text_or_null(value);
    } else if (key == "done") {
      const bool is_flag = value.type() == simdjson::ondemand::json_type::boolean;
      answer.is_done = is_flag && value.get_bool().value();
    } else if (key == "model") {
      reply.model = json::text_if(value).value_or("");
    } else if (key == "logprobs") {
      append_logprobs(value, reply.logprobs);
    } else if (key == "done_reason") {
      reply.finish_reason_text = json::text_if(value).value_or("");
    } else {
      read_counter(key, value, reply);
    }
  }
  return answer;
}

}  // namespace asyncllm::provider
