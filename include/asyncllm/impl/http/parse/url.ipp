#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/http/parse/url.hpp>

#include <charconv>

namespace asyncllm::inline v0_1::http {

namespace {

bool is_host_character(char c, bool bracketed)
{
  const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  return letter_or_digit || (bracketed ? c == ':' || c == '.' : c == '.' || c == '-' || c == '_');
}

int hex_digit(char c)
{
  const auto lower = detail::to_lower(c);
  return lower >= '0' && lower <= '9'   ? lower - '0'
         : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10
                                        : -1;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text)
{
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      result += text[at];
      continue;
    }
    const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
    if (high < 0 || low < 0 || high + low == 0)
      return std::nullopt;
    result += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return result;
}

Url Url::parse(std::string_view text)
{
  const auto scheme_end = text.find("://");
  const auto rest = scheme_end == text.npos ? text : text.substr(scheme_end + 3);
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  const bool may_hold_user = text.find('@') != text.npos;
  const auto fail = [&](const std::string& why) {
    const std::string shown(text.substr(0, text.find('?')));  // queries may hold keys
    throw Error(
        ErrorKind::invalid_argument,
        (may_hold_user ? "the URL " : "the URL \"" + shown + "\" ") + why +
            "; expected something like http://127.0.0.1:8080/v1 or https://host.example/v1");
  };

  for (const char c : text)
    if (c <= ' ' || c >= '\x7f' || c == '"' || c == '\\' || c == '<' || c == '>')
      throw Error(
          ErrorKind::invalid_argument,
          "the URL holds a space, a quote or a control character; non-ASCII ones must be written "
          "as %XX, in a host name as xn--");
  if (authority.find('@') != authority.npos)
    fail("holds a user name or password");
  if (rest.find('#') != rest.npos)
    fail("has a fragment (#)");

  Url url;
  const auto scheme = detail::to_lower(scheme_end == text.npos ? "" : text.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https" && scheme != "http+unix")
    fail("must begin with http://, https:// or http+unix://");
  url.tls = scheme == "https";

  const auto path = rest.substr(authority.size());
  const auto query = path.find('?');
  url.path = path.substr(0, query);
  while (url.path.ends_with('/'))
    url.path.pop_back();
  if (query != path.npos)
    url.query = path.substr(query);

  if (scheme == "http+unix") {
    url.unix_path = percent_decoded(authority).value_or("");
    if (url.unix_path.empty() || url.unix_path.size() > 100)  // what every system accepts
      fail("needs a socket path of at most 100 bytes, with %2F for its slashes");
    url.host = "localhost";
    url.port = 80;
    return url;
  }

  const bool bracketed = authority.starts_with('[');
  const auto host_end = bracketed ? authority.find(']') : authority.find(':');
  if (bracketed && host_end == authority.npos)
    fail("has no ] after its IPv6 address");
  url.host = detail::to_lower(authority.substr(bracketed, host_end - bracketed));
  if (url.host.empty())
    fail("has no host");
  for (const char c : url.host)
    if (!is_host_character(c, bracketed))
      fail("has an invalid character in its host");

  auto port = host_end == authority.npos ? "" : authority.substr(host_end + bracketed);
  url.port = url.tls ? 443 : 80;
  if (!port.empty() && port != ":") {
    if (port[0] != ':')
      fail("has text other than a port after ]");
    port.remove_prefix(1);
    const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (failed != std::errc() || end != port.data() + port.size() || url.port == 0)
      fail("has a port that is not between 1 and 65535");
  }
  return url;
}

}  // namespace asyncllm::http
