// http and https URLs, as far as a client needs them.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/core/text.hpp>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace asyncllm::http {

/// A parsed base URL. RFC 3986 with these limits: scheme http or https, an ASCII host, no user
/// information (keys go by their own setter), no fragment.
struct Url {
  bool tls = false;
  std::string host;  ///< lower case, an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string path;   ///< "" or "/v1": no slash at the end
  std::string query;  ///< "" or "?api-version=1"

  /// Throws `Error{invalid_argument}` that says what is wrong; the URL itself is quoted only when
  /// it has no user information.
  static Url parse(std::string_view text);

  /// "127.0.0.1:8080", "[::1]:8080"; the port always.
  std::string authority() const
  {
    const bool v6 = host.find(':') != host.npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  }
  /// What the Host header wants (RFC 9110, 7.2): the port only where it is not the scheme's own.
  std::string host_header() const
  {
    const auto full = authority();
    return port == (tls ? 443 : 80) ? full.substr(0, full.rfind(':')) : full;
  }
  /// "http://127.0.0.1:8080": what connections are shared by.
  std::string origin() const { return (tls ? "https://" : "http://") + authority(); }
  /// The whole URL with `suffix` behind its path.
  std::string target(std::string_view suffix) const { return (path + std::string(suffix)) + query; }

  bool is_loopback() const
  {
    return host == "localhost" || host == "::1" || host.starts_with("127.") ||
           host.ends_with(".localhost");
  }
};

namespace detail {

inline bool is_host_character(char c, bool bracketed)
{
  const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  return letter_or_digit || (bracketed ? c == ':' || c == '.' : c == '.' || c == '-' || c == '_');
}

}  // namespace detail

inline Url Url::parse(std::string_view text)
{
  const auto scheme_end = text.find("://");
  const auto rest = scheme_end == text.npos ? text : text.substr(scheme_end + 3);
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  const bool has_user = authority.find('@') != authority.npos;
  const auto fail = [&](const std::string& why) {
    throw Error(
        ErrorKind::invalid_argument,
        (has_user ? "the URL " : "the URL \"" + std::string(text) + "\" ") + why +
            "; a right one looks like http://127.0.0.1:8080/v1 or https://host.example/v1");
  };

  for (const char c : text)
    if (c <= ' ' || c == '\x7f' || c == '"' || c == '\\' || c == '<' || c == '>')
      throw Error(
          ErrorKind::invalid_argument,
          "the URL holds a space, a quote or a control character; non-ASCII ones must be written "
          "as %XX, in a host name as xn--");
  if (has_user)
    fail("holds a user name or password; give the key by with_api_key instead");
  if (rest.find('#') != rest.npos)
    fail("has a fragment (#)");

  Url url;
  const auto scheme = to_lower(scheme_end == text.npos ? "" : text.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https")
    fail("must begin with http:// or https://");
  url.tls = scheme == "https";

  const bool bracketed = authority.starts_with('[');
  const auto host_end = bracketed ? authority.find(']') : authority.find(':');
  if (bracketed && host_end == authority.npos)
    fail("has no ] behind its IPv6 address");
  url.host = to_lower(authority.substr(bracketed, host_end - bracketed));
  if (url.host.empty())
    fail("has no host");
  for (const char c : url.host)
    if (!detail::is_host_character(c, bracketed))
      fail("has a character in its host that does not belong there");

  auto port = host_end == authority.npos ? "" : authority.substr(host_end + bracketed);
  url.port = url.tls ? 443 : 80;
  if (!port.empty() && port != ":") {
    if (port[0] != ':')
      fail("has something behind the ] that is no port");
    port.remove_prefix(1);
    const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (failed != std::errc() || end != port.data() + port.size() || url.port == 0)
      fail("has a port that is not between 1 and 65535");
  }

  const auto path = rest.substr(authority.size());
  const auto query = path.find('?');
  url.path = path.substr(0, query);
  while (url.path.ends_with('/'))
    url.path.pop_back();
  if (query != path.npos)
    url.query = path.substr(query);
  return url;
}

}  // namespace asyncllm::http
