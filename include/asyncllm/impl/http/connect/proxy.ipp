#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/http/connect/proxy.hpp>
#include <asyncllm/impl/http/parse/credentials.hpp>

#include <asio/ip/address.hpp>
#include <asio/ip/network_v4.hpp>
#include <asio/ip/network_v6.hpp>

#include <algorithm>
#include <initializer_list>

namespace asyncllm::inline v0_1::http {
namespace {

bool is_in_network(const std::string& network, const asio::ip::address& address)
{
  asio::error_code error;
  if (address.is_v4()) {
    const auto net = asio::ip::make_network_v4(network, error);
    if (error)
      return false;
    const asio::ip::network_v4 own(address.to_v4(), net.prefix_length());
    return own.canonical() == net.canonical();
  }
  const auto net = asio::ip::make_network_v6(network, error);
  if (error)
    return false;
  const asio::ip::network_v6 own(address.to_v6(), net.prefix_length());
  return own.canonical() == net.canonical();
}

// One entry of a list, in lower case and without blanks.
bool names(std::string_view entry, const std::string& host, std::uint16_t port)
{
  asio::error_code error;
  const auto address = asio::ip::make_address(host, error);
  const bool is_address = !error;
  if (is_address && entry.find('/') != entry.npos)
    return is_in_network(std::string(entry), address);

  const auto colon = entry.rfind(':');
  const bool has_port =
      colon != entry.npos && (entry.find(':') == colon || entry.find("]:") != entry.npos);
  if (has_port && entry.substr(colon + 1) != std::to_string(port))
    return false;
  if (has_port)
    entry = entry.substr(0, colon);
  entry = detail::trim(entry, "[]");
  if (entry == host)
    return true;
  if (is_address)
    return false;
  if (entry.starts_with("*."))
    entry.remove_prefix(1);
  if (entry.starts_with('.'))
    entry.remove_prefix(1);
  if (entry.empty() || !host.ends_with(entry))
    return false;
  return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

}  // namespace

Proxy Proxy::parse(std::string_view text)
{
  const auto fail = [](const std::string& why) {
    throw Error(
        ErrorKind::invalid_argument,
        "the proxy's URL " + why + "; expected something like http://127.0.0.1:3128 or " +
            "socks5://user:password@host:1080");
  };
  Proxy proxy;
  const auto scheme_end = text.find("://");
  const auto scheme =
      detail::to_lower(scheme_end == text.npos ? "http" : text.substr(0, scheme_end));
  if (scheme == "socks5" || scheme == "socks5h")
    proxy.kind = Kind::socks5;
  else if (scheme != "http")
    fail("must begin with http:// or socks5://");
  auto rest = scheme_end == text.npos ? text : text.substr(scheme_end + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));

  if (const auto at = rest.rfind('@'); at != rest.npos) {
    const auto credentials = Credentials::parse(rest.substr(0, at));
    if (!credentials || credentials->user.size() > 255 || credentials->password.size() > 255)
      fail("has a user name or password that cannot be read or is too long (write % as %25)");
    proxy.user = credentials->user;
    proxy.password = credentials->password;
    rest.remove_prefix(at + 1);
  }
  try {
    const auto url = Url::parse("http://" + std::string(rest));
    const auto behind_host = rest.find(':', rest.find(']') == rest.npos ? 0 : rest.find(']'));
    const bool has_port = behind_host != rest.npos && behind_host + 1 < rest.size();
    proxy.host = url.host;
    proxy.port = has_port ? url.port : proxy.kind == Kind::socks5 ? 1080 : 80;
  } catch (const Error&) {
    fail("has an invalid host or port");
  }
  return proxy;
}

std::string Proxy::name() const
{
  const bool is_v6 = host.find(':') != host.npos;
  return (kind == Kind::socks5 ? "socks5://" : "http://") + (is_v6 ? "[" + host + "]" : host) +
         ":" + std::to_string(port);
}

std::string Proxy::basic_credentials() const
{
  return Credentials{user, password}.basic();
}

bool is_excluded(std::string_view list, const std::string& host, std::uint16_t port)
{
  while (!list.empty()) {
    const auto end = std::min(list.find_first_of(", \t"), list.size());
    const auto entry = detail::to_lower(detail::trim(list.substr(0, end)));
    if (entry == "*" || (!entry.empty() && names(entry, host, port)))
      return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

ProxyEnvironment::ProxyEnvironment(detail::GetEnvironment environment)
{
  const auto first_of = [&](std::initializer_list<const char*> names) -> Variable {
    for (const char* const name : names) {
      const char* const value = environment(name);
      const auto text = value ? detail::unquoted(value) : std::string_view();
      if (!text.empty())
        return {name, std::string(text)};
    }
    return {};
  };
  const bool is_cgi = environment("REQUEST_METHOD") != nullptr;
  http_ = first_of({"http_proxy", is_cgi ? "http_proxy" : "HTTP_PROXY"});
  https_ = first_of({"https_proxy", "HTTPS_PROXY"});
  all_ = first_of({"all_proxy", "ALL_PROXY"});
  no_proxy_ = first_of({"no_proxy", "NO_PROXY"}).value;
}

std::optional<Proxy> ProxyEnvironment::proxy_for(const Url& url) const
{
  if (url.is_loopback() || is_excluded(no_proxy_, url.host, url.port))
    return std::nullopt;
  const auto& own = url.tls ? https_ : http_;
  const auto& variable = own.value.empty() ? all_ : own;
  if (variable.value.empty())
    return std::nullopt;
  try {
    return Proxy::parse(variable.value);
  } catch (const Error& error) {
    throw Error(error.kind(), std::string(variable.name) + ": " + std::string(error.message()));
  }
}

std::optional<Proxy> find_proxy(
    const Url& url, const std::optional<std::string>& setting, const ProxyEnvironment& environment)
{
  if (!setting)
    return environment.proxy_for(url);
  if (setting->empty() || *setting == "direct")
    return std::nullopt;
  if (!url.unix_path.empty())
    throw Error(ErrorKind::invalid_argument, "a Unix socket cannot be reached through a proxy");
  return Proxy::parse(*setting);
}

}  // namespace asyncllm::http
