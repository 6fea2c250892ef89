#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/merge.hpp>
#include <asyncllm/impl/json/syntax.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/openai/openai_fields.hpp>
#include <asyncllm/impl/provider/reply/finish_reasons.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>
#include <asyncllm/impl/provider/reply/tool_calls.hpp>
#include <asyncllm/impl/provider/responses/responses_fields.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace asyncllm::inline v0_1::provider {
namespace {

ResponsesPart::Kind kind_of_part(std::string_view type) noexcept
{
  using Kind = ResponsesPart::Kind;
  if (type == "output_text" || type == "text")
    return Kind::text;
  if (type == "refusal")
    return Kind::refusal;
  if (type == "reasoning_text" || type == "summary_text" || type == "reasoning")
    return Kind::reasoning;
  return Kind::unknown;
}

// Some servers have a text in place of a list of parts, or null.
void read_parts(json::Value value, ResponsesPart::Kind kind, std::vector<ResponsesPart>& parts)
{
  parts.clear();  // of a member that comes twice the last one counts
  if (const auto text = json::text_if(value)) {
    auto& part = parts.emplace_back();
    part.kind = kind;
    part.text = *text;
  } else if (!value.is_null()) {
    for (json::Value part : value.get_array())
      parts.push_back(read_responses_part(part));
  }
}

bool has_text(const std::vector<ResponsesPart>& parts)
{
  return std::ranges::any_of(parts, [](const auto& part) { return !part.text.empty(); });
}

// Reasoning that only its server can read.
bool is_hidden_reasoning(const ResponsesItem& item)
{
  return item.is_reasoning() && !has_text(item.content);
}

// Items of other types are nothing without their id.
bool may_lose_id(const ResponsesItem& item)
{
  return item.is_reasoning() || item.is_message() || item.is_call();
}

std::string without_id(const std::string& object)
{
  auto json = nlohmann::ordered_json::parse(object, nullptr, false);
  if (json.is_object())
    json.erase("id");
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

bool is_plain_text(const std::vector<ResponsesItem>& items)
{
  if (items.size() != 1 || !items.front().is_message() || items.front().has_phase)
    return items.empty();
  return std::ranges::all_of(items.front().content, [](const ResponsesPart& part) {
    return part.kind == ResponsesPart::Kind::text && part.annotations.empty();
  });
}

// As settle_tool_calls leaves them out.
void drop_cut_calls(std::vector<ResponsesItem>& items)
{
  const auto last = std::ranges::find_if(items.rbegin(), items.rend(), &ResponsesItem::is_call);
  if (last != items.rend() && detail::trim(last->arguments).empty())
    items.erase(std::next(last).base());
  std::erase_if(items, [](const ResponsesItem& item) {
    auto arguments = item.arguments;
    return item.is_call() && !normalize_arguments(arguments);
  });
}

}  // namespace

ResponsesPart read_responses_part(json::Value value)
{
  ResponsesPart part;
  std::string_view type;
  for (auto field : value.get_object()) {
    const std::string_view key = field.unescaped_key();
    json::Value member = field.value();
    if (key == "type")
      type = json::text_or_null(member);
    else if ((key == "text" || key == "refusal") && !member.is_null())  // one may be null
      part.text = member.get_string().value();
    else if (key == "annotations" && json::is_array(member)) {
      part.annotations.clear();
      append_array(member, part.annotations);
    } else if (key == "logprobs")
      read_token_list(member, part.logprobs);
  }
  part.kind = kind_of_part(type);
  return part;
}

ResponsesItem read_responses_item(json::Value value)
{
  ResponsesItem item;
  json::Object object = value.get_object();
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    json::Value member = field.value();
    if (key == "type")
      item.type = json::text_or_null(member);
    else if (key == "id")
      item.id = json::text_if(member).value_or("");
    else if (key == "call_id")
      item.call_id = json::text_or_digits(member);
    else if (key == "name")
      item.name = json::text_if(member).value_or("");
    else if (key == "arguments")
      item.arguments = arguments_text(member);
    else if (key == "phase")
      item.has_phase = !member.is_null();
    else if (key == "encrypted_content")
      item.is_encrypted = !json::text_if(member).value_or("").empty();
    else if (key == "summary" && item.type != "message") {
      item.has_summary = json::is_array(member);
      read_parts(member, ResponsesPart::Kind::reasoning, item.summary);
    } else if (key == "content" && (json::is_array(member) || json::text_if(member)))
      read_parts(member, ResponsesPart::Kind::text, item.content);
  }
  if (item.type.empty() && !item.content.empty())
    item.type = "message";
  if (item.is_call() && item.call_id.empty())
    item.call_id = item.id;
  const std::string_view raw = object.raw_json();
  item.raw = detail::trim(raw);
  if (!json::is_json(item.raw))
    throw simdjson::simdjson_error(simdjson::TAPE_ERROR);
  return item;
}

bool ResponsesAnswer::has_failed() const noexcept
{
  return is_error || status == "failed" || status == "cancelled";
}

void read_responses_answer(json::Object object, ResponsesAnswer& answer)
{
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    json::Value value = field.value();
    if (key == "output" && json::is_array(value)) {
      answer.has_output = true;
      answer.items.clear();
      for (json::Value item : value.get_array())
        if (!item.is_null())
          answer.items.push_back(read_responses_item(item));
    } else if (key == "output_text") {
      answer.output_text = json::text_if(value).value_or("");
    } else if (key == "error") {
      answer.is_error = is_error(value);
    } else if (key == "status") {
      answer.status = json::text_if(value).value_or("");
    } else if (key == "incomplete_details" && json::is_object(value)) {
      for (auto detail : value.get_object())
        if (detail.unescaped_key().value() == "reason")
          answer.incomplete_reason = json::text_if(detail.value()).value_or("");
    } else if (key == "usage") {
      read_usage(value, answer.usage);
    } else if (key == "model") {
      answer.model = json::text_if(value).value_or("");
    } else if (key == "id") {
      answer.id = json::text_if(value).value_or("");
    } else if (key == "store") {
      answer.is_stored =
          value.type() == simdjson::ondemand::json_type::boolean && value.get_bool().value();
    }
  }
}

std::string_view finish_word(const ResponsesAnswer& answer) noexcept
{
  return answer.status == "incomplete" && !answer.incomplete_reason.empty()
             ? std::string_view(answer.incomplete_reason)
             : answer.status;
}

FinishReason responses_finish(std::string_view word, const Reply& reply, bool has_calls) noexcept
{
  const auto reason = finish_reason(word);
  const bool is_refusal = !reply.refusal.empty() && reply.text.empty() && !has_calls;
  return reason == FinishReason::stop && is_refusal ? FinishReason::refusal : reason;
}

Error responses_failure(const ResponsesAnswer& answer, std::string_view text)
{
  if (answer.is_error)
    return hidden_error(text);
  return Error(ErrorKind::incomplete, "the server says that the reply is " + answer.status);
}

NativeTurn responses_turn(std::vector<ResponsesItem> items, bool is_stored, bool was_cut)
{
  if (was_cut)
    drop_cut_calls(items);
  while (!items.empty() && items.back().is_reasoning())
    items.pop_back();
  const bool has_ids = is_stored || std::ranges::none_of(items, is_hidden_reasoning);
  if (!has_ids)
    std::erase_if(items, [](const ResponsesItem& item) {
      return is_hidden_reasoning(item) && !item.is_encrypted;
    });
  if (is_plain_text(items) ||
      std::ranges::any_of(items, [](auto& item) { return item.raw.empty(); }))
    return NativeTurn();
  std::string json = "[";
  for (const auto& item : items) {
    auto raw = has_ids || !may_lose_id(item) ? item.raw : without_id(item.raw);
    if (item.is_reasoning() && !item.has_summary)  // without which the API refuses it
      raw = json::merged(raw, R"({"summary":[]})");
    json += (json.size() > 1 ? "," : "") + raw;
  }
  return NativeTurn("responses", json + ']');
}

}  // namespace asyncllm::provider
