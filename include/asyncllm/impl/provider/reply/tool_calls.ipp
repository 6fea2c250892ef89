#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/syntax.hpp>
#include <asyncllm/impl/provider/reply/finish_reasons.hpp>
#include <asyncllm/impl/provider/reply/tool_calls.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace asyncllm::inline v0_1::provider {
std::string_view arguments_text(json::Value value)
{
  if (value.is_null())
    return {};
  const auto text = json::text_if(value);
  return text ? *text : json::raw_json(value);
}

void read_function(json::Value function, const json::Reader& reader, ToolCallFields& fields)
{
  for (auto part : function.get_object()) {
    const auto key = reader.key(part);
    if (key == "name")
      fields.name = json::text_if(part.value()).value_or("");
    else if (key == "arguments" || key == "parameters")
      fields.arguments = arguments_text(part.value());
    else if (key == "input")  // of a custom call: the text itself, not JSON within a text
      fields.arguments = json::raw_json(part.value());
  }
}

ToolCallFields read_tool_call(json::Value value, const json::Reader& reader)
{
  ToolCallFields fields;
  if (value.is_null())
    return fields;
  std::string_view name, arguments;
  for (auto field : value.get_object()) {
    const auto key = reader.key(field);
    json::Value member = field.value();
    if (key == "index")
      fields.index = json::integer_if(member);
    else if (key == "id")
      fields.id = json::text_or_digits(member);
    else if (key == "name")
      name = json::text_if(member).value_or("");
    else if (key == "arguments")
      arguments = arguments_text(member);
    else if (key == "extra_content" && !member.is_null())
      fields.extra = json::raw_json(member);
    else if ((key == "function" || key == "custom") && json::is_object(member))
      read_function(member, reader, fields);
  }
  if (fields.name.empty())
    fields.name = name;
  if (fields.arguments.empty())
    fields.arguments = arguments;
  return fields;
}

bool normalize_arguments(std::string& arguments)
{
  auto text = detail::trim(arguments);
  for (auto rest = text; rest.starts_with("{}");) {
    rest = detail::trim(rest.substr(2));
    if (rest.starts_with('{'))
      text = rest;
  }
  if (text.empty() || text == "null")
    arguments = "{}";
  else if (text.size() < arguments.size())
    arguments = std::string(text);
  return json::is_json(arguments);
}

void settle_tool_calls(Reply& reply)
{
  auto& calls = reply.tool_calls;
  if (calls.empty())
    return;
  const bool was_cut = is_cut(reply.finish_reason);
  // The last one may have been cut before its arguments began.
  if (was_cut && !calls.back().name.empty() && detail::trim(calls.back().arguments).empty())
    calls.pop_back();
  std::erase_if(calls, [&](ToolCall& call) {
    const bool is_usable = normalize_arguments(call.arguments) && !call.name.empty();
    if (!is_usable && !was_cut)
      throw Error(
          ErrorKind::incomplete,
          call.name.empty()
              ? "the model called a tool without a name"
              : "the model called the tool \"" + call.name + "\" with arguments that are not JSON")
          .with_partial_text(reply.text);
    return !is_usable;
  });
  if (!calls.empty() && reply.finish_reason == FinishReason::stop)
    reply.finish_reason = FinishReason::tool_calls;
}

}  // namespace asyncllm::provider
