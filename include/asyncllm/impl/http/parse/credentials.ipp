#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/core/base64.hpp>
#include <asyncllm/impl/http/parse/credentials.hpp>
#include <asyncllm/impl/http/parse/url.hpp>

#include <algorithm>
#include <cstddef>

namespace asyncllm::inline v0_1::http {
std::optional<Credentials> Credentials::parse(std::string_view user_info)
{
  const auto colon = std::min(user_info.find(':'), user_info.size());
  auto user = percent_decoded(user_info.substr(0, colon));
  auto password = percent_decoded(user_info.substr(std::min(colon + 1, user_info.size())));
  if (!user || !password || user->find(':') != user->npos)
    return std::nullopt;
  return Credentials{*std::move(user), *std::move(password)};
}

std::string Credentials::basic() const
{
  std::string text = "Basic ";
  detail::append_base64(text, user + ":" + password);
  return text;
}

std::optional<Credentials> take_credentials(std::string& url)
{
  const auto scheme_end = url.find("://");
  const auto begin = scheme_end == url.npos ? 0 : scheme_end + 3;
  const auto end = std::min(url.find_first_of("/?#", begin), url.size());
  const auto at = std::string_view(url).substr(0, end).rfind('@');
  if (at == url.npos || at < begin)
    return std::nullopt;
  auto credentials = Credentials::parse(std::string_view(url).substr(begin, at - begin));
  if (!credentials)
    throw Error(
        ErrorKind::invalid_argument,
        "the URL has an invalid user name or password: write % as %25; a user name cannot contain "
        ":");
  url.erase(begin, at + 1 - begin);
  return credentials;
}

}  // namespace asyncllm::http
