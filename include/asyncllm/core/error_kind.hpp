// What can go wrong, as one enumeration, and its place among the standard's error codes.
#pragma once

#include <asyncllm/core/export.hpp>

#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace asyncllm::inline v0_1 {

/// What went wrong. docs/errors.md has the cause of each kind and what to do.
enum class ErrorKind {
  invalid_argument = 1,     ///< the call itself is wrong; nothing was sent
  authentication,           ///< 401: no API key, or a wrong one
  permission_denied,        ///< 403: the key may not do this
  quota_exceeded,           ///< 402, or 429 with a billing code: retrying does not help
  model_not_found,          ///< the server does not have the model
  not_found,                ///< 404: wrong path or base URL
  bad_request,              ///< 400: the server refused the request
  context_length_exceeded,  ///< the prompt does not fit the model's context
  content_filtered,         ///< the provider's content policy refused
  request_too_large,        ///< 413
  unprocessable,            ///< 422
  rate_limited,             ///< 429
  overloaded,               ///< 502, 503, 504, 529 and the like
  server_error,             ///< 500, 409 and other 5xx
  unsupported,              ///< the server or the model cannot do this
  resolve_failed,           ///< the host name has no address
  connect_failed,           ///< the connection was refused or not answered
  tls_failed,               ///< the TLS handshake or a certificate check failed
  connection_lost,          ///< the connection was lost before the answer began
  timeout,                  ///< a timeout expired: Error::timeout() says which
  incomplete,               ///< the answer broke off: Error::partial_text() is the text so far
  bad_response,             ///< the answer is not HTTP, not JSON, or not what the API sends
  response_too_large,       ///< the answer exceeds one of `Limits`
  cancelled,                ///< the caller cancelled
  tool_failed,              ///< a tool that the model called failed
  invalid_output,           ///< a text does not have the required form
  cut_off,                  ///< a limit on tokens ended an answer that had to be whole
  refused,                  ///< the model refused to answer
  limit_reached             ///< a limit of a run with tools was reached
};

/// The timeouts of a call; see `Timeouts`.
enum class Timeout { none, pool_wait, connect, write, first_byte, first_token, idle, total };

/// The enumerator's name, "model_not_found" for instance.
constexpr std::string_view to_string(ErrorKind kind) noexcept
{
  switch (kind) {
    case ErrorKind::invalid_argument: return "invalid_argument";
    case ErrorKind::authentication: return "authentication";
    case ErrorKind::permission_denied: return "permission_denied";
    case ErrorKind::quota_exceeded: return "quota_exceeded";
    case ErrorKind::model_not_found: return "model_not_found";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::bad_request: return "bad_request";
    case ErrorKind::context_length_exceeded: return "context_length_exceeded";
    case ErrorKind::content_filtered: return "content_filtered";
    case ErrorKind::request_too_large: return "request_too_large";
    case ErrorKind::unprocessable: return "unprocessable";
    case ErrorKind::rate_limited: return "rate_limited";
    case ErrorKind::overloaded: return "overloaded";
    case ErrorKind::server_error: return "server_error";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::resolve_failed: return "resolve_failed";
    case ErrorKind::connect_failed: return "connect_failed";
    case ErrorKind::tls_failed: return "tls_failed";
    case ErrorKind::connection_lost: return "connection_lost";
    case ErrorKind::timeout: return "timeout";
    case ErrorKind::incomplete: return "incomplete";
    case ErrorKind::bad_response: return "bad_response";
    case ErrorKind::response_too_large: return "response_too_large";
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::tool_failed: return "tool_failed";
    case ErrorKind::invalid_output: return "invalid_output";
    case ErrorKind::cut_off: return "cut_off";
    case ErrorKind::refused: return "refused";
    case ErrorKind::limit_reached: return "limit_reached";
  }
  return "unknown";
}

constexpr std::string_view to_string(Timeout timeout) noexcept
{
  switch (timeout) {
    case Timeout::none: return "none";
    case Timeout::pool_wait: return "pool_wait";
    case Timeout::connect: return "connect";
    case Timeout::write: return "write";
    case Timeout::first_byte: return "first_byte";
    case Timeout::first_token: return "first_token";
    case Timeout::idle: return "idle";
    case Timeout::total: return "total";
  }
  return "unknown";
}

namespace detail {

class ASYNCLLM_EXPORT ErrorCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "asyncllm"; }
  std::string message(int value) const override
  {
    return std::string(to_string(static_cast<ErrorKind>(value)));
  }
  std::error_condition default_error_condition(int value) const noexcept override
  {
    switch (static_cast<ErrorKind>(value)) {
      case ErrorKind::cancelled: return std::errc::operation_canceled;
      case ErrorKind::timeout: return std::errc::timed_out;
      case ErrorKind::invalid_argument: return std::errc::invalid_argument;
      default: return {value, *this};
    }
  }
};

}  // namespace detail

/// The category "asyncllm". `cancelled` is equivalent to `std::errc::operation_canceled`, `timeout`
/// to `std::errc::timed_out`, `invalid_argument` to `std::errc::invalid_argument`.
ASYNCLLM_EXPORT inline const std::error_category& error_category() noexcept
{
  static const detail::ErrorCategory category;
  return category;
}

inline std::error_code make_error_code(ErrorKind kind) noexcept
{
  return {static_cast<int>(kind), error_category()};
}

}  // namespace asyncllm

namespace std {

template <>
struct is_error_code_enum<asyncllm::ErrorKind> : true_type {};

}  // namespace std
