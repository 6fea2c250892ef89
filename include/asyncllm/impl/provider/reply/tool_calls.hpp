// Tool calls: how servers send them, and how a caller can use them.
#pragma once

#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/model/reply.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

/// A call, or a fragment of one, as sent. The views are valid until the reader's next text.
struct ToolCallFields {
  std::optional<std::int64_t> index;
  std::string_view id, name, arguments;  ///< arguments: JSON text, or a piece of it
  std::string_view extra;                ///< JSON text, or empty

  /// Some servers send an empty form of every member.
  bool is_empty() const noexcept { return id.empty() && name.empty() && arguments.empty(); }
  ToolCall call() const
  {
    return {std::string(id), std::string(name), std::string(arguments), std::string(extra)};
  }
};

/// Reads `{"index", "id", "function": {"name", "arguments"}, "extra_content"}`, also with name and
/// arguments beside the id, and OpenAI's `custom` calls, whose input is a string. Null is an empty
/// call. Arguments that are not a string are kept as the JSON that they are.
ToolCallFields read_tool_call(json::Value value, const json::Reader& reader);

/// The arguments of a call as JSON text: those in a string, or any other JSON as it is; "" for
/// null.
std::string_view arguments_text(json::Value value);

/// Reads the `{"name", "arguments"}` of a call, or of OpenAI's former `function_call`.
void read_function(json::Value function, const json::Reader& reader, ToolCallFields& fields);

/// Calls `take` with the fields of each call in `value`: a list of calls, or one alone. Null is
/// none.
template <class Take>
void for_each_tool_call(json::Value value, const json::Reader& reader, Take&& take)
{
  if (json::is_array(value)) {
    for (json::Value call : value.get_array())
      take(read_tool_call(call, reader));
  } else if (!value.is_null()) {
    take(read_tool_call(value, reader));
  }
}

/// Makes `arguments` the JSON text that a tool takes: "", null and white space mean a call without
/// arguments, {}; some servers send an empty object before the real one. Returns false when the
/// result is not JSON.
bool normalize_arguments(std::string& arguments);

/// Puts the calls of a whole reply in order. A call that was cut, by the limit on tokens or by a
/// filter, is removed. Any other call without a name or without valid arguments is an error: a
/// program that runs tools must know. If there are calls, the reason `stop` becomes `tool_calls`.
/// Throws `Error{incomplete}`.
void settle_tool_calls(Reply& reply);

}  // namespace asyncllm::provider
