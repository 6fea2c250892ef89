#include <asyncllm/impl/provider/ollama/ollama_fields.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>
#include <asyncllm/impl/provider/reply/tool_calls.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace asyncllm::inline v0_1::provider {
namespace {

void read_message(json::Value message, const json::Reader& reader, OllamaAnswer& answer)
{
  for (auto field : message.get_object()) {
    const auto key = reader.key(field);
    json::Value value = field.value();
    if (key == "content")
      answer.text = json::text_or_null(value);
    else if (key == "thinking")
      answer.reasoning = json::text_or_null(value);
    else if (key == "tool_calls") {
      answer.tool_calls.clear();  // of a member that comes twice the last one counts
      for_each_tool_call(value, reader, [&](const ToolCallFields& fields) {
        if (!fields.is_empty())
          answer.tool_calls.push_back(fields.call());
      });
    }
  }
}

void read_counter(const json::Key& key, json::Value value, OllamaAnswer& answer)
{
  const auto nanoseconds = [&]() -> std::optional<std::chrono::nanoseconds> {
    const auto count = json::count_if(value);
    return count ? std::optional(std::chrono::nanoseconds(*count)) : std::nullopt;
  };
  const auto tokens = [&](std::int64_t& counter) {
    if (const auto count = json::count_if(value)) {
      counter = *count;
      answer.usage.reported = true;
    }
  };
  if (key == "load_duration")
    answer.timings.load = nanoseconds();
  else if (key == "prompt_eval_duration")
    answer.timings.prompt_eval = nanoseconds();
  else if (key == "eval_duration")
    answer.timings.eval = nanoseconds();
  else if (key == "prompt_eval_count")
    tokens(answer.usage.input_tokens);
  else if (key == "eval_count")
    tokens(answer.usage.output_tokens);
}

}  // namespace

void read_ollama_answer(json::Object object, const json::Reader& reader, OllamaAnswer& answer)
{
  if (answer.is_read)
    answer = OllamaAnswer();
  answer.is_read = true;
  for (auto field : object) {
    const auto key = reader.key(field);
    json::Value value = field.value();
    if (key == "error") {
      answer.is_error = is_error(value);
    } else if (key == "message" && json::is_object(value)) {
      answer.has_content = true;
      read_message(value, reader, answer);
    } else if (key == "response") {  // of /api/generate
      answer.has_content = true;
      answer.text = json::text_or_null(value);
    } else if (key == "thinking") {
      answer.reasoning = json::text_or_null(value);
    } else if (key == "done") {
      const bool is_flag = value.type() == simdjson::ondemand::json_type::boolean;
      answer.is_done = is_flag && value.get_bool().value();
    } else if (key == "model") {
      answer.model = json::text_if(value).value_or("");
    } else if (key == "logprobs") {
      read_token_list(value, answer.logprobs);
    } else if (key == "done_reason") {
      answer.finish_reason = json::text_if(value).value_or("");
    } else {
      read_counter(key, value, answer);
    }
  }
}

}  // namespace asyncllm::provider
