// Which server a client talks to, and how.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/core/header_list.hpp>
#include <asyncllm/observe/observer.hpp>
#include <asyncllm/options/limits.hpp>
#include <asyncllm/options/redirects.hpp>
#include <asyncllm/options/tls_files.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1 {

/// The options of a client. Nothing is checked before the client is made.
class ClientOptions {
 public:
  /// `provider`: "ollama", "openai", "anthropic" or another one of docs/providers.md;
  /// "openai-compatible" for any other server with OpenAI's API.
  explicit ClientOptions(std::string provider) : provider_(std::move(provider)) {}

  ClientOptions& provider(std::string name) { return set(provider_, std::move(name)); }

  /// http://, https:// or http+unix:// (a Unix socket), with the path that comes before the API's
  /// own. For Ollama also a host alone, with or without a port, as in OLLAMA_HOST. A user name and
  /// password in it are sent as Basic authentication (RFC 7617).
  /// Default: the provider's variable in the environment (OLLAMA_HOST, OPENAI_BASE_URL, ...), then
  /// the provider's own URL.
  ClientOptions& base_url(std::string url) { return set(base_url_, std::move(url)); }
  /// Default: the provider's variable in the environment (OPENAI_API_KEY, ...), which is sent only
  /// to the provider's own URL or to the one from the environment. White space and quotes around
  /// it, and a copied "Bearer " in front, are removed.
  ClientOptions& api_key(std::string key) { return set(api_key_, std::move(key)); }
  /// A PEM file with the certificates to trust instead of the system's.
  ClientOptions& ca_file(std::string path) { return set(tls_files_.ca, std::move(path)); }
  /// A PEM file with certificate revocation lists. There must be one of every authority in the
  /// server's chain, otherwise the server is refused. Default: revocation is not checked.
  ClientOptions& crl_file(std::string path) { return set(tls_files_.crl, std::move(path)); }
  /// PEM files with the client's certificate (and its chain), and its key, which must not be
  /// encrypted.
  ClientOptions& client_certificate(std::string certificate_file, std::string key_file)
  {
    tls_files_.certificate = std::move(certificate_file);
    return set(tls_files_.key, std::move(key_file));
  }
  /// Allows the key to be sent over http:// to another machine, which is refused otherwise.
  ClientOptions& key_over_plain_http(bool value)
  {
    key_over_plain_http_ = value;
    return *this;
  }

  /// "http://[user:password@]host:port" or "socks5://..."; "" or "direct": no proxy. Default: what
  /// http_proxy, https_proxy, all_proxy and no_proxy say (docs/reliability.md).
  ClientOptions& proxy(std::string url)
  {
    proxy_ = std::move(url);
    return *this;
  }
  /// How many calls may be in flight at once on one io_context, on all its strands together.
  /// Further calls wait, first come, first served. Copies of a client, and its agents, share the
  /// limit. 0: no limit. Default: 64 for Ollama, which serves a few at once and refuses calls when
  /// its queue is full; no limit elsewhere.
  ClientOptions& max_in_flight(std::size_t count)
  {
    max_in_flight_ = count;
    return *this;
  }

  /// How much of an answer is read before it is refused.
  ClientOptions& limits(const Limits& limits)
  {
    limits_ = limits;
    return *this;
  }

  /// Follows redirects, `Redirects().follow()`, by the rules of `Redirects`. Default: no redirect
  /// is followed; it is `Error{bad_response}`, which says where it leads.
  ClientOptions& redirects(Redirects rules)
  {
    redirects_ = rules;
    return *this;
  }

  /// Adds one that watches each call. Several get the same events, in their order.
  ClientOptions& observer(std::shared_ptr<Observer> observer)
  {
    if (observer)
      observers_.push_back(std::move(observer));
    return *this;
  }
  /// Adds header fields to each call, such as `traceparent`, as `RequestOptions::header` does.
  /// Called on the executor of the call, before its request is written; `CallInfo::id` is that of
  /// the first observer, 0 without one. What it throws ends the call.
  ClientOptions& before_send(std::function<void(HeaderList&, const CallInfo&)> hook)
  {
    before_send_ = std::move(hook);
    return *this;
  }

  const std::string& provider() const noexcept { return provider_; }
  const std::string& base_url() const noexcept { return base_url_; }
  const std::string& api_key() const noexcept { return api_key_; }
  const TlsFiles& tls_files() const noexcept { return tls_files_; }
  const std::optional<std::string>& proxy() const noexcept { return proxy_; }
  const Limits& limits() const noexcept { return limits_; }
  Redirects redirects() const noexcept { return redirects_; }
  bool key_over_plain_http() const noexcept { return key_over_plain_http_; }
  std::optional<std::size_t> max_in_flight() const noexcept { return max_in_flight_; }
  const std::vector<std::shared_ptr<Observer>>& observers() const noexcept { return observers_; }
  const std::function<void(HeaderList&, const CallInfo&)>& before_send() const noexcept
  {
    return before_send_;
  }

 private:
  ClientOptions& set(std::string& option, std::string value)
  {
    option = std::move(value);
    return *this;
  }

  std::string provider_, base_url_, api_key_;
  TlsFiles tls_files_;
  Limits limits_;
  Redirects redirects_;
  bool key_over_plain_http_ = false;
  std::optional<std::string> proxy_;
  std::optional<std::size_t> max_in_flight_;
  std::vector<std::shared_ptr<Observer>> observers_;
  std::function<void(HeaderList&, const CallInfo&)> before_send_;
};

}  // namespace asyncllm
