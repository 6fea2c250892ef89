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

}  // namespace support
