// The head of a request: constant for an endpoint, written once, copied into each message.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/core/header_list.hpp>
#include <asyncllm/http/url.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace asyncllm::http {

/// Throws `Error{invalid_argument}` unless `name` is a token and `value` holds no control character
/// (RFC 9110, 5.1 and 5.5). The value is never quoted: it may be a key.
inline void check_header(std::string_view name, std::string_view value)
{
  if (!is_token(name))
    throw Error(
        ErrorKind::invalid_argument,
        "a header name must consist of letters, digits and !#$%&'*+-.^_`|~ only");
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
  };
  if (std::ranges::any_of(value, is_control))
    throw Error(
        ErrorKind::invalid_argument,
        "the value of the header " + std::string(name) + " holds a control character or line end");
  for (const auto ours : {"Host", "Content-Length", "Transfer-Encoding", "Connection"})
    if (equal_ignoring_case(name, ours))
      throw Error(
          ErrorKind::invalid_argument,
          "the header " + std::string(name) + " is set by the library and cannot be set here");
}

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
      const std::string& target_prefix = "")
      : fixed_(
            method + ' ' + target_prefix + url.target(path_suffix) +
            " HTTP/1.1\r\nHost: " + url.host_header() + "\r\nUser-Agent: asyncllm\r\n"),
        last_(method == "POST" ? length_field : "\r\n")
  {
    if (method == "POST")
      fixed_ += "Content-Type: application/json\r\n";
    for (const auto& [name, value] : headers)
      add(fixed_, name, value);
  }

  /// Replaces `message` by this head, with `more` header fields, which replace those of this head
  /// that have the same names. The body of a POST is to be
  /// appended; the result is where it begins.
  std::size_t begin(std::string& message, const HeaderList& more) const
  {
    message = fixed_;
    if (!more.empty())
      replace_fields(message, more);
    message += last_;
    return message.size();
  }

  /// Writes the length of the body, which begins at `body_at`, into the head.
  static void finish(std::string& message, std::size_t body_at)
  {
    const auto digits = std::to_string(message.size() - body_at);
    message.replace(body_at - 4 - digits.size(), digits.size(), digits);
  }

 private:
  static void replace_fields(std::string& message, const HeaderList& more)
  {
    const std::string old = std::exchange(message, "");
    for (std::size_t begin = 0, end = 0; begin < old.size(); begin = end + 2) {
      end = old.find("\r\n", begin);
      const auto line = std::string_view(old).substr(begin, end - begin);
      if (begin == 0 || !more.contains(line.substr(0, line.find(':'))))
        message.append(line).append("\r\n");
    }
    for (const auto& [name, value] : more)
      add(message, name, value);
  }

  // Blanks in front of a field's value are optional white space (RFC 9110, 5.6.3).
  static constexpr std::string_view length_field = "Content-Length:                     \r\n\r\n";

  static void add(std::string& out, std::string_view name, std::string_view value)
  {
    check_header(name, value);
    out.append(name).append(": ").append(value).append("\r\n");
  }

  std::string fixed_;
  std::string_view last_;
};

}  // namespace asyncllm::http
