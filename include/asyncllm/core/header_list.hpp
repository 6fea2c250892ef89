// HTTP header fields in the order they came; names are compared without regard to case.
#pragma once

#include <asyncllm/core/text.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncllm {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// Whether `name` can be the name of a field: a token of RFC 9110, 5.6.2.
inline bool is_token(std::string_view name) noexcept
{
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           marks.find(c) != marks.npos;
  });
}

/// The value of the first field of that name, if there is one.
inline std::optional<std::string_view> find_header(const HeaderList& headers, std::string_view name)
{
  for (const auto& [field, value] : headers)
    if (equal_ignoring_case(field, name))
      return value;
  return std::nullopt;
}

}  // namespace asyncllm
