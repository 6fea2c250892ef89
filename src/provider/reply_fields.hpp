// What the wires share in reading replies.
#pragma once

#include <asyncllm/model/reply.hpp>

#include "json/reader.hpp"
#include "provider/errors.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::provider {

/// Whether an `error` member is one. Null and "" are none, nor is an object of empty members, which
/// some gateways add to every answer.
bool is_error(json::Value value);

/// Whether MiniMax's base_resp says that there is no reply: {"status_code": 1008, "status_msg":
/// "..."} beside a status of 200 and choices of null.
bool is_refused(json::Value base_resp);

/// Appends a text that is a string, null, or an array of parts `{"type": "text", "text": ...}`.
/// Parts of type "thinking" go to `thinking`.
void append_content(json::Value value, std::string& text, std::string& thinking);

/// Appends tokens of the form `{"token", "logprob", "top_logprobs": [{"token", "logprob"}]}`;
/// anything but an array is none.
void append_logprobs(json::Value value, std::vector<TokenLogprob>& tokens);

/// Appends the elements of an array, as JSON text, to those that the JSON array `into` holds.
void append_array(json::Value value, std::string& into);

/// Adds a call of the form `{"id", "function": {"name", "arguments"}}`, whose arguments are a
/// string of JSON or JSON itself, as it stands there: see `settle_tool_calls`.
void add_tool_call(json::Value value, std::vector<ToolCall>& calls);

/// Reads the `{"name", "arguments"}` of a call, or of OpenAI's former `function_call`.
void read_function(json::Value function, ToolCall& call);

/// `json::read_object` for the body of an answer, which may be an error in another form.
template <class Read>
void read_answer(json::Reader& reader, std::string& body, Read&& read)
{
  try {
    json::read_object(reader, body, read);
  } catch (const Error& error) {
    throw error_behind(error, body);
  }
}
template <class Read>
void read_answer(std::string& body, Read&& read)
{
  json::Reader reader;
  read_answer(reader, body, read);
}

/// The `name` of each object in the array `list` of the object `body`; a null list is empty.
std::vector<std::string> read_names(
    std::string& body, std::string_view list, std::string_view name);

}  // namespace asyncllm::provider
