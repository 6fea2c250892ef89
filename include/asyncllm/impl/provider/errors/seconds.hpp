// Times to wait, as servers write them.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

/// Practically never.
inline constexpr std::chrono::milliseconds longest_wait = std::chrono::hours(24 * 365);

/// "1.5" as seconds, at most a year; nothing for a negative number or other text.
std::optional<std::chrono::milliseconds> seconds(std::string_view text);

}  // namespace asyncllm::provider
