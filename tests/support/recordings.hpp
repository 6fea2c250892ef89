// The recorded replies of real servers, one after the other.
#pragma once

#include <asyncllm/impl/provider/wires.hpp>

#include "shared_data.hpp"
#include "test.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace support {

using Json = nlohmann::json;

inline const asyncllm::provider::Wire& wire_of(const Json& meta)
{
  using namespace asyncllm::provider;
  if (meta["wire"] == "ollama")
    return ollama_wire();
  if (meta["wire"] == "responses")
    return responses_wire();
  return meta["wire"] == "anthropic" ? anthropic_wire() : openai_wire();
}

/// The member as text: null and missing are "", everything else as JSON writes it.
inline std::string text_of(const Json& object, const char* name)
{
  const auto found = object.find(name);
  if (found == object.end() || found->is_null())
    return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

/// Calls `check` with each recording of the folder whose kind is among `kinds`; it gives what is
/// wrong, or "".
inline void for_each_recording(
    const std::vector<std::string>& kinds,
    const std::string& what,
    const std::function<std::string(const Json& meta, const std::string& body)>& check,
    const std::string& folder_name = "recordings")
{
  const auto folder = shared_data(folder_name);
  if (!folder)
    return;
  int count = 0, passed = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder)) {
    const auto path = entry.path().string();
    if (!path.ends_with(".meta.json"))
      continue;
    const auto meta = Json::parse(read_file(path));
    if (std::ranges::find(kinds, meta["kind"].get<std::string>()) == kinds.end())
      continue;
    const auto body = read_file(path.substr(0, path.size() - 10) + ".body");
    const auto wrong = check(meta, body);
    if (wrong == "does not count")
      continue;
    INFO(meta["name"].get<std::string>() << wrong);
    CHECK(wrong.empty());
    ++count;
    passed += wrong.empty() ? 1 : 0;
  }
  std::cout << what << ": " << passed << " of " << count << '\n';
  CHECK(count > 0);
}

/// The same object with its members in another order, what is not ASCII escaped, white space if
/// indented, a member that nobody knows and an error that is none.
inline std::string varied(const std::string& text, int indent)
{
  auto value = Json::parse(text, nullptr, false);
  if (!value.is_object())
    return text;
  value["a member"] = {{"error", "none"}, {"choices", {{{"message", {{"content", "no"}}}}}}};
  if (!value.contains("error"))
    value["error"] = {{"message", ""}, {"type", ""}, {"code", nullptr}};
  return value.dump(indent, ' ', true, Json::error_handler_t::replace);
}

/// The same for each line of JSON; comments between the events.
inline std::string varied_stream(const std::string& body, bool is_sse)
{
  std::string varied_body;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = std::min(body.find('\n', at), body.size());
    auto line = body.substr(at, end - at);
    const auto json = std::min(is_sse ? line.find('{') : 0, line.size());
    if (!is_sse || line.starts_with("data:"))
      line = line.substr(0, json) + varied(line.substr(json), -1);
    varied_body += line;
    if (end < body.size())
      varied_body += is_sse && line.empty() ? "\n: comment\n" : "\n";
    at = end + 1;
  }
  return varied_body;
}

}  // namespace support
