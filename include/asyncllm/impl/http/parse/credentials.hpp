// User names and passwords in URLs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::http {

struct Credentials {
  std::string user, password;

  /// Reads "user:password" as it stands in a URL, where %XX stands for a byte (RFC 3986, 3.2.1).
  /// Nothing when a % is followed by anything else, or when the user name holds a colon, which
  /// Basic authentication cannot express (RFC 7617, 2).
  static std::optional<Credentials> parse(std::string_view user_info);

  /// The value of an Authorization or Proxy-Authorization field: Basic, in Base64 (RFC 7617).
  std::string basic() const;
};

/// Removes the user information from `url`, "http://user:password@host", and returns it; nothing
/// when there is none. Throws `Error{invalid_argument}`, which does not quote it, when it cannot be
/// read.
std::optional<Credentials> take_credentials(std::string& url);

}  // namespace asyncllm::http
