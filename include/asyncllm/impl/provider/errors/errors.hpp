// What a server's refusal means: status and body to a typed error with the server's own words.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/core/response_head.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

/// An error as the many servers phrase it, whatever the shape of the body.
struct ServerError {
  std::string message, code, type, param, request_id;
  std::string behind;      ///< what the server behind a gateway said, beside the gateway's message
  int status = 0;          ///< a status that the body names, for errors hidden in a 200
  bool has_words = false;  ///< the message is the server's, not an excerpt of an unknown body
  std::optional<std::chrono::milliseconds> retry_after;  ///< Google says it in the body
};

/// Reads a body that is JSON of any of the known shapes, HTML, plain text or empty.
ServerError read_server_error(std::string_view body);

/// The first words of a text, or of a page without its tags: one line of at most 200 bytes and
/// "...".
std::string excerpt(std::string_view text);

/// The kind that status and words amount to.
ErrorKind kind_of(int status, const ServerError& error);

/// The error that a non-2xx answer is.
Error error_from_answer(const ResponseHead& head, std::string_view body);

/// The error that a 2xx answer hides.
Error hidden_error(std::string_view body);

/// What JSON that is no part of a reply says: {"detail": "..."}, {"code": 500, "msg": "..."}.
struct Remark {
  Error error;      ///< as which it is reported
  bool is_certain;  ///< it says itself that it is an error; else it may be a notice
};
/// Nothing: `text` is not JSON, or has no words.
std::optional<Remark> remark_in(std::string_view text);

/// What to throw for a text that is not what its wire sends, in place of the `unreadable` that its
/// reader threw: what the server says in there, if it `is_error` or has words of its own; else
/// bad_response with the first words of the text. Any other kind of `unreadable` stays as it is.
Error error_behind(const Error& unreadable, std::string_view text, bool is_error = false);

/// What Retry-After and its relatives ask for: `retry-after-ms`, `retry-after` in seconds, with
/// fractions, or as a date (RFC 9110, 10.2.3).
std::optional<std::chrono::milliseconds> retry_after(
    const HeaderList& headers, std::chrono::system_clock::time_point now);

/// The server's id of the request, "" if there is none.
std::string request_id(const HeaderList& headers);

}  // namespace asyncllm::provider
