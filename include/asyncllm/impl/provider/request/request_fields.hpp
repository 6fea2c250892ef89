// What the wires share to write requests.
#pragma once

#include <asyncllm/impl/json/writer.hpp>
#include <asyncllm/model/chat_request.hpp>

#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

/// Appends a request's body to `out`. The caller's texts may be any bytes: a text that is not UTF-8
/// is `Error{invalid_argument}`, or sent with U+FFFD if the parameters say so.
class RequestWriter : public json::Writer {
 public:
  RequestWriter(std::string& out, const Parameters& parameters)
      : Writer(out), out_(out), begin_(out.size()), parameters_(parameters)
  {
    begin_object();
  }

  /// A text of the caller's; `what` names it in an error.
  void text(const std::string& value, std::string_view what);
  void text_member(std::string_view name, const std::string& value, std::string_view what)
  {
    key(name);
    text(value, what);
  }
  /// JSON text of the caller's.
  void json_member(std::string_view name, const std::string& value, std::string_view what);
  /// "tools" in the form of OpenAI's chat completions; nothing if there are none. `only`: the name
  /// of the one to send, "" for all.
  void function_tools(std::string_view only = {});
  /// The JSON schema of a tool's arguments.
  void schema_member(std::string_view name, const ToolDefinition& tool);
  /// The stop texts as an array; nothing if there are none.
  void stop_member(std::string_view name);

  /// Starts an object of the caller's, which `end_extended` merges `extra` into.
  std::size_t begin_extended();
  void end_extended(std::size_t began, const std::string& extra);

  /// Ends the body; the parameters' extra fields are merged into it.
  void finish();

 private:
  std::string& out_;
  std::size_t begin_;
  const Parameters& parameters_;
};

/// Appends a text of the caller's as a JSON string; `what` names it in an error. A text that is not
/// UTF-8 is `Error{invalid_argument}`, or gets U+FFFD.
void append_text(
    std::string& out, const std::string& text, std::string_view what, bool replaces_invalid);

/// Merges the JSON object `extra` into the JSON object that `body` holds from `begin` on: objects
/// member by member, everything else replaced. Throws `Error{invalid_argument}` if `extra` is not
/// an object.
void merge_extra(std::string& body, std::size_t begin, const std::string& extra);

/// The model and the texts of a request for embeddings, as all wires have them.
void write_embed_fields(RequestWriter& json, const EmbedRequest& request);

}  // namespace asyncllm::provider
