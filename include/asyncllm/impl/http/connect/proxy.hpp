// Proxies: which one a URL needs, from the user's setting or the environment.
#pragma once

#include <asyncllm/impl/core/environment.hpp>
#include <asyncllm/impl/http/parse/url.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::http {

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

/// What the environment says about proxies, read once: a program may change its environment while
/// calls are running, and getenv is not safe then.
class ProxyEnvironment {
 public:
  /// Reads http_proxy, https_proxy, all_proxy and no_proxy, and after each its name in capitals;
  /// quotes around a value are dropped. HTTP_PROXY is not read in a CGI program (REQUEST_METHOD is
  /// set), where a request's header sets it.
  explicit ProxyEnvironment(detail::GetEnvironment environment);

  /// The variable for the URL's scheme decides, then all_proxy, unless no_proxy names the host.
  /// Loopback addresses and Unix sockets get none. Throws `Error{invalid_argument}` that names the
  /// variable that cannot be used.
  std::optional<Proxy> proxy_for(const Url& url) const;

 private:
  struct Variable {
    const char* name = "";
    std::string value;
  };
  Variable http_, https_, all_;
  std::string no_proxy_;
};

/// The proxy for `url`, if any. A setting wins: a proxy's URL, or "" or "direct" for none.
/// Otherwise the environment decides. Throws `Error{invalid_argument}` that says what is wrong.
std::optional<Proxy> find_proxy(
    const Url& url, const std::optional<std::string>& setting, const ProxyEnvironment& environment);

/// Whether a list like "localhost, .example.com, 10.0.0.0/8, host:8080" names this host. A name
/// stands for its subdomains too, with or without a dot in front; "*" for everything.
bool is_excluded(std::string_view list, const std::string& host, std::uint16_t port);

}  // namespace asyncllm::http
