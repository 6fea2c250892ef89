// The few ASCII helpers that several rooms need; locale plays no part.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace asyncllm {

constexpr char to_lower(char c) noexcept
{
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

inline std::string to_lower(std::string_view text)
{
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return to_lower(c); });
  return lower;
}

constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept
{
  return std::ranges::equal(a, b, [](char x, char y) { return to_lower(x) == to_lower(y); });
}

/// `text` without the characters of `set` at either end.
constexpr std::string_view trim(std::string_view text, std::string_view set = " \t\r\n") noexcept
{
  const auto first = text.find_first_not_of(set);
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(set) - first + 1);
}

}  // namespace asyncllm
