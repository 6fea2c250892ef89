// Replies on OpenAI's wire, written down by what matters in them.
#pragma once

#include <asyncllm/model/reply.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace support::forms {

/// A whole reply from this body.
asyncllm::Reply whole(std::string body);

/// The reply of a stream of these chunks and [DONE], which must be the same in pieces of 1 and 7
/// bytes.
asyncllm::Reply streamed(const std::vector<std::string>& chunks);

/// A whole reply whose message has these members.
std::string message(std::string_view members, std::string_view finish);

/// A chunk whose delta has these members.
std::string delta(std::string_view members, std::string_view finish = {});

/// The member `tool_calls` with one call of index 0, by the members of its function.
std::string call(std::string_view function);

/// The calls of a reply, each as its name, its arguments and a space.
std::string calls_of(const asyncllm::Reply& reply);

}  // namespace support::forms
