#include <asyncllm/agent/messages_json.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/agent/pairs.hpp>
#include <asyncllm/impl/agent/saved_json.hpp>
#include <asyncllm/impl/core/base64.hpp>

#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace asyncllm::inline v0_1 {
namespace detail {
namespace {

// --- writing -----------------------------------------------------------------

std::string data_url(const std::string& mime_type, const std::string& bytes)
{
  std::string url = "data:" + mime_type + ";base64,";
  append_base64(url, bytes);
  return url;
}

SavedJson json_of(const Part& part)
{
  if (const auto* const text = std::get_if<std::string>(&part))
    return {{"type", "text"}, {"text", *text}};
  if (const auto* const image = std::get_if<Image>(&part)) {
    SavedJson inner = {
        {"url", image->url.empty() ? data_url(image->mime_type, image->bytes) : image->url}};
    return {{"type", "image_url"}, {"image_url", std::move(inner)}};
  }
  if (const auto* const document = std::get_if<Document>(&part)) {
    SavedJson inner = SavedJson::object();
    save_text(inner, "filename", document->name);
    if (document->url.empty())
      inner["file_data"] = data_url(document->mime_type, document->bytes);
    else
      inner["file_url"] = document->url;
    return {{"type", "file"}, {"file", std::move(inner)}};
  }
  const auto& audio = std::get<Audio>(part);
  std::string data;
  append_base64(data, audio.bytes);
  SavedJson inner = {{"data", std::move(data)}, {"format", audio.mime_type}};
  return {{"type", "input_audio"}, {"input_audio", std::move(inner)}};
}

SavedJson json_of(const Message& message)
{
  SavedJson json = {{"role", to_string(message.role())}};
  if (message.parts().empty()) {
    json["content"] = message.text();
  } else {
    auto& content = json["content"] = SavedJson::array();
    content.push_back({{"type", "text"}, {"text", message.text()}});
    for (const auto& part : message.parts())
      content.push_back(json_of(part));
  }
  for (const auto& call : message.tool_calls())
    json["tool_calls"].push_back(to_saved(call));
  if (message.role() == Role::tool) {
    json["tool_call_id"] = message.tool_call_id();
    json["name"] = message.tool_name();
  }
  save_text(json, "reasoning", message.reasoning());
  save_text(json, "reasoning_extra", message.reasoning_extra());
  save_text(json, "extra", message.extra());
  if (!message.native().json.empty())
    json["native"] = {{"wire", message.native().wire}, {"json", message.native().json}};
  return json;
}

// --- reading -----------------------------------------------------------------

// Reads one message; its errors name it.
class MessageReader {
 public:
  explicit MessageReader(std::size_t index) : where_("messages[" + std::to_string(index) + ']') {}

  Message read(const SavedJson& json) const
  {
    if (!json.is_object())
      fail("is no object");
    auto message = without_extras(json);
    if (auto reasoning = text(json, "reasoning"), extra = text(json, "reasoning_extra");
        !reasoning.empty() || !extra.empty())
      message.with_reasoning(std::move(reasoning), std::move(extra));
    if (auto extra = text(json, "extra"); !extra.empty())
      message.with_extra(std::move(extra));
    if (json.contains("native")) {
      const auto& native = json["native"];
      if (!native.is_object())
        fail("its native form is no object");
      message.with_native({text(native, "wire"), text(native, "json")});
    }
    return message;
  }

  [[noreturn]] void fail(const std::string& what) const { fail_saved(where_, what); }

 private:
  Message without_extras(const SavedJson& json) const
  {
    const auto role = read_role(json);
    std::string first;
    std::vector<Part> parts;
    read_content(json, first, parts);
    auto message = Message(role, std::move(first));
    if (role == Role::tool)
      message = Message::tool(text(json, "tool_call_id"), text(json, "name"), message.text());
    else if (json.contains("tool_calls") && !json["tool_calls"].is_null())
      message = with_calls(json["tool_calls"], message);
    for (auto& part : parts)
      message.with_part(std::move(part));
    return message;
  }

  Role read_role(const SavedJson& json) const
  {
    const auto name = text(json, "role");
    for (const auto role : {Role::system, Role::developer, Role::user, Role::assistant, Role::tool})
      if (name == to_string(role))
        return role;
    fail(name.empty() ? "has no role" : "the role \"" + name + "\" is unknown");
  }

  // The first text, and the further parts.
  void read_content(const SavedJson& json, std::string& first, std::vector<Part>& parts) const
  {
    const auto at = json.find("content");
    if (at == json.end() || at->is_null())
      return;
    if (at->is_string()) {
      first = at->get<std::string>();
      return;
    }
    if (!at->is_array())
      fail("its content is neither a text nor an array");
    for (const auto& part : *at) {
      const auto type = text(part, "type");
      if (type == "text" && parts.empty() && first.empty())
        first = text(part, "text");
      else if (type == "text")
        parts.emplace_back(text(part, "text"));
      else if (type == "image_url" && part.contains("image_url"))
        parts.emplace_back(read_image(text(part["image_url"], "url")));
      else if (type == "file" && part.contains("file"))
        parts.emplace_back(read_document(part["file"]));
      else if (type == "input_audio" && part.contains("input_audio"))
        parts.emplace_back(read_audio(part["input_audio"]));
      else
        fail("a part of the type \"" + type + "\" is unknown");
    }
  }

  struct Data {
    std::string bytes, mime_type;
  };
  // What a data: URL holds; nothing for another URL.
  std::optional<Data> read_data_url(const std::string& url, const char* what) const
  {
    constexpr std::string_view scheme = "data:", encoding = ";base64,";
    const auto at = url.find(encoding);
    if (!url.starts_with(scheme) || at == url.npos)
      return std::nullopt;
    return Data{
        read_base64(std::string_view(url).substr(at + encoding.size()), what),
        url.substr(scheme.size(), at - scheme.size())};
  }

  std::string read_base64(std::string_view text, const char* what) const
  {
    auto bytes = from_base64(text);
    if (!bytes)
      fail(std::string(what) + " is not base64");
    return std::move(*bytes);
  }

  Image read_image(const std::string& url) const
  {
    if (url.empty())
      fail("an image has no URL");
    auto data = read_data_url(url, "an image");
    if (!data)
      return Image{{}, {}, url};
    return Image{std::move(data->bytes), std::move(data->mime_type), {}};
  }

  Document read_document(const SavedJson& file) const
  {
    auto name = text(file, "filename");
    if (auto url = text(file, "file_url"); !url.empty())
      return Document{{}, {}, std::move(name), std::move(url)};
    auto data = read_data_url(text(file, "file_data"), "a document");
    if (!data)
      fail("a document has no data");
    return Document{std::move(data->bytes), std::move(data->mime_type), std::move(name), {}};
  }

  Audio read_audio(const SavedJson& json) const
  {
    if (text(json, "data").empty())
      fail("a recording has no data");
    auto format = text(json, "format");
    if (format.find('/') == format.npos)  // as OpenAI has it
      format = format == "mp3" ? "audio/mpeg" : "audio/" + format;
    return Audio{read_base64(text(json, "data"), "a recording"), std::move(format)};
  }

  Message with_calls(const SavedJson& json, const Message& message) const
  {
    if (!json.is_array())
      fail("its tool_calls are no array");
    std::vector<ToolCall> calls;
    for (const auto& call : json)
      calls.push_back(call_from_saved(call, where_));
    return Message::assistant(message.text(), std::move(calls));
  }

  std::string text(const SavedJson& object, const char* name) const
  {
    return saved_text(object, name, where_);
  }

  std::string where_;
};

}  // namespace

SavedJson to_saved(const ToolCall& call)
{
  SavedJson function = {{"name", call.name}, {"arguments", call.arguments}};
  SavedJson json = {{"id", call.id}, {"type", "function"}, {"function", std::move(function)}};
  save_text(json, "extra", call.extra);
  return json;
}

SavedJson to_saved(const Messages& messages)
{
  auto json = SavedJson::array();
  for (const auto& message : messages)
    json.push_back(json_of(message));
  return json;
}

std::string saved_text(const SavedJson& object, const char* name, const std::string& where)
{
  if (!object.is_object())
    return {};
  const auto at = object.find(name);
  if (at == object.end() || at->is_null())
    return {};
  if (!at->is_string())
    fail_saved(where, std::string(name) + " is no text");
  return at->get<std::string>();
}

ToolCall call_from_saved(const SavedJson& json, const std::string& where)
{
  const auto function = json.is_object() ? json.find("function") : json.end();
  if (!json.is_object() || function == json.end() || saved_text(*function, "name", where).empty())
    fail_saved(where, "a tool call has no name");
  return {
      saved_text(json, "id", where),
      saved_text(*function, "name", where),
      saved_text(*function, "arguments", where),
      saved_text(json, "extra", where)};
}

Messages messages_from_saved(const SavedJson& json, bool may_wait)
{
  Messages messages;
  for (std::size_t i = 0; i < json.size(); ++i)
    messages.add(MessageReader(i).read(json[i]));
  if (const auto fault = unpaired(messages, may_wait))
    MessageReader(fault->index).fail(fault->what);
  return messages;
}

}  // namespace detail

std::string messages_to_json(const Messages& messages)
{
  return detail::dump_saved(detail::to_saved(messages));
}

Messages messages_from_json(std::string_view json)
{
  const auto array = detail::SavedJson::parse(json, nullptr, false);
  if (!array.is_array())
    throw Error(
        ErrorKind::invalid_argument,
        array.is_discarded() ? "the messages are not JSON" : "the messages are no JSON array");
  return detail::messages_from_saved(array, false);
}

}  // namespace asyncllm
