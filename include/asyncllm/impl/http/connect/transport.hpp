// Where requests go and how connections there are made.
#pragma once

#include <asyncllm/core/header_list.hpp>
#include <asyncllm/impl/http/connect/proxy.hpp>
#include <asyncllm/impl/http/parse/url.hpp>
#include <asyncllm/options/limits.hpp>
#include <asyncllm/options/tls_files.hpp>

#include <memory>
#include <optional>
#include <string>

namespace asyncllm::inline v0_1::http {

class TlsContext;

/// What a user may set.
struct TransportOptions {
  TlsFiles tls;
  std::optional<Proxy> proxy;
  Limits limits;
};

/// An immutable configuration: everything by which connections differ. An API key is no part of it,
/// so that agents with different keys share connections.
class Transport {
 public:
  /// Throws `Error{invalid_argument}` when a file cannot be read, `Error{unsupported}` for https
  /// in a build without TLS.
  Transport(Url url, const TransportOptions& options);
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  const Url& url() const noexcept { return url_; }
  const Limits& limits() const noexcept { return limits_; }
  const std::optional<Proxy>& proxy() const noexcept { return proxy_; }
  /// Whether requests go to the proxy itself, which forwards them, instead of through it.
  bool is_forwarded() const noexcept
  {
    return proxy_ && proxy_->kind == Proxy::Kind::http && !url_.tls;
  }
  /// Whether what is sent leaves this machine unencrypted.
  bool is_exposed() const;
  /// What the target of a request begins with: "" but for forwarded ones.
  std::string target_prefix() const { return is_forwarded() ? "http://" + url_.host_header() : ""; }
  /// The header fields that each request needs for the proxy.
  HeaderList headers() const;
  /// The server's address, for messages, and the proxy's.
  const std::string& destination() const noexcept { return destination_; }
  /// Null for http.
  const TlsContext* tls() const noexcept { return tls_.get(); }
  /// Connections may be shared by transports of the same key on the same loop.
  const std::string& pool_key() const noexcept { return pool_key_; }

 private:
  Url url_;
  std::optional<Proxy> proxy_;
  std::string destination_;
  Limits limits_;
  std::shared_ptr<const TlsContext> tls_;
  std::string pool_key_;
};

}  // namespace asyncllm::http
