#include <asyncllm/impl/agent/pairs.hpp>

#include <algorithm>
#include <vector>

namespace asyncllm::inline v0_1::detail {

std::optional<UnpairedMessage> unpaired(const Messages& messages, bool may_wait)
{
  std::vector<std::string> open;  // the ids of calls that have no result yet
  std::size_t index = 0, caller = 0;
  const auto no_result = [&] {
    return UnpairedMessage{caller, "a call of a tool without its result"};
  };
  for (const auto& message : messages) {
    if (message.role() == Role::tool) {
      const auto at = std::find(open.begin(), open.end(), message.tool_call_id());
      if (at == open.end())
        return UnpairedMessage{index, "a tool result without its call"};
      open.erase(at);
    } else {
      if (!open.empty())
        return no_result();
      for (const auto& call : message.tool_calls())
        open.push_back(call.id);
      caller = index;
    }
    ++index;
  }
  const bool waits = may_wait && caller + 1 == index;
  if (!open.empty() && !waits)
    return no_result();
  return std::nullopt;
}

}  // namespace asyncllm::detail
