// Makes a typed error of a server's status and body, with the server's own words.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/core/response_head.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

/// The parts of a server's error, whatever the shape of its body.
struct ServerError {
  std::string message, code, type, param, request_id;
  std::string behind;      ///< what the server behind a gateway said, beside the gateway's message
  int status = 0;          ///< a status that the body names, for errors hidden in a 200
  bool has_words = false;  ///< the message is the server's, not an excerpt of an unknown body
  std::optional<std::chrono::milliseconds> retry_after;  ///< Google sends it in the body
};

/// Reads a body that is JSON of any of the known shapes, HTML, plain text or empty.
ServerError read_server_error(std::string_view body);

/// The first words of a text, or of a page without its tags: one line of at most 200 bytes and
/// "...".
std::string excerpt(std::string_view text);

/// The kind for this status and these words.
ErrorKind kind_of(int status, const ServerError& error);

/// The error of a non-2xx answer.
Error error_from_answer(const ResponseHead& head, std::string_view body);

/// The error in a 2xx answer.
Error hidden_error(std::string_view body);

/// The message in JSON that is not part of a reply: {"detail": "..."}, {"code": 500, "msg": "..."}.
struct Remark {
  Error error;      ///< how it is reported
  bool is_certain;  ///< it says that it is an error; otherwise it may be a notice
};
/// Nothing: `text` is not JSON, or has no words.
std::optional<Remark> remark_in(std::string_view text);

/// What to throw for a text that is not what its wire sends, instead of the `unreadable` that its
/// reader threw: what the server says in it, if it `is_error` or has words of its own; otherwise
/// bad_response with the first words of the text. Any other kind of `unreadable` stays as it is.
Error error_behind(const Error& unreadable, std::string_view text, bool is_error = false);

/// The wait that the header asks for: `retry-after-ms`, `retry-after` in seconds, with fractions,
/// or as a date (RFC 9110, 10.2.3).
std::optional<std::chrono::milliseconds> retry_after(
    const HeaderList& headers, std::chrono::system_clock::time_point now);

/// The server's id of the request, "" if there is none.
std::string request_id(const HeaderList& headers);

}  // namespace asyncllm::provider
