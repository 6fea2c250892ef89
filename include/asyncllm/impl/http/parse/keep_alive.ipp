#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/http/parse/keep_alive.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace asyncllm::inline v0_1::http {
namespace {

constexpr std::chrono::milliseconds longest_idle_time = std::chrono::seconds(60);

// The number of `name=` in a list like "timeout=5, max=100".
std::optional<int> parameter(std::string_view list, std::string_view name)
{
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto item = detail::trim(list.substr(0, comma));
    const auto equals = item.find('=');
    int number = 0;
    if (equals != item.npos &&
        detail::equal_ignoring_case(detail::trim(item.substr(0, equals)), name)) {
      const auto digits = detail::trim(item.substr(equals + 1), " \t\"");
      if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc())
        return number;
    }
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::milliseconds> idle_time(const HeaderList& headers, int requests)
{
  const auto keep_alive = headers.find("Keep-Alive");
  if (!keep_alive)
    return longest_idle_time;
  if (const auto max = parameter(*keep_alive, "max"); max && requests >= *max)
    return std::nullopt;
  const auto timeout = parameter(*keep_alive, "timeout");
  if (!timeout)
    return longest_idle_time;
  if (*timeout <= 0)
    return std::nullopt;
  return std::min(longest_idle_time, std::chrono::milliseconds(std::min(*timeout, 3600) * 900));
}

}  // namespace asyncllm::http
