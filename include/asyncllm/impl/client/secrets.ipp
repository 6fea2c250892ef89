#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/client/secrets.hpp>
#include <asyncllm/impl/http/parse/credentials.hpp>

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace asyncllm::inline v0_1::client {
namespace {

std::string percent_encoded(std::string_view text, std::string_view hex)
{
  std::string result;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') ||
                          std::string_view("-._~").find(c) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(c);
    result += is_plain ? std::string(1, c) : std::string{'%', hex[byte >> 4], hex[byte & 15]};
  }
  return result;
}

std::string json_escaped(std::string_view text)
{
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    result += c;
  }
  return result;
}

bool is_secret(std::string_view name)
{
  const auto lower = detail::to_lower(name);
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{
          "key", "token", "secret", "auth", "password", "cookie"},
      [&](auto word) { return lower.find(word) != lower.npos; });
}

}  // namespace

void Secrets::add(std::string_view secret)
{
  if (secret.empty())
    return;
  for (auto form :
       {std::string(secret),
        json_escaped(secret),
        percent_encoded(secret, "0123456789ABCDEF"),
        percent_encoded(secret, "0123456789abcdef")})
    if (std::ranges::find(all_, form) == all_.end())
      all_.push_back(std::move(form));
}

void Secrets::add(const std::string& user, const std::string& password)
{
  add(password);
  add(http::Credentials{user, password}.basic().substr(std::string_view("Basic ").size()));
}

void Secrets::mask(Error& error) const
{
  for (const auto& secret : all_)
    error.mask(secret);
}

void mask_headers(Error& error, const HeaderList& headers)
{
  Secrets secrets;
  for (const auto& [name, value] : headers) {
    if (!is_secret(name))
      continue;
    secrets.add(value);
    if (const auto blank = value.find(' '); blank != value.npos)  // behind "Bearer"
      secrets.add(detail::trim(value.substr(blank)));
  }
  secrets.mask(error);
}

}  // namespace asyncllm::client
