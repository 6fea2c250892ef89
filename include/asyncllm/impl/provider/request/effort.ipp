#include <asyncllm/impl/provider/request/effort.hpp>

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace asyncllm::inline v0_1::provider {
namespace {

constexpr std::string_view effort_scale[] = {
    "none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra"};

// Its place on the scale.
std::optional<int> rank_of(std::string_view level)
{
  const auto found = std::ranges::find(effort_scale, level);
  if (found == std::end(effort_scale))
    return std::nullopt;
  return static_cast<int>(found - std::begin(effort_scale));
}

}  // namespace

std::string nearest_effort(const std::string& effort, std::string_view levels)
{
  const auto wanted = rank_of(effort);
  if (!wanted)
    return effort;
  constexpr int far = 100;  // from none to anything else, and back
  std::string_view nearest = effort;
  int least = 2 * far;
  while (!levels.empty()) {
    const auto level = levels.substr(0, levels.find(' '));
    levels.remove_prefix(std::min(level.size() + 1, levels.size()));
    const int rank = rank_of(level).value_or(0);
    const int distance = std::abs(rank - *wanted) + ((rank == 0) == (*wanted == 0) ? 0 : far);
    if (distance < least) {
      least = distance;
      nearest = level;
    }
  }
  return std::string(nearest);
}

}  // namespace asyncllm::provider
