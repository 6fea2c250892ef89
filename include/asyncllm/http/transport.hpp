// Where requests go and how connections there are made.
#pragma once

#include <asyncllm/http/url.hpp>

#include <memory>
#include <string>

namespace asyncllm::http {

class TlsContext;

/// An immutable configuration: everything by which connections differ, and nothing else. An API key
/// is no part of it, so that agents with different keys share connections.
class Transport {
 public:
  /// `ca_file`: a PEM file that replaces the system's trusted certificates, or "".
  /// Throws `Error{invalid_argument}` when the file cannot be read, `Error{unsupported}` for https
  /// in a build without TLS.
  Transport(Url url, const std::string& ca_file);

  const Url& url() const noexcept { return url_; }
  /// Null for http.
  const TlsContext* tls() const noexcept { return tls_.get(); }
  /// Connections may be shared by transports of the same key on the same loop.
  const std::string& pool_key() const noexcept { return pool_key_; }

 private:
  Url url_;
  std::shared_ptr<const TlsContext> tls_;
  std::string pool_key_;
};

}  // namespace asyncllm::http
