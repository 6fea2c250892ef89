// What one call may set for itself.
#pragma once

#include <asyncllm/core/header_list.hpp>
#include <asyncllm/http/timeouts.hpp>
#include <asyncllm/model/parameters.hpp>

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace asyncllm {

/// Options of one call. What is not set comes from the agent (`Builder::with_options`), then from
/// the server: nothing is sent that nobody set. Values are checked when the call is awaited, before
/// any I/O.
class RequestOptions {
 public:
  RequestOptions() = default;

  /// Randomness of the answer, 0 to 2.
  RequestOptions& temperature(double value) { return set(parameters_.temperature, value); }
  /// Longest answer in tokens, at least 1.
  RequestOptions& max_tokens(int count) { return set(parameters_.max_tokens, count); }
  /// Only the likeliest tokens that have this share together, 0 to 1.
  RequestOptions& top_p(double value) { return set(parameters_.top_p, value); }
  /// Only so many of the likeliest tokens. Not part of OpenAI's own API, but of many servers'.
  RequestOptions& top_k(int count) { return set(parameters_.top_k, count); }
  /// Only tokens at least this likely beside the likeliest, 0 to 1. Not part of OpenAI's own API.
  RequestOptions& min_p(double value) { return set(parameters_.min_p, value); }
  /// -2 to 2.
  RequestOptions& presence_penalty(double value)
  {
    return set(parameters_.presence_penalty, value);
  }
  /// -2 to 2.
  RequestOptions& frequency_penalty(double value)
  {
    return set(parameters_.frequency_penalty, value);
  }
  /// Makes the answer repeatable, as far as the server can.
  RequestOptions& seed(std::int64_t value) { return set(parameters_.seed, value); }
  /// One more text that ends the answer where it would appear.
  RequestOptions& stop(std::string text)
  {
    parameters_.stop.push_back(std::move(text));
    return *this;
  }
  /// Ollama: how long the model stays loaded afterwards; 0 unloads it, negative keeps it for ever.
  RequestOptions& keep_alive(std::chrono::seconds time)
  {
    return set(parameters_.keep_alive, time);
  }
  /// Ollama's num_ctx. A change makes the server load the model anew: keep it constant.
  RequestOptions& context_length(int tokens) { return set(parameters_.context_length, tokens); }
  /// Ollama: false makes a prompt that is too long an error instead of cutting it.
  RequestOptions& truncate(bool value) { return set(parameters_.truncate, value); }
  /// Any other fields of the request's body, a JSON object: merged last, so that it wins.
  RequestOptions& extra(const nlohmann::json& fields);

  /// Sends an empty message too, which is `Error{invalid_argument}` otherwise.
  RequestOptions& allow_empty(bool value)
  {
    allow_empty_ = value;
    return *this;
  }
  RequestOptions& timeouts(Timeouts clocks) { return set(timeouts_, clocks); }
  /// One more header field of the request.
  RequestOptions& header(std::string name, std::string value)
  {
    headers_.emplace_back(std::move(name), std::move(value));
    return *this;
  }

  /// Takes what `other` sets. Header fields of both are sent.
  RequestOptions& override_with(const RequestOptions& other)
  {
    parameters_.override_with(other.parameters_);
    if (other.timeouts_)
      timeouts_ = other.timeouts_;
    if (other.allow_empty_)
      allow_empty_ = other.allow_empty_;
    headers_.insert(headers_.end(), other.headers_.begin(), other.headers_.end());
    return *this;
  }

  const Parameters& parameters() const noexcept { return parameters_; }
  Timeouts timeouts() const { return timeouts_.value_or(Timeouts()); }
  const HeaderList& headers() const noexcept { return headers_; }
  bool allows_empty() const noexcept { return allow_empty_.value_or(false); }

 private:
  template <class Value>
  RequestOptions& set(std::optional<Value>& option, Value value)
  {
    option = std::move(value);
    return *this;
  }

  Parameters parameters_;
  std::optional<Timeouts> timeouts_;
  std::optional<bool> allow_empty_;
  HeaderList headers_;
};

}  // namespace asyncllm
