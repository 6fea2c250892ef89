// The options of one call.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/core/export.hpp>
#include <asyncllm/core/header_list.hpp>
#include <asyncllm/model/parameters.hpp>
#include <asyncllm/options/retry_policy.hpp>
#include <asyncllm/options/timeouts.hpp>

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace asyncllm::inline v0_1 {

/// The options of one call. What is not set here is taken from the agent (`Builder::with_options`).
/// What is not set there either is not sent, so the server's default applies. Values are checked
/// when the call is awaited, before any I/O.
class ASYNCLLM_EXPORT RequestOptions {
 public:
  RequestOptions() = default;

  /// Randomness of the answer, 0 to 2.
  RequestOptions& temperature(double value)
  {
    return set_parameter(parameters_.temperature, value);
  }
  /// Longest answer in tokens, at least 1.
  RequestOptions& max_tokens(int count) { return set_parameter(parameters_.max_tokens, count); }
  /// Nucleus sampling: only the likeliest tokens whose probabilities add up to this, 0 to 1.
  RequestOptions& top_p(double value) { return set_parameter(parameters_.top_p, value); }
  /// Only this many of the likeliest tokens. Not sent to hosts that do not have it, such as OpenAI.
  RequestOptions& top_k(int count) { return set_parameter(parameters_.top_k, count); }
  /// Only tokens at least this likely, relative to the likeliest, 0 to 1. Not sent where top_k is
  /// not.
  RequestOptions& min_p(double value) { return set_parameter(parameters_.min_p, value); }
  /// -2 to 2.
  RequestOptions& presence_penalty(double value)
  {
    return set_parameter(parameters_.presence_penalty, value);
  }
  /// -2 to 2.
  RequestOptions& frequency_penalty(double value)
  {
    return set_parameter(parameters_.frequency_penalty, value);
  }
  /// Makes the answer repeatable, as far as the server supports it.
  RequestOptions& seed(std::int64_t value) { return set_parameter(parameters_.seed, value); }
  /// Adds a text that ends the answer where it would appear. `Error{unsupported}` by Responses.
  RequestOptions& stop(std::string text)
  {
    parameters_.stop.push_back(std::move(text));
    has_parameters_ = true;
    return *this;
  }
  /// Asks for the probabilities of the answer's tokens, with this many alternatives for each, 0 to
  /// 20: `Reply::logprobs`. `Error{unsupported}` at providers without them.
  RequestOptions& logprobs(int top) { return set_parameter(parameters_.logprobs, top); }
  /// Whether the model reasons before it answers, where that can be set. Sent in the form of each
  /// host; where that is `effort` alone, true is "medium" and false is "none", or the nearest.
  RequestOptions& think(bool value) { return set_parameter(parameters_.think, value); }
  /// How much it reasons: "none", "minimal", "low", "medium", "high", "xhigh", "max". A level that
  /// the host does not have becomes its nearest one, the lower of two; only "none" becomes "none".
  /// Another word is sent as it is.
  RequestOptions& effort(std::string level)
  {
    return set_text(parameters_.effort, std::move(level));
  }
  /// Anthropic: the most tokens to reason with, at least 1; `max_tokens` must be larger.
  RequestOptions& thinking_budget(int tokens)
  {
    return set_parameter(parameters_.thinking_budget, tokens);
  }
  /// What becomes of `<think>...</think>` at the beginning of the text. Default: `split` at the
  /// hosts of open models (docs/providers.md), `keep` elsewhere and for bare prompts.
  RequestOptions& think_tags(ThinkTags treatment)
  {
    return set_parameter(parameters_.think_tags, treatment);
  }
  /// Ollama: how long the model stays loaded afterwards; 0 unloads it, a negative time keeps it
  /// forever.
  RequestOptions& keep_alive(std::chrono::seconds time)
  {
    return set_parameter(parameters_.keep_alive, time);
  }
  /// Ollama's num_ctx: tokens of prompt and answer together. Keep it constant: the server reloads
  /// the model when it changes.
  RequestOptions& context_length(int tokens)
  {
    return set_parameter(parameters_.context_length, tokens);
  }
  /// Ollama: with false, a prompt or a text to embed that is too long is an error,
  /// `context_length_exceeded`. Otherwise the server cuts it silently
  /// (`Reply::prompt_may_be_cut`).
  RequestOptions& truncate(bool value) { return set_parameter(parameters_.truncate, value); }
  /// Replaces invalid UTF-8 in texts by U+FFFD. Otherwise such a text is `Error{invalid_argument}`.
  RequestOptions& replace_invalid_utf8(bool value)
  {
    return set_parameter(parameters_.replace_invalid_utf8, value);
  }
  /// Adds a tool that the model may call: `Reply::tool_calls`. Tools that are set for a call
  /// replace those of the agent.
  RequestOptions& tool(ToolDefinition definition)
  {
    parameters_.tools.push_back(std::move(definition));
    has_parameters_ = true;
    return *this;
  }
  /// Whether the model may, must or must not call a tool. `Error{unsupported}` where a host cannot
  /// force a call: Ollama, and Anthropic while the model thinks.
  RequestOptions& tool_choice(ToolChoice choice)
  {
    return set_parameter(parameters_.tool_choice, std::move(choice));
  }
  /// Whether one reply may hold several calls. Not sent to Ollama, which has no such setting.
  RequestOptions& parallel_tools(bool value)
  {
    return set_parameter(parameters_.parallel_tools, value);
  }
  /// The JSON schema that the text of the answer follows, as far as the server keeps to it: check
  /// the text. `name`: 1 to 64 letters, digits, _ and -.
  RequestOptions& answer_schema(std::string json_schema, std::string name = "answer")
  {
    parameters_.answer_name = std::move(name);
    return set_text(parameters_.answer_schema, std::move(json_schema));
  }
  /// The text of the answer is a JSON object of any form, which the prompt asks for. An
  /// `answer_schema` wins. `Error{unsupported}` by Anthropic's API.
  RequestOptions& json_mode(bool value) { return set_parameter(parameters_.json_mode, value); }
  /// How long the answer is: "low", "medium", "high". For OpenAI's newer models.
  RequestOptions& verbosity(std::string level)
  {
    return set_text(parameters_.verbosity, std::move(level));
  }
  /// The same for requests that begin alike, so that the server finds their beginning in its cache.
  /// For OpenAI.
  RequestOptions& cache_key(std::string key)
  {
    return set_text(parameters_.cache_key, std::move(key));
  }
  /// "auto", "flex", "priority" or another tier of the host.
  RequestOptions& service_tier(std::string tier)
  {
    return set_text(parameters_.service_tier, std::move(tier));
  }
  /// Whether the server keeps the reply for its owner to look at. For OpenAI. By Responses false is
  /// sent if it is not set.
  RequestOptions& store(bool value) { return set_parameter(parameters_.store, value); }
  /// Any other members of the request's body, as a JSON object or its text. They are merged last,
  /// so they override everything else. Members keep their order; a `nlohmann::json` has sorted them
  /// already.
  RequestOptions& extra(const nlohmann::ordered_json& fields);

  /// Allows an empty message, which is `Error{invalid_argument}` otherwise.
  RequestOptions& allow_empty(bool value)
  {
    allow_empty_ = value;
    return *this;
  }
  /// Requests a stream even for a whole reply, and assembles it: some servers notice only while
  /// they stream that the client has gone.
  RequestOptions& wire_streaming(bool value) { return set(wire_streaming_, value); }
  /// Keeps the raw body of a whole reply: `ReplyDetails::body`.
  RequestOptions& keep_body(bool value) { return set(keep_body_, value); }
  /// When a call that failed is retried.
  RequestOptions& retries(RetryPolicy policy) { return set(retries_, policy); }
  /// Called before the wait for another attempt, on the executor of the call. What it throws ends
  /// the call.
  RequestOptions& on_retry(std::function<void(const Retry&)> hook)
  {
    on_retry_ = std::move(hook);
    return *this;
  }
  RequestOptions& timeouts(Timeouts limits) { return set(timeouts_, limits); }
  /// Adds a header field to the request. It replaces a field of this name that the library sets,
  /// such as User-Agent or Authorization; several fields of one name are all sent. When the call is
  /// awaited, Host, Content-Length, Transfer-Encoding and Connection are
  /// `Error{invalid_argument}`, and so is a value with a line end.
  RequestOptions& header(std::string_view name, std::string_view value)
  {
    headers_.emplace_back(name, value);
    return *this;
  }

  /// Takes over what `other` sets. Its header fields replace those of the same names.
  RequestOptions& override_with(const RequestOptions& other)
  {
    if (other.has_parameters_)
      parameters_.override_with(other.parameters_);
    has_parameters_ = has_parameters_ || other.has_parameters_;
    if (other.retries_)
      retries_ = other.retries_;
    if (other.on_retry_)
      on_retry_ = other.on_retry_;
    if (other.timeouts_)
      timeouts_ = other.timeouts_;
    if (other.allow_empty_)
      allow_empty_ = other.allow_empty_;
    if (other.wire_streaming_)
      wire_streaming_ = other.wire_streaming_;
    if (other.keep_body_)
      keep_body_ = other.keep_body_;
    headers_ = headers_.replaced_by(other.headers_);
    return *this;
  }

  /// Whether nothing is set.
  bool empty() const
  {
    return !has_parameters_ && !retries_ && !on_retry_ && !timeouts_ && !allow_empty_ &&
           !wire_streaming_ && !keep_body_ && headers_.empty();
  }
  /// Whether anything of `parameters()` is set.
  bool has_parameters() const noexcept { return has_parameters_; }
  const Parameters& parameters() const noexcept { return parameters_; }
  RetryPolicy retries() const { return retries_.value_or(RetryPolicy()); }
  const std::function<void(const Retry&)>& on_retry() const noexcept { return on_retry_; }
  Timeouts timeouts() const { return timeouts_.value_or(Timeouts()); }
  const HeaderList& headers() const noexcept { return headers_; }
  bool allows_empty() const noexcept { return allow_empty_.value_or(false); }
  bool wire_streaming() const noexcept { return wire_streaming_.value_or(false); }
  bool keep_body() const noexcept { return keep_body_.value_or(false); }

 private:
  template <class Value>
  RequestOptions& set(std::optional<Value>& option, Value value)
  {
    option = std::move(value);
    return *this;
  }
  RequestOptions& set_text(std::string& parameter, std::string text)
  {
    has_parameters_ = true;
    parameter = std::move(text);
    return *this;
  }
  template <class Value>
  RequestOptions& set_parameter(std::optional<Value>& option, Value value)
  {
    has_parameters_ = true;
    return set(option, std::move(value));
  }

  Parameters parameters_;
  bool has_parameters_ = false;
  std::optional<RetryPolicy> retries_;
  std::function<void(const Retry&)> on_retry_;
  std::optional<Timeouts> timeouts_;
  std::optional<bool> allow_empty_, wire_streaming_, keep_body_;
  HeaderList headers_;
};

}  // namespace asyncllm
