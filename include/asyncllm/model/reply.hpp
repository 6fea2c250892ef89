// A whole answer of a model, with all that the server reported about it.
#pragma once

#include <asyncllm/core/detail/boxed.hpp>
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

/// Token counts of the server. Counts from several events of a stream are combined; a later 0 does
/// not erase a count. They mean the same for each provider: Anthropic counts cached tokens apart,
/// here they are a part of the input.
struct Usage {
  bool reported = false;                 ///< false: the server sent no counts, the numbers are 0
  std::int64_t input_tokens = 0;         ///< all of them
  std::int64_t output_tokens = 0;        ///< reasoning included, as far as the server counts it
  std::int64_t cached_input_tokens = 0;  ///< of the input: read from the server's cache
  std::int64_t reasoning_tokens = 0;     ///< of the output
  std::int64_t cache_write_tokens = 0;   ///< of the input: written to the server's cache
};

namespace detail {

inline constexpr std::int64_t Usage::* usage_counts[] = {
    &Usage::input_tokens,
    &Usage::output_tokens,
    &Usage::cached_input_tokens,
    &Usage::reasoning_tokens,
    &Usage::cache_write_tokens};

}  // namespace detail

struct Timings {
  /// Measured by the library: from the call to the first bytes of content, and to the end.
  std::chrono::nanoseconds first_token{}, total{};
  /// Reported by Ollama and llama.cpp.
  std::optional<std::chrono::nanoseconds> load, prompt_eval, eval;
};

/// Why the model stopped. `tool_calls` also if the server says `stop` but there are calls. `error`:
/// the call fails with `ErrorKind::incomplete`, except when Ollama was asked only to load a model.
/// `unknown`: the server gave no reason, or one that is not known (such as Anthropic's pause_turn),
/// which is in `Reply::finish_reason_text`.
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

/// The probability of a token.
struct TokenProbability {
  std::string token;
  double logprob = 0;  ///< the natural logarithm of the probability
};

/// A token of an answer, and the alternatives to it.
struct TokenLogprob : TokenProbability {
  std::vector<TokenProbability> top;  ///< the likeliest first
};

/// What few programs need of a reply.
struct ReplyDetails {
  NativeTurn native;        ///< the reply in its provider's own form; often empty
  std::string annotations;  ///< a JSON array as the server sent it, such as citations; or empty
  std::string body;         ///< if `RequestOptions::keep_body` was set, and the answer was whole
};

/// A complete answer. An answer that broke off is an `Error` instead, with the text so far.
struct Reply {
  std::string text, reasoning, refusal;
  std::string reasoning_extra;  ///< JSON to send back with the reasoning, or empty
  /// In order. Each has a name, and arguments that are JSON ({} if there are none). Ids are the
  /// server's: they may be empty, or equal for two calls. A call that was cut, as finish_reason
  /// then says, is left out; any other call that is not usable is an `Error` of kind `incomplete`.
  std::vector<ToolCall> tool_calls;
  detail::Boxed<ReplyDetails> details;  ///< read them by `reply.details->body`
  std::vector<TokenLogprob> logprobs;   ///< if `RequestOptions::logprobs` was set
  FinishReason finish_reason = FinishReason::unknown;
  std::string finish_reason_text;  ///< the server's word for it; behind a gateway, the original one
  Usage usage;
  /// Ollama silently cuts a prompt that is longer than its context. True: this probably happened:
  /// the server counted as many tokens as `context_length` allows, or less than one for seven bytes
  /// of text. A small cut may go unnoticed. To be sure, use `RequestOptions::truncate(false)`: then
  /// a prompt that is too long is `Error{context_length_exceeded}`. Always false for other
  /// providers, which refuse such a prompt.
  bool prompt_may_be_cut = false;
  Timings timings;
  std::string model;       ///< the model that answered, as the server names it
  std::string id;          ///< the answer's own id, or empty
  std::string request_id;  ///< the server's id of the request, for support requests, or empty
  int attempts = 1;        ///< how often the request was sent
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
  message.with_reasoning(reply.reasoning, reply.reasoning_extra).with_native(reply.details->native);
  return message;
}

}  // namespace asyncllm
