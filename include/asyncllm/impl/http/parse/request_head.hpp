// The head of a request: written once for an endpoint, copied into each message.
#pragma once

#include <asyncllm/core/header_list.hpp>
#include <asyncllm/impl/http/parse/url.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::http {

/// Throws `Error{invalid_argument}` unless `name` is a token and `value` holds no control character
/// (RFC 9110, 5.1 and 5.5). The value is never quoted: it may be a key.
void check_header(std::string_view name, std::string_view value);

/// Head and body of a request are in one string, so that one write sends them.
class RequestHead {
 public:
  RequestHead() = default;
  /// `method` is POST, with a JSON body to follow, or GET. The target begins with `url`'s path,
  /// after `target_prefix` for a proxy that forwards it. Throws as `check_header`.
  RequestHead(
      const std::string& method,
      const Url& url,
      const HeaderList& headers,
      const std::string& target_prefix = "");

  /// Replaces `message` by the beginning of this head. Append the rest of the target's path, then
  /// call `end`.
  void begin(std::string& message) const { message = start_; }
  /// Appends the rest of the head, with `more` header fields, which replace those of this head that
  /// have the same names. Append the body of a POST next; the result is where it begins.
  std::size_t end(std::string& message, const HeaderList& more) const;

  /// Writes the length of a POST's body, which begins at `body_at`, into the head.
  static void finish(std::string& message, std::size_t body_at);
  /// Inserts fields that depend on the whole request. `body_at` is where the head ends.
  static void insert(std::string& message, std::size_t body_at, const HeaderList& fields);

 private:
  static void replace_fields(std::string& message, const HeaderList& more);

  // Blanks before a field's value are optional white space (RFC 9110, 5.6.3).
  static constexpr std::string_view length_field = "Content-Length:                     \r\n\r\n";

  static void add(std::string& out, std::string_view name, std::string_view value);

  std::string start_, fixed_;
  std::string_view last_;
};

}  // namespace asyncllm::http
