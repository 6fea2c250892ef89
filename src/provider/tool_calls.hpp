// Tool calls as servers send them, and as a caller can use them.
#pragma once

#include <asyncllm/model/reply.hpp>

#include <string>

namespace asyncllm::provider {

/// Makes `arguments` the JSON text that a tool takes: "", null and white space mean a call without
/// arguments, {}; an empty object in front of another one is a start that some servers send first.
/// Returns false when the result is not JSON.
bool normalize_arguments(std::string& arguments);

/// Puts the calls of a whole reply in order. A call that was cut, by the limit on tokens
/// or by a filter, is removed.
/// Any other call that cannot be made, for want of a name or of valid arguments, is an error: who
/// runs tools must learn of it. Calls beside the reason `stop` make it `tool_calls`. Throws
/// `Error{incomplete}`.
void settle_tool_calls(Reply& reply);

}  // namespace asyncllm::provider
