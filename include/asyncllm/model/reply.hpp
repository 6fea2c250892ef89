// A whole answer of a model, with all that the server reported about it.
#pragma once

#include <asyncllm/core/header_list.hpp>
#include <asyncllm/model/message.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1 {

/// Tokens as the server counted them. Counts that come in several events of a stream are put
/// together; a later 0 takes none back. On Anthropic's wire input_tokens does not include the
/// cached ones, on the others it does.
struct Usage {
  bool reported = false;  ///< false: the server sent no counts, the numbers are 0
  std::int64_t input_tokens = 0, output_tokens = 0, cached_input_tokens = 0, reasoning_tokens = 0;
};

struct Timings {
  /// Measured here, from the call: until the first bytes of the answer's content, and until its
  /// end.
  std::chrono::nanoseconds first_token{}, total{};
  /// Reported by Ollama and llama.cpp.
  std::optional<std::chrono::nanoseconds> load, prompt_eval, eval;
};

/// Why the model stopped. `tool_calls` also where a server says `stop` and there are calls.
/// `error`: the call fails with `ErrorKind::incomplete` instead of a reply, except where Ollama was
/// asked only to load a model. `unknown`: the server said nothing, or a word that is not known
/// (such as Anthropic's pause_turn), which is in `Reply::finish_reason_text`.
enum class FinishReason { stop, length, tool_calls, content_filter, refusal, error, unknown };

constexpr std::string_view to_string(FinishReason reason) noexcept
{
  switch (reason) {
    case FinishReason::stop: return "stop";
    case FinishReason::length: return "length";
    case FinishReason::tool_calls: return "tool_calls";
    case FinishReason::content_filter: return "content_filter";
    case FinishReason::refusal: return "refusal";
    case FinishReason::error: return "error";
    case FinishReason::unknown: return "unknown";
  }
  return "unknown";
}

/// How likely the model found a token.
struct TokenProbability {
  std::string token;
  double logprob = 0;  ///< the natural logarithm of the probability
};

/// A token of an answer, and what the model could have written in its place.
struct TokenLogprob : TokenProbability {
  std::vector<TokenProbability> top;  ///< the likeliest first
};

/// A complete answer. What broke off is never one: it is an `Error` with the text so far.
struct Reply {
  std::string text, reasoning, refusal;
  std::string reasoning_extra;  ///< JSON that the provider wants back with the reasoning, or empty
  /// In their order. Each has a name and arguments that are JSON, {} for none. Ids are the
  /// server's: they may be empty, or the same for two calls. A call that was cut, as finish_reason
  /// then says, is left out; any other that cannot be made is an `Error` of kind `incomplete`.
  std::vector<ToolCall> tool_calls;
  std::vector<TokenLogprob> logprobs;  ///< where asked for by `RequestOptions::logprobs`
  FinishReason finish_reason = FinishReason::unknown;
  std::string finish_reason_text;  ///< the server's word; behind a gateway, the one that counts
  Usage usage;
  /// Ollama cuts a prompt that is longer than its context, and answers what is left, without a
  /// word. True: it looks like that here: it read as many tokens as `context_length` allows, or far
  /// fewer than the texts sent make up, a token for more than seven bytes. It may be otherwise, and
  /// a prompt that was cut a little may not be noticed. `RequestOptions::truncate(false)` makes
  /// sure: a prompt that is too long is `Error{context_length_exceeded}` then. False on all other
  /// wires, whose servers refuse such a prompt by themselves.
  bool prompt_may_be_cut = false;
  Timings timings;
  std::string model;       ///< the model that answered, as the server names it
  std::string id;          ///< the answer's own id, or empty
  std::string request_id;  ///< the server's id of the request, for a support mail, or empty
  int attempts = 1;        ///< how often the request was tried
  HeaderList headers;      ///< of the answer: x-ratelimit-* and the like
};

/// Prints the reply's text.
inline std::ostream& operator<<(std::ostream& out, const Reply& reply)
{
  return out << reply.text;
}

inline Message Message::assistant(const Reply& reply)
{
  auto message = assistant(reply.text, reply.tool_calls);
  message.with_reasoning(reply.reasoning, reply.reasoning_extra);
  return message;
}

}  // namespace asyncllm
