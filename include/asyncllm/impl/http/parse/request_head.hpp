// The head of a request: constant for an endpoint, written once, copied into each message.
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

/// Head and body of a request lie in one string, so that they leave in one write.
class RequestHead {
 public:
  RequestHead() = default;
  /// `method` is POST, with a body of JSON to follow, or GET. The target is `url` with
  /// `path_suffix` behind its path, and `target_prefix` in front for a proxy that forwards it.
  /// Throws as `check_header`.
  RequestHead(
      const std::string& method,
      const Url& url,
      std::string_view path_suffix,
      const HeaderList& headers,
      const std::string& target_prefix = "");

  /// Replaces `message` by this head, with `more` header fields, which replace those of this head
  /// that have the same names. The body of a POST is to be
  /// appended; the result is where it begins.
  std::size_t begin(std::string& message, const HeaderList& more) const;

  /// Writes the length of the body, which begins at `body_at`, into the head.
  static void finish(std::string& message, std::size_t body_at);

 private:
  static void replace_fields(std::string& message, const HeaderList& more);

  // Blanks in front of a field's value are optional white space (RFC 9110, 5.6.3).
  static constexpr std::string_view length_field = "Content-Length:                     \r\n\r\n";

  static void add(std::string& out, std::string_view name, std::string_view value);

  std::string fixed_;
  std::string_view last_;
};

}  // namespace asyncllm::http
