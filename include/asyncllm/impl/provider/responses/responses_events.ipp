#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>
#include <asyncllm/impl/provider/responses/responses_events.hpp>

namespace asyncllm::inline v0_1::provider {

bool ResponsesEvent::is_error() const noexcept
{
  return type == "error" || (has_error && !type.starts_with("response."));
}

bool ResponsesEvent::is_end() const noexcept
{
  return type == "response.completed" || type == "response.incomplete" ||
         type == "response.failed" || type == "response.cancelled";
}

bool ResponsesEvent::has_failed() const noexcept
{
  return is_end() && answer && answer->has_failed();
}

ResponsesEvent read_responses_event(json::Object object)
{
  ResponsesEvent event;
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    json::Value value = field.value();
    if (key == "type") {
      event.type = json::text_if(value).value_or("");
    } else if (key == "delta") {
      event.delta = json::text_if(value).value_or("");
    } else if (key == "text" || key == "refusal" || key == "arguments") {
      event.whole = json::text_if(value).value_or("");
    } else if (key == "output_index") {
      event.output_index = json::integer_if(value);
    } else if (key == "item_id") {
      event.item_id = json::text_if(value).value_or("");
    } else if (key == "content_index" || key == "summary_index") {
      event.part_index = json::integer_if(value).value_or(0);
    } else if (key == "logprobs") {
      read_token_list(value, event.logprobs);
    } else if (key == "item" && json::is_object(value)) {
      event.item = read_responses_item(value);
    } else if (key == "part" && json::is_object(value)) {
      event.part = read_responses_part(value);
    } else if (key == "error") {
      event.has_error = provider::is_error(value);
    } else if (key == "response" && json::is_object(value)) {
      event.answer.emplace();
      json::Object response = value.get_object();
      read_responses_answer(response, *event.answer);
      const std::string_view raw = response.raw_json();
      event.response = detail::trim(raw);
    }
  }
  if (event.type == "response.failed" && event.answer && event.answer->status.empty())
    event.answer->status = "failed";
  return event;
}

}  // namespace asyncllm::provider
