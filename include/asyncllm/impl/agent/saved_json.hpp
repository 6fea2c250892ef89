// What messages_json and run_json share.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/model/message.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace asyncllm::inline v0_1::detail {

using SavedJson = nlohmann::ordered_json;

SavedJson to_saved(const Messages& messages);
SavedJson to_saved(const ToolCall& call);

/// Throws `Error{invalid_argument}` that names the message. `may_wait`: whether the calls of the
/// last message need no results.
Messages messages_from_saved(const SavedJson& json, bool may_wait);
/// Throws `Error{invalid_argument}`, which begins with `where`.
ToolCall call_from_saved(const SavedJson& json, const std::string& where);

/// The text of a member, "" where there is none. Throws as `call_from_saved`.
std::string saved_text(const SavedJson& object, const char* name, const std::string& where);

/// Without the members that are empty.
inline void save_text(SavedJson& object, const char* name, const std::string& text)
{
  if (!text.empty())
    object[name] = text;
}

/// Invalid UTF-8 becomes U+FFFD.
inline std::string dump_saved(const SavedJson& json)
{
  return json.dump(-1, ' ', false, SavedJson::error_handler_t::replace);
}

[[noreturn]] inline void fail_saved(const std::string& where, const std::string& what)
{
  throw Error(ErrorKind::invalid_argument, where + ": " + what);
}

}  // namespace asyncllm::detail
