// The few ASCII helpers that several rooms need; locale plays no part.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::detail {

constexpr char to_lower(char c) noexcept
{
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

inline std::string to_lower(std::string_view text)
{
  std::string lower(text);
  for (auto& c : lower)
    c = to_lower(c);
  return lower;
}

constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept
{
  if (a.size() != b.size())
    return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (to_lower(a[i]) != to_lower(b[i]))
      return false;
  return true;
}

/// `text` without the characters of `set` at either end.
constexpr std::string_view trim(std::string_view text, std::string_view set = " \t\r\n") noexcept
{
  const auto first = text.find_first_not_of(set);
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(set) - first + 1);
}

/// `text` without white space at its ends, and without the quotes around it that env files and
/// shells leave there.
constexpr std::string_view unquoted(std::string_view text) noexcept
{
  text = trim(text);
  const bool is_quoted = text.size() >= 2 && text.front() == text.back() &&
                         (text.front() == '"' || text.front() == '\'');
  return is_quoted ? trim(text.substr(1, text.size() - 2)) : text;
}

/// Appends to a text that is to end at `limit`. A string doubles its memory, beyond the limit too,
/// and needs the old one at the same time: here both together stay below twice the limit.
inline void append_below(std::string& text, std::string_view more, std::size_t limit)
{
  if (const auto size = text.size() + more.size(); size > text.capacity()) {
    const auto doubled = 2 * text.capacity() < limit ? 2 * text.capacity() : limit;
    std::string larger;
    larger.reserve(size < doubled ? doubled : size);
    larger.append(text);
    text.swap(larger);
  }
  text.append(more);
}

inline constexpr auto token_characters = [] {
  std::array<bool, 256> allowed{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"))
    allowed[static_cast<unsigned char>(c)] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c)
    allowed[c] = allowed[c - 'a' + 'A'] = true;
  return allowed;
}();

/// Whether `name` can be the name of a field: a token of RFC 9110, 5.6.2.
inline bool is_token(std::string_view name) noexcept
{
  for (const char c : name)
    if (!token_characters[static_cast<unsigned char>(c)])
      return false;
  return !name.empty();
}

}  // namespace asyncllm::detail
