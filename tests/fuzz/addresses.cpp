// URLs, specs, OLLAMA_HOST, proxies and their exceptions.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/http/connect/proxy.hpp>
#include <asyncllm/impl/http/parse/credentials.hpp>
#include <asyncllm/impl/http/parse/url.hpp>
#include <asyncllm/impl/provider/endpoint.hpp>
#include <asyncllm/model/model_spec.hpp>

#include "fuzz.hpp"

#include <optional>

using asyncllm::Error;
using asyncllm::ErrorKind;
using asyncllm::http::Proxy;
using asyncllm::http::Url;

namespace {

// The result, or nothing when it is refused; nothing else may be thrown.
template <class Parse>
auto parsed(Parse parse) -> std::optional<decltype(parse())>
{
  try {
    return parse();
  } catch (const Error& error) {
    fuzz::require(error.kind() == ErrorKind::invalid_argument, "an address is an argument");
    return std::nullopt;
  }
}

void check(const Url& url)
{
  if (!url.unix_path.empty())
    return;
  const auto again = parsed([&] { return Url::parse(url.origin() + url.target("")); });
  fuzz::require(again.has_value(), "what a URL is written as can be read");
  fuzz::require(
      again->origin() == url.origin() && again->target("") == url.target(""), "and is the same");
  for (const char c : url.origin() + url.target("") + url.host_header())
    fuzz::require(c > ' ' && c < '\x7f', "nothing of a URL can break a request's line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  auto text = fuzz::text_of(data, size);
  const auto first = fuzz::take_line(text);
  if (const auto url = parsed([&] { return Url::parse(first); }))
    check(*url);
  auto with_user = first;
  if (parsed([&] { return asyncllm::http::take_credentials(with_user).has_value(); }))
    parsed([&] { return Url::parse(with_user); });
  if (const auto url =
          parsed([&] { return Url::parse(asyncllm::provider::ollama_base_url(first)); }))
    check(*url);
  if (const auto spec = parsed([&] { return asyncllm::ModelSpec::parse(first); })) {
    fuzz::require(!spec->provider.empty() && !spec->model.empty(), "a spec has both parts");
    const auto at = spec->base_url.empty() ? "" : "@" + spec->base_url;
    const auto again = asyncllm::ModelSpec::parse(spec->provider + at + "::" + spec->model);
    fuzz::require(again.model == spec->model && again.base_url == spec->base_url, "the same spec");
  }
  if (const auto proxy = parsed([&] { return Proxy::parse(first); }))
    for (const char c : proxy->name())
      fuzz::require(c > ' ' && c < '\x7f', "a proxy's name is printable");
  asyncllm::http::is_excluded(text, "api.example.com", 443);
  asyncllm::http::is_excluded(text, "10.1.2.3", 80);
  asyncllm::http::is_excluded(text, "::1", 80);
  return 0;
}
