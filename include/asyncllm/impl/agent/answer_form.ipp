#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/agent/answer_form.hpp>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

namespace asyncllm::inline v0_1::detail {
namespace {

constexpr std::string_view answer_tool = "answer";

// How servers name what they refuse, in lower case.
std::span<const std::string_view> names_of(AnswerForm form)
{
  static constexpr std::string_view schema[] = {
      "response_format",
      "response format",
      "json_schema",
      "json schema",
      "text.format",
      "output_config",
      "structured output",
      "grammar",
      "guided"};
  static constexpr std::string_view tool[] = {"tool"};
  static constexpr std::string_view json[] = {
      "response_format", "response format", "json_object", "json mode", "text.format", "format"};
  switch (form) {
    case AnswerForm::schema: return schema;
    case AnswerForm::tool: return tool;
    case AnswerForm::json: return json;
    case AnswerForm::prompt: break;
  }
  return {};
}

}  // namespace

void set_answer_form(RequestOptions& request, AnswerForm form, const std::string& json_schema)
{
  const std::string name(answer_tool);
  switch (form) {
    case AnswerForm::schema: request.answer_schema(json_schema); break;
    case AnswerForm::tool:
      request.tool(ToolDefinition(name, "Takes the answer to the question.", json_schema));
      request.tool_choice(ToolChoice::tool(name));
      break;
    case AnswerForm::json: request.json_mode(true); break;
    case AnswerForm::prompt: break;
  }
}

Messages with_schema(const Messages& messages, const std::string& json_schema)
{
  const auto text = "Answer with nothing but JSON that follows this schema:\n" + json_schema;
  Messages all;
  std::size_t left = messages.size();
  for (const auto& message : messages) {
    auto copy = message;
    if (--left == 0 && message.parts().empty())  // one text: not every host takes an array of them
      copy = Message(message.role(), message.text() + "\n\n" + text);
    else if (left == 0)
      copy.with_text(text);
    all.add(std::move(copy));
  }
  return all;
}

const std::string& answer_text(const Reply& reply, AnswerForm form)
{
  if (form == AnswerForm::tool)
    for (const auto& call : reply.tool_calls)
      if (call.name == answer_tool)
        return call.arguments;
  return reply.text;
}

void add_correction(Messages& messages, const Reply& reply, const std::string& fault)
{
  const auto text = "That does not have the required form: " + fault +
                    ". Answer again, with nothing but JSON that follows the schema.";
  messages.add(Message::assistant(reply));
  for (const auto& call : reply.tool_calls)
    messages.add(Message::tool(call.id, call.name, text));
  if (reply.tool_calls.empty())
    messages.user(text);
}

std::optional<AnswerForm> next_form(AnswerForm form, const Error& error)
{
  if (error.kind() != ErrorKind::bad_request && error.kind() != ErrorKind::unsupported)
    return std::nullopt;
  auto words = to_lower(error.message());
  words += ' ' + to_lower(error.server_message());
  const auto is_named = [&](std::string_view name) { return words.find(name) != words.npos; };
  if (std::ranges::none_of(names_of(form), is_named))
    return std::nullopt;
  return static_cast<AnswerForm>(static_cast<int>(form) + 1);
}

}  // namespace asyncllm::detail
