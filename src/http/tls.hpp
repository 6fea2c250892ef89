// TLS over a connected socket. The only file besides tls.cpp that knows whether TLS is built in.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/error_code.hpp>
#include <asio/ip/tcp.hpp>

#include <memory>
#include <string>

namespace asyncllm::http {

/// Which certificates are trusted. Made once for a configuration, shared by its connections.
/// Minimum TLS 1.2; the peer is always verified.
class TlsContext {
 public:
  /// The system's roots when `ca_file` is empty, else only the certificates in that PEM file.
  /// Throws `Error{invalid_argument}` when the file cannot be read, `Error{unsupported}` in a build
  /// without TLS.
  explicit TlsContext(const std::string& ca_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  struct Native;
  Native& native() const { return *native_; }

 private:
  std::unique_ptr<Native> native_;
};

/// One TLS session on `socket`, which must outlive it.
class TlsStream {
 public:
  /// `host` is sent as SNI and must be a subject alternative name of the certificate (RFC 9525);
  /// an address is checked as an address and not sent.
  TlsStream(asio::ip::tcp::socket& socket, const TlsContext& context, const std::string& host);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  /// These never throw for a failure of the network: `error` tells it.
  asio::awaitable<void> handshake(asio::error_code& error);
  asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer, asio::error_code& error);
  asio::awaitable<std::size_t> write(asio::const_buffer buffer, asio::error_code& error);

  /// What a failed handshake failed of, and what to do about it, in words.
  std::string explain(const asio::error_code& error) const;

 private:
  struct Native;
  std::unique_ptr<Native> native_;
};

}  // namespace asyncllm::http
