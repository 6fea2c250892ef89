// What a server's refusal means: status and body to a typed error with the server's own words.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/core/response_head.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::provider {

/// An error as the many servers phrase it, whatever the shape of the body.
struct ServerError {
  std::string message, code, type, param, request_id;
  int status = 0;  ///< a status that the body names, for errors hidden in a 200
  std::optional<std::chrono::milliseconds> retry_after;  ///< Google says it in the body
};

/// Reads a body that is JSON of any of the known shapes, HTML, plain text or empty.
ServerError read_server_error(std::string_view body);

/// The kind that status and words amount to.
ErrorKind kind_of(int status, const ServerError& error);

/// The error that a non-2xx answer is.
Error error_from_answer(const ResponseHead& head, std::string_view body);

/// The error that a 2xx answer hides.
Error hidden_error(std::string_view body);

/// What to throw for a text that is not the object that its wire sends: the error that it is, when
/// it `is_error` all the same, or is one in an array (Google); else `unreadable`, as it came.
Error error_behind(const Error& unreadable, std::string_view text, bool is_error = false);

/// What Retry-After and its relatives ask for: `retry-after-ms`, `retry-after` in seconds, with
/// fractions, or as a date (RFC 9110, 10.2.3).
std::optional<std::chrono::milliseconds> retry_after(
    const HeaderList& headers, std::chrono::system_clock::time_point now);

/// The id by which the server's people find the request, "" if there is none.
std::string request_id(const HeaderList& headers);

}  // namespace asyncllm::provider
