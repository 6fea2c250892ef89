#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/http/exchange/redirect_chain.hpp>

#include <algorithm>
#include <array>

namespace asyncllm::inline v0_1::http {

bool may_go_elsewhere(std::string_view field) noexcept
{
  constexpr std::array<std::string_view, 5> harmless{
      "Accept", "Accept-Language", "Content-Type", "User-Agent", "anthropic-version"};
  return std::ranges::any_of(
      harmless, [&](std::string_view name) { return detail::equal_ignoring_case(name, field); });
}

namespace {

// RFC 3986, 5.2.4: what . and .. stand for.
std::string without_dots(std::string_view path)
{
  std::vector<std::string_view> kept;
  std::string_view last;
  while (!path.empty()) {
    const auto end = std::min(path.find('/', 1), path.size());
    last = path.substr(0, end);
    path.remove_prefix(end);
    if (last == "/..")
      kept.resize(kept.size() - (kept.empty() ? 0 : 1));
    else if (last != "/.")
      kept.push_back(last);
  }
  std::string whole;
  for (const auto segment : kept)
    whole += segment;
  return last == "/." || last == "/.." || whole.empty() ? whole + '/' : whole;
}

// RFC 3986, 5.2.2: `reference` as seen from `base`, which is http or https.
std::string absolute(const Url& base, std::string_view reference)
{
  const auto scheme_end = std::min(reference.find_first_of(":/?"), reference.size());
  if (scheme_end > 0 && reference.substr(scheme_end).starts_with(':'))
    return std::string(reference);
  if (reference.starts_with("//"))
    return (base.tls ? "https:" : "http:") + std::string(reference);
  if (reference.starts_with('/'))
    return base.origin() + std::string(reference);
  const auto folder = reference.starts_with('?') ? base.path.size() : base.path.rfind('/') + 1;
  return base.origin() + base.path.substr(0, folder) + std::string(reference);
}

}  // namespace

const Url& RedirectChain::follow(const ResponseHead& answer)
{
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::bad_response, here().authority() + " redirects" + why)
        .with_http_status(answer.status);
  };
  const auto location = answer.headers.find("Location");
  if (!location)
    refuse(" without a Location");
  if (location->find('@') != location->npos)  // may be user information, which is not repeated
    refuse(" to a URL with user information, which is not followed");
  auto text = absolute(here(), location->substr(0, location->find('#')));
  Url url;
  try {
    url = Url::parse(text);
  } catch (const Error&) {
    refuse(" to a URL that is not http or https");
  }
  if (!url.unix_path.empty())  // a server must not choose a local socket
    refuse(" to a Unix socket, which is not followed");
  const auto where = " to " + url.origin() + url.path;
  if (rules_.most() <= 0)
    refuse(where + ", which is not followed: give the final URL as the base URL");
  if (method_ == "POST" && answer.status < 307)
    refuse(where + " as a GET instead of a POST, which is not followed");
  if (here().tls && !url.tls)
    refuse(where + " without TLS, which is not followed");

  text.erase(std::min(text.find('?'), text.size()));
  text.erase(0, std::min(text.find('/', text.find("://") + 3), text.size()));
  url.path = without_dots(text);
  if (std::ranges::any_of(seen_, [&](const Url& old) { return same(old, url); }))
    refuse(where + " in a circle");
  if (static_cast<int>(seen_.size()) > rules_.most())
    refuse(where + " after " + std::to_string(rules_.most()) + " other redirects");
  elsewhere_ = elsewhere_ || url.origin() != here().origin();
  seen_.push_back(std::move(url));
  return here();
}

HeaderList RedirectChain::allowed(const HeaderList& headers) const
{
  HeaderList allowed;
  for (const auto& [name, value] : headers)
    if (!elsewhere_ || may_go_elsewhere(name))
      allowed.emplace_back(name, value);
  return allowed;
}

}  // namespace asyncllm::http
