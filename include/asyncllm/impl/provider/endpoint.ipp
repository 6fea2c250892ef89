#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/provider/endpoint.hpp>

#include <charconv>
#include <cstdint>

namespace asyncllm::inline v0_1::provider {
namespace {

constexpr std::string_view ollama_variable = "OLLAMA_HOST";

std::string variable(detail::GetEnvironment environment, std::string_view name)
{
  if (name.empty())
    return {};
  const char* const value = environment(std::string(name).c_str());
  return value ? std::string(detail::unquoted(value)) : std::string();
}

std::string without_slash(std::string_view url)
{
  while (url.ends_with('/'))
    url.remove_suffix(1);
  return std::string(url);
}

bool same_url(std::string_view a, std::string_view b)
{
  return detail::equal_ignoring_case(without_slash(a), without_slash(b));
}

// People paste the whole URL of a call: the start of a wire's paths is not part of a base URL.
void remove_call_path(std::string& url)
{
  url = without_slash(url);
  for (const std::string_view path :
       {"/chat/completions", "/v1/messages", "/api/chat", "/responses"})
    if (url.ends_with(path))
      url.resize(url.size() - path.size());
}

// An Azure resource, or any URL below it that its portal shows, as the base URL of its v1 API:
// "https://NAME.openai.azure.com/openai/deployments/D/chat/completions?api-version=2024-10-21".
// Versions by date are of the older API; the v1 API has none.
std::string azure_base_url(std::string_view url, std::string_view suffix)
{
  if (url.find(suffix) != url.npos)
    return std::string(url);
  url = url.substr(0, url.find_first_of("?#"));
  url = url.substr(0, url.find("/openai"));
  return without_slash(url) + std::string(suffix);
}

bool is_azure_resource(std::string_view url)
{
  return url.find(".azure.com") != url.npos || url.find("/openai/deployments/") != url.npos;
}

// An API key without the quotes of an env file, the line end of the file that it was read from, and
// the "Bearer " that was copied with it.
std::string clean_key(std::string_view key)
{
  key = detail::unquoted(key);
  constexpr std::string_view scheme = "bearer ";
  if (detail::equal_ignoring_case(key.substr(0, scheme.size()), scheme))
    key = detail::trim(key.substr(scheme.size()));
  return std::string(key);
}

}  // namespace

Endpoint resolve_endpoint(const EndpointSettings& settings, detail::GetEnvironment environment)
{
  const auto* preset = &preset_named(settings.provider);
  Endpoint endpoint;
  endpoint.base_url = detail::unquoted(settings.base_url);
  if (preset->wire == WireKind::ollama && endpoint.base_url.find("://") == std::string::npos &&
      !endpoint.base_url.empty())
    endpoint.base_url = ollama_base_url(endpoint.base_url);
  bool is_ours = false;  // the environment's key may go there
  if (endpoint.base_url.empty()) {
    endpoint.base_url = variable(environment, preset->url_variable);
    is_ours = !endpoint.base_url.empty();
    if (is_ours && preset->url_variable == ollama_variable)
      endpoint.base_url =
          without_slash(ollama_base_url(endpoint.base_url)) + std::string(preset->url_suffix);
  }
  const bool is_azure = !preset->url_suffix.empty() && preset->url_variable != ollama_variable;
  if (is_azure && (is_ours || is_azure_resource(endpoint.base_url)))
    endpoint.base_url = azure_base_url(endpoint.base_url, preset->url_suffix);
  remove_call_path(endpoint.base_url);
  if (endpoint.base_url.empty())
    endpoint.base_url = preset->base_url;
  if (endpoint.base_url.empty())
    throw Error(
        ErrorKind::invalid_argument,
        "the provider \"" + std::string(preset->name) +
            "\" has no URL of its own: call with_base_url, or set " +
            std::string(preset->url_variable));

  if (preset->wire == WireKind::anthropic) {  // its paths begin with the version
    endpoint.base_url = without_slash(endpoint.base_url);
    if (endpoint.base_url.ends_with("/v1"))
      endpoint.base_url.resize(endpoint.base_url.size() - 3);
  }

  const bool is_own = !preset->base_url.empty() && same_url(endpoint.base_url, preset->base_url);
  if (!is_own && !preset->elsewhere.empty())
    preset = &preset_named(preset->elsewhere);

  endpoint.preset = preset;
  endpoint.api_key = clean_key(settings.api_key);
  const bool is_trusted =
      preset->key_url.empty() ? is_own || is_ours : same_url(endpoint.base_url, preset->key_url);
  if (endpoint.api_key.empty() && is_trusted)
    endpoint.api_key = clean_key(variable(environment, preset->key_variable));
  if (endpoint.api_key.empty() && preset->needs_key && (is_own || is_ours))
    throw Error(
        ErrorKind::invalid_argument,
        "there is no API key for " + std::string(preset->name) + ": set " +
            std::string(preset->key_variable) + ", or call with_api_key");
  return endpoint;
}

std::string ollama_base_url(std::string_view text)
{
  auto rest = detail::trim(detail::trim(text), "\"'");
  if (rest.starts_with("http+unix://"))
    return std::string(rest);
  std::string scheme = "http";
  std::string port = "11434";
  if (rest == "ollama.com") {
    scheme = "https";
    port = "443";
  } else if (const auto end = rest.find("://"); end != rest.npos) {
    scheme = detail::to_lower(rest.substr(0, end));
    port = scheme == "https" ? "443" : "80";
    rest.remove_prefix(end + 3);
  }
  const auto whole = rest.substr(0, rest.find('/'));
  const auto path = rest.substr(whole.size());
  const auto user = whole.substr(0, whole.rfind('@') + 1);  // "user:password@" or ""
  const auto authority = whole.substr(user.size());

  std::string host(authority);
  const auto colon = authority.rfind(':');
  const bool bare_v6 = !authority.starts_with('[') && authority.find(':') != colon;
  if (colon != authority.npos && !bare_v6 && authority.find(']', colon) == authority.npos) {
    host = authority.substr(0, colon);
    const auto digits = authority.substr(colon + 1);
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size())
      port = digits;
  }
  host = detail::trim(host, "[]");
  if (host.empty() || host == "0.0.0.0")
    host = "127.0.0.1";
  if (host == "::")
    host = "::1";
  if (host.find(':') != host.npos)
    host = "[" + host + "]";
  return scheme + "://" + std::string(user) + host + ":" + port + std::string(path);
}

}  // namespace asyncllm::provider
