// The server that a provider's name, the caller's settings and the environment select.
#pragma once

#include <asyncllm/impl/core/environment.hpp>
#include <asyncllm/impl/provider/preset.hpp>

#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

/// What the caller set; "" if nothing.
struct EndpointSettings {
  std::string provider, base_url, api_key;
};

struct Endpoint {
  const Preset* preset = nullptr;
  std::string base_url, api_key;
};

/// The caller's base URL wins over the preset's variable, that over the preset's own URL. The
/// environment's key goes only to the preset's own URL or to the one from its variable; any other
/// gets the caller's key or none. Throws `Error{invalid_argument}`: no such provider, no URL, no
/// key.
Endpoint resolve_endpoint(const EndpointSettings& settings, detail::GetEnvironment environment);

/// The base URL that a value of OLLAMA_HOST means, as Ollama's own client reads it: no scheme means
/// http and port 11434, a scheme means its own port; addresses to listen on become loopback.
std::string ollama_base_url(std::string_view host);

}  // namespace asyncllm::provider
