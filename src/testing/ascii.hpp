// Header names and values compare without regard to case.
#pragma once
#include <algorithm>
#include <string_view>

namespace asyncllm::testing {

constexpr bool same_ignoring_case(std::string_view a, std::string_view b)
{
  constexpr auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : +c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace asyncllm::testing
