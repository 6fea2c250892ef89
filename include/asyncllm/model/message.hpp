// The turns of a conversation.
#pragma once

#include <asyncllm/model/part.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1 {

struct Reply;

enum class Role { system, developer, user, assistant, tool };

/// The role's name in the APIs.
constexpr std::string_view to_string(Role role) noexcept
{
  switch (role) {
    case Role::system: return "system";
    case Role::developer: return "developer";
    case Role::user: return "user";
    case Role::assistant: return "assistant";
    case Role::tool: return "tool";
  }
  return "user";
}

/// A call of a tool, which the model asks for.
struct ToolCall {
  std::string id;  ///< empty if the server sends none
  std::string name;
  std::string arguments;  ///< JSON text, whole and valid
  std::string extra;      ///< JSON to send back unchanged, or empty
};

/// A turn of the model in its provider's own form: the parts in their order, with ids and
/// signatures.
struct NativeTurn {
  NativeTurn() = default;
  NativeTurn(std::string its_wire, std::string its_json)
      : wire(std::move(its_wire)), json(std::move(its_json))
  {}

  std::string wire;  ///< which API wrote it, such as "anthropic"; may be ""
  std::string json;  ///< what that API takes as the turn's content
};

/// One message of a conversation.
class Message {
 public:
  Message(Role role, std::string text) : role_(role), text_(std::move(text)) {}

  static Message system(std::string text) { return {Role::system, std::move(text)}; }
  static Message user(std::string text) { return {Role::user, std::move(text)}; }
  static Message assistant(std::string text) { return {Role::assistant, std::move(text)}; }
  static Message assistant(std::string text, std::vector<ToolCall> calls)
  {
    Message message(Role::assistant, std::move(text));
    message.tool_calls_ = std::move(calls);
    return message;
  }
  /// The message that `reply` was, for a history: its text, its tool calls, its reasoning, and its
  /// native form.
  static Message assistant(const Reply& reply);
  /// The result of the tool `name` for the call `call_id`.
  static Message tool(std::string call_id, std::string name, std::string result)
  {
    Message message(Role::tool, std::move(result));
    message.tool_call_id_ = std::move(call_id);
    message.tool_name_ = std::move(name);
    return message;
  }

  /// Adds a further text, for example a document. Ollama gets it after the first one, separated by
  /// an empty line.
  Message& with_text(std::string text) { return with_part(Part(std::move(text))); }
  /// Adds an image.
  Message& with_image(std::string bytes, std::string mime_type)
  {
    return with_part(Image{std::move(bytes), std::move(mime_type), {}});
  }
  /// Adds an image by its URL, which the provider fetches. Not supported by Ollama.
  Message& with_image_url(std::string url) { return with_part(Image{{}, {}, std::move(url)}); }
  /// Adds a document. Not supported by Ollama.
  Message& with_document(std::string bytes, std::string mime_type, std::string name)
  {
    return with_part(Document{std::move(bytes), std::move(mime_type), std::move(name), {}});
  }
  /// Adds a document by its URL, which the provider fetches: Anthropic's API and Responses.
  Message& with_document_url(std::string url)
  {
    return with_part(Document{{}, {}, {}, std::move(url)});
  }
  /// Adds a recording. Not supported by Ollama and Anthropic's API.
  Message& with_audio(std::string bytes, std::string mime_type)
  {
    return with_part(Audio{std::move(bytes), std::move(mime_type)});
  }
  /// Adds an image, a document or a recording from a file. See `part_from_file`.
  Message& with_file(const std::string& path) { return with_part(part_from_file(path)); }
  /// Adds a part of any kind. What a host does not take is `Error{unsupported}` when the message is
  /// sent.
  Message& with_part(Part part)
  {
    native_ = NativeTurn();
    parts_.push_back(std::move(part));
    return *this;
  }
  /// How the model reasoned in an earlier turn. `extra`: `Reply::reasoning_extra`.
  Message& with_reasoning(std::string reasoning, std::string extra = std::string())
  {
    reasoning_ = std::move(reasoning);
    reasoning_extra_ = std::move(extra);
    return *this;
  }
  /// The turn in its provider's own form (`ReplyDetails::native`), which goes back to the same API
  /// instead of the text, the calls and the reasoning. Anything that is added to the message drops
  /// it.
  Message& with_native(NativeTurn turn)
  {
    native_ = std::move(turn);
    return *this;
  }
  /// Further members of the message's JSON (in Anthropic's API, of its text block): a JSON object,
  /// merged last, such as `{"name": "Ann"}`.
  Message& with_extra(std::string json)
  {
    native_ = NativeTurn();
    extra_ = std::move(json);
    return *this;
  }

  Role role() const noexcept { return role_; }
  const std::string& text() const noexcept { return text_; }
  const std::vector<ToolCall>& tool_calls() const noexcept { return tool_calls_; }
  const std::string& tool_call_id() const noexcept { return tool_call_id_; }
  const std::string& tool_name() const noexcept { return tool_name_; }
  const std::vector<Part>& parts() const noexcept { return parts_; }
  const std::string& reasoning() const noexcept { return reasoning_; }
  const std::string& reasoning_extra() const noexcept { return reasoning_extra_; }
  const NativeTurn& native() const noexcept { return native_; }
  const std::string& extra() const noexcept { return extra_; }

 private:
  Role role_;
  std::string text_, reasoning_, reasoning_extra_, extra_;
  std::vector<Part> parts_;
  std::vector<ToolCall> tool_calls_;
  std::string tool_call_id_, tool_name_;
  NativeTurn native_;
};

/// A conversation in one expression: `Messages().system("Be brief.").user("Hello")`.
class Messages {
 public:
  Messages() = default;

  Messages& system(std::string text) { return add(Message::system(std::move(text))); }
  Messages& user(std::string text) { return add(Message::user(std::move(text))); }
  Messages& assistant(std::string text) { return add(Message::assistant(std::move(text))); }
  Messages& add(Message message)
  {
    list_.push_back(std::move(message));
    return *this;
  }

  /// Adds all messages of another conversation.
  Messages& append(const Messages& more)
  {
    list_.insert(list_.end(), more.list_.begin(), more.list_.end());
    return *this;
  }

  Messages& prepend(Message message)
  {
    list_.insert(list_.begin(), std::move(message));
    return *this;
  }

  bool empty() const noexcept { return list_.empty(); }
  std::size_t size() const noexcept { return list_.size(); }
  auto begin() const noexcept { return list_.begin(); }
  auto end() const noexcept { return list_.end(); }

 private:
  std::vector<Message> list_;
};

}  // namespace asyncllm
