// http, https and http+unix URLs, as far as a client needs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::http {

/// A parsed base URL. RFC 3986 with these limits: scheme http, https or http+unix, an ASCII host,
/// no user information (`take_credentials` takes it out), no fragment. The host of http+unix is the
/// path of a Unix socket, with %2F for its slashes: "http+unix://%2Frun%2Fllama.sock/v1".
struct Url {
  bool tls = false;
  std::string host;  ///< lower case, an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string unix_path;  ///< of the socket, "" for TCP; the host is "localhost" then
  std::string path;       ///< "" or "/v1": no slash at the end
  std::string query;      ///< "" or "?api-version=1"

  /// Throws `Error{invalid_argument}` that says what is wrong; the URL is quoted without its query,
  /// and not at all where it may hold user information.
  static Url parse(std::string_view text);

  /// "127.0.0.1:8080", "[::1]:8080", always with the port; "/run/llama.sock".
  std::string authority() const
  {
    if (!unix_path.empty())
      return unix_path;
    const bool v6 = host.find(':') != host.npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  }
  /// The value of the Host header (RFC 9110, 7.2): with the port unless it is the scheme's default.
  std::string host_header() const
  {
    if (!unix_path.empty())
      return host;
    const auto full = authority();
    return port == (tls ? 443 : 80) ? full.substr(0, full.rfind(':')) : full;
  }
  /// "http://127.0.0.1:8080": what connections are shared by.
  std::string origin() const
  {
    return (!unix_path.empty() ? "http+unix://" : tls ? "https://" : "http://") + authority();
  }
  /// The whole URL with `suffix` behind its path.
  std::string target(std::string_view suffix) const { return (path + std::string(suffix)) + query; }

  bool is_loopback() const
  {
    const bool is_127 =
        host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos;
    return host == "localhost" || host == "::1" || is_127 || host.ends_with(".localhost");
  }
};

/// `text` with the bytes that %XX stand for; nothing when a % is followed by anything else, or by
/// 00.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace asyncllm::http
