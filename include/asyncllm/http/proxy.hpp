// Proxies: which one a URL needs, from the user's setting or the environment.
#pragma once

#include <asyncllm/http/url.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::http {

struct Proxy {
  enum class Kind { http, socks5 };

  Kind kind = Kind::http;
  std::string host;
  std::uint16_t port = 0;
  std::string user, password;  ///< "": none

  /// "http://[user:password@]host[:port]", "socks5://..." (port 1080) or, for http, "host:port";
  /// %XX in user and password stands for a byte. Throws `Error{invalid_argument}`, which does not
  /// quote user and password.
  static Proxy parse(std::string_view text);

  /// "http://127.0.0.1:3128", for messages: without user and password.
  std::string name() const;
  bool has_credentials() const { return !user.empty() || !password.empty(); }
  /// The value of Proxy-Authorization: Basic, in Base64 (RFC 7617).
  std::string basic_credentials() const;
};

/// As std::getenv; a parameter, so that tests need no real environment.
using GetEnvironment = char* (*)(const char*);

/// The proxy for `url`, if any. A setting wins: a proxy's URL, or "" or "direct" for none.
/// Otherwise the environment decides: http_proxy for http, https_proxy or HTTPS_PROXY for https,
/// then all_proxy or ALL_PROXY, unless no_proxy or NO_PROXY names the host. HTTP_PROXY is not read,
/// since anybody can set it for a CGI program by a header. Loopback addresses and Unix sockets need
/// none but by setting. Throws `Error{invalid_argument}` that names what is wrong.
std::optional<Proxy> find_proxy(
    const Url& url, const std::optional<std::string>& setting, GetEnvironment environment);

/// Whether a list like "localhost, .example.com, 10.0.0.0/8, host:8080" names this host. A name
/// stands for its subdomains too, with or without a dot in front; "*" for everything.
bool is_excluded(std::string_view list, const std::string& host, std::uint16_t port);

}  // namespace asyncllm::http
