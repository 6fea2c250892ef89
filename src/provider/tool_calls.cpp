#include "provider/tool_calls.hpp"

#include <asyncllm/core/error.hpp>
#include <asyncllm/core/text.hpp>

#include "json/syntax.hpp"
#include "provider/finish_reasons.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace asyncllm::provider {

bool normalize_arguments(std::string& arguments)
{
  auto text = trim(arguments);
  for (auto rest = text; rest.starts_with("{}");) {
    rest = trim(rest.substr(2));
    if (rest.starts_with('{'))
      text = rest;
  }
  if (text.empty() || text == "null")
    arguments = "{}";
  else if (text.size() < arguments.size())
    arguments = std::string(text);
  return json::is_json(arguments);
}

void settle_tool_calls(Reply& reply)
{
  auto& calls = reply.tool_calls;
  if (calls.empty())
    return;
  const bool was_cut = is_cut(reply.finish_reason);
  // The last one may have been cut before its arguments began.
  if (was_cut && !calls.back().name.empty() && trim(calls.back().arguments).empty())
    calls.pop_back();
  // Some servers send an empty form of everything that they could have sent.
  std::erase_if(calls, [](const ToolCall& call) {
    return call.name.empty() && trim(call.arguments).empty();
  });
  std::erase_if(calls, [&](ToolCall& call) {
    const bool is_usable = normalize_arguments(call.arguments) && !call.name.empty();
    if (!is_usable && !was_cut)
      throw Error(
          ErrorKind::incomplete,
          call.name.empty()
              ? "the model called a tool without a name"
              : "the model called the tool \"" + call.name + "\" with arguments that are not JSON")
          .with_partial_text(reply.text);
    return !is_usable;
  });
  if (!calls.empty() && reply.finish_reason == FinishReason::stop)
    reply.finish_reason = FinishReason::tool_calls;
}

}  // namespace asyncllm::provider
