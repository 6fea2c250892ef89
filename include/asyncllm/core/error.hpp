// The one exception type of the library, with everything that is known about the failure.
#pragma once

#include <asyncllm/core/detail/mask.hpp>
#include <asyncllm/core/error_kind.hpp>
#include <asyncllm/core/export.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace asyncllm::inline v0_1 {

/// Thrown by everything in this library that can fail. `what()` is one line of a few KiB at most,
/// without control characters: the kind, what happened and where, and what to do about it. `code()`
/// is the kind in the category "asyncllm", so that `error.code() == std::errc::timed_out` works.
/// Copying never throws. No text contains an API key or the user information of a URL.
class ASYNCLLM_EXPORT Error : public std::system_error {
 public:
  Error(ErrorKind kind, std::string message)
      : std::system_error(make_error_code(kind)), details_(std::make_shared<Details>())
  {
    details_->what.append(to_string(kind)).append(": ");
    details_->message_at = details_->what.size();
    append_line(details_->what, message);
  }

  ErrorKind kind() const noexcept { return static_cast<ErrorKind>(code().value()); }
  const char* what() const noexcept override { return details_->what.c_str(); }
  /// `what()` without the kind in front.
  std::string_view message() const noexcept
  {
    return std::string_view(details_->what).substr(details_->message_at);
  }

  /// 0: there was no answer.
  int http_status() const noexcept { return details_->http_status; }
  /// What the server said: its message, code, type and parameter name; empty if it sent none.
  const std::string& server_message() const noexcept { return details_->server_message; }
  const std::string& server_code() const noexcept { return details_->server_code; }
  const std::string& server_type() const noexcept { return details_->server_type; }
  const std::string& server_param() const noexcept { return details_->server_param; }
  const std::string& request_id() const noexcept { return details_->request_id; }
  /// How long the server asked to wait, if it did.
  std::optional<std::chrono::milliseconds> retry_after() const noexcept
  {
    return details_->retry_after;
  }
  /// How often the request was sent; 0: never.
  int attempts() const noexcept { return details_->attempts; }
  /// Whether the same call may succeed later.
  bool retryable() const noexcept { return details_->retryable.value_or(retryable_kind(kind())); }
  /// Which timeout expired, when the kind is `timeout`.
  Timeout timeout() const noexcept { return details_->timeout; }
  /// The text of the answer up to the failure.
  const std::string& partial_text() const noexcept { return details_->partial_text; }
  /// The tokens of answers that were complete, but not usable; else 0.
  std::int64_t input_tokens() const noexcept { return details_->input_tokens; }
  std::int64_t output_tokens() const noexcept { return details_->output_tokens; }
  /// The raw body of the answer, at most 64 KiB of it.
  const std::string& body() const noexcept { return details_->body; }

  Error& with_http_status(int status) { return set(&Details::http_status, status); }
  Error& with_server_message(std::string t) { return set(&Details::server_message, std::move(t)); }
  Error& with_server_code(std::string text) { return set(&Details::server_code, std::move(text)); }
  Error& with_server_type(std::string text) { return set(&Details::server_type, std::move(text)); }
  Error& with_server_param(std::string text)
  {
    return set(&Details::server_param, std::move(text));
  }
  Error& with_request_id(std::string id) { return set(&Details::request_id, std::move(id)); }
  Error& with_retry_after(std::chrono::milliseconds d) { return set(&Details::retry_after, d); }
  Error& with_attempts(int count) { return set(&Details::attempts, count); }
  Error& with_retryable(bool value) { return set(&Details::retryable, value); }
  Error& with_timeout(Timeout timeout) { return set(&Details::timeout, timeout); }
  Error& with_partial_text(std::string text)
  {
    return set(&Details::partial_text, std::move(text));
  }
  Error& with_tokens(std::int64_t input, std::int64_t output)
  {
    auto& details = own();
    details.input_tokens = input;
    details.output_tokens = output;
    return *this;
  }
  Error& with_body(std::string_view raw)
  {
    return set(&Details::body, std::string(raw.substr(0, 64 * 1024)));
  }
  /// Replaces `secret` by *** in every text, and so any eight consecutive characters of it: texts
  /// are cut, and servers shorten keys. In `partial_text`, which is what a model wrote and is never
  /// cut, only the whole secret is replaced. A secret of less than four characters is ignored.
  Error& mask(std::string_view secret)
  {
    if (secret.size() < 4)
      return *this;
    auto& d = own();
    for (auto* const text :
         {&d.what,
          &d.server_message,
          &d.server_code,
          &d.server_type,
          &d.server_param,
          &d.request_id,
          &d.body})
      detail::mask_fragments(*text, secret, 8);
    detail::mask_fragments(d.partial_text, secret, secret.size());
    return *this;
  }
  /// Adds advice at the end of `what()`, after "; ".
  Error& with_hint(std::string_view advice)
  {
    append_line(own().what.append("; "), advice);
    return *this;
  }

 private:
  struct Details {
    std::string what;
    std::size_t message_at = 0;
    int http_status = 0;
    std::string server_message, server_code, server_type, server_param, request_id;
    std::optional<std::chrono::milliseconds> retry_after;
    int attempts = 0;
    std::int64_t input_tokens = 0, output_tokens = 0;
    std::optional<bool> retryable;
    Timeout timeout = Timeout::none;
    std::string partial_text, body;
  };

  static bool retryable_kind(ErrorKind kind) noexcept
  {
    switch (kind) {
      case ErrorKind::rate_limited:
      case ErrorKind::overloaded:
      case ErrorKind::server_error:
      case ErrorKind::resolve_failed:
      case ErrorKind::connect_failed:
      case ErrorKind::connection_lost:
      case ErrorKind::timeout:
      case ErrorKind::incomplete: return true;
      default: return false;
    }
  }

  // A line that a terminal shows as it is: without control characters, and not endless.
  static void append_line(std::string& line, std::string_view text)
  {
    constexpr std::size_t longest = 4096;
    const auto begin = line.size();
    line += text.substr(0, longest);
    for (auto at = begin; at < line.size(); ++at)
      if (static_cast<unsigned char>(line[at]) < ' ' || line[at] == '\x7f')
        line[at] = ' ';
    if (text.size() > longest)
      line += "...";
  }

  Details& own()  // a copy of this error keeps what it had
  {
    if (details_.use_count() > 1)
      details_ = std::make_shared<Details>(*details_);
    return *details_;
  }

  template <class Member, class Value>
  Error& set(Member Details::* member, Value&& value)
  {
    own().*member = std::forward<Value>(value);
    return *this;
  }

  std::shared_ptr<Details> details_;
};

}  // namespace asyncllm
