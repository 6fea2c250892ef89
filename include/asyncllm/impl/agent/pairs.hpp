// Calls of tools and their results, which APIs accept in pairs only.
#pragma once

#include <asyncllm/model/message.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace asyncllm::inline v0_1::detail {

struct UnpairedMessage {
  std::size_t index = 0;
  std::string what;
};

/// The first message that breaks the rule: each call has exactly one result, behind its message,
/// before any other message. Nothing where all keep to it. `may_wait`: the calls of the last
/// message need no results yet.
std::optional<UnpairedMessage> unpaired(const Messages& messages, bool may_wait = false);

}  // namespace asyncllm::detail
