#include <asyncllm/impl/testing/api_format.hpp>

#include <nlohmann/json.hpp>

#include <numeric>

namespace asyncllm::inline v0_1::testing {

using nlohmann::json;

std::string Said::tool_id(std::size_t index) const
{
  return "call_scripted_" + std::to_string(number) + '_' + std::to_string(index);
}

std::string Said::text() const
{
  return std::accumulate(pieces.begin(), pieces.end(), std::string());
}

std::chrono::milliseconds Said::duration() const
{
  const auto gaps = pieces.empty() ? 0 : static_cast<std::int64_t>(pieces.size()) - 1;
  return delay + between * gaps;
}

bool ApiFormat::same_model(std::string_view one, std::string_view other) const
{
  return one == other;
}

std::string dumped(const nlohmann::ordered_json& value)
{
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string string_field(const json& object, const char* name)
{
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

bool flag_field(const json& object, const char* name, bool otherwise)
{
  const auto at = object.find(name);
  return at != object.end() && at->is_boolean() ? at->get<bool>() : otherwise;
}

std::string text_of(const json& content)
{
  if (content.is_string())
    return content.get<std::string>();
  std::string text;
  if (content.is_array())
    for (const json& part : content)
      text += string_field(part, "text");
  return text;
}

std::string complaint_about(const json& body, bool needs_messages)
{
  if (string_field(body, "model").empty())
    return "model is required";
  if (body.contains("stream") && !body["stream"].is_boolean())
    return "stream must be true or false";
  if (!body.contains("messages"))
    return needs_messages ? "messages is required" : std::string();
  const json& messages = body["messages"];
  if (!messages.is_array())
    return "messages must be an array";
  for (const json& message : messages)
    if (string_field(message, "role").empty())
      return "every one of the messages must be an object with a role";
  return std::string();
}

Call read_call(const json& body, bool streams_by_default)
{
  Call call;
  call.model = string_field(body, "model");
  call.stream = flag_field(body, "stream", streams_by_default);
  const auto messages = body.find("messages");
  if (messages == body.end())
    return call;
  for (const json& message : *messages) {
    const auto content = message.find("content");
    const std::string text = content != message.end() ? text_of(*content) : std::string();
    call.prompt_words += count_words(text);
    if (string_field(message, "role") == "user")
      call.prompt = text;
  }
  return call;
}

std::int64_t count_words(std::string_view text)
{
  constexpr std::string_view blank = " \t\r\n";
  std::int64_t count = 0;
  for (auto at = text.find_first_not_of(blank); at != text.npos;
       at = text.find_first_not_of(blank, text.find_first_of(blank, at))) {
    ++count;
  }
  return count;
}

namespace {

class PlainFormat : public ApiFormat {
 public:
  std::string complaint(const json&) const override { return std::string(); }
  Call read(const json&) const override { return Call(); }
  std::string whole(const Said& said) const override { return said.text(); }
  std::string opening(const Said&) const override { return std::string(); }
  std::string piece(const Said& said, std::size_t index) const override
  {
    return said.pieces[index];
  }
  std::string closing(const Said&) const override { return std::string(); }
  std::string error(int, std::string_view message) const override { return std::string(message); }
  std::string missing_model(std::string_view model) const override { return std::string(model); }
  std::string listing(const std::vector<std::string>&) const override { return std::string(); }
  std::string_view whole_type() const override { return "text/plain"; }
  std::string_view stream_type() const override { return "text/plain"; }
  std::string_view request_id_header() const override { return std::string_view(); }
};

}  // namespace

const ApiFormat& plain_format()
{
  static const PlainFormat format;
  return format;
}

}  // namespace asyncllm::testing
