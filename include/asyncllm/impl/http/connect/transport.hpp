// Where requests go and how connections there are made.
#pragma once

#include <asyncllm/core/header_list.hpp>
#include <asyncllm/impl/http/connect/proxy.hpp>
#include <asyncllm/impl/http/parse/url.hpp>
#include <asyncllm/options/limits.hpp>
#include <asyncllm/options/tls_files.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace asyncllm::inline v0_1::http {

class TlsContext;

/// What a user may set.
struct TransportOptions {
  TlsFiles tls;
  std::optional<Proxy> proxy;
  std::size_t max_in_flight = 0;  ///< calls at once on one loop; 0: no limit
  Limits limits;
  /// Whose places its calls take; null: its own. Only its address counts.
  const void* places_of = nullptr;
};

/// An immutable configuration: everything by which connections differ, and how many calls may be in
/// flight. An API key is no part of it, so that agents with different keys share connections.
/// Places are counted by the address of the transport, so that copies of a client share them, or by
/// `TransportOptions::places_of`.
class Transport {
 public:
  /// Throws `Error{invalid_argument}` when a file cannot be read, `Error{unsupported}` for https
  /// in a build without TLS.
  Transport(Url url, const TransportOptions& options);
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  const Url& url() const noexcept { return url_; }
  std::size_t max_in_flight() const noexcept { return max_in_flight_; }
  /// By what places are counted.
  const void* places_key() const noexcept { return places_of_ ? places_of_ : this; }
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
  /// What each request must carry for the proxy.
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
  std::size_t max_in_flight_;
  const void* places_of_;
  Limits limits_;
  std::shared_ptr<const TlsContext> tls_;
  std::string pool_key_;
};

}  // namespace asyncllm::http
