// The finish reasons of servers.
#pragma once

#include <asyncllm/model/reply.hpp>

#include <string_view>

namespace asyncllm::inline v0_1::provider {

/// The reason for a server's word, in upper or lower case. `unknown` for "" and for words that are
/// not in the table.
FinishReason finish_reason(std::string_view word) noexcept;

/// False for what some servers send in every chunk of a stream instead of null: "", "null", "none",
/// "not_finished" and the like. A stream that ends with such a word broke off.
bool ends_reply(std::string_view word) noexcept;

/// The reason for a gateway's word and the word of the server behind it (OpenRouter's
/// `native_finish_reason`). Gateways write `stop` or `tool_calls` for endings that they do not
/// know: where the server's word names a failure, a filter or, beside `stop`, a limit, it counts
/// and becomes `word`.
FinishReason choose_finish(std::string_view& word, std::string_view native) noexcept;

/// Whether a reply with this reason ends before the model meant to end: its last tool call may be
/// cut.
constexpr bool is_cut(FinishReason reason) noexcept
{
  return reason == FinishReason::length || reason == FinishReason::content_filter ||
         reason == FinishReason::refusal;
}

}  // namespace asyncllm::provider
