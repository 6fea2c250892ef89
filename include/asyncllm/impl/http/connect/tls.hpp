// TLS over a connected socket. The only file besides tls.cpp that knows whether TLS is built in.
#pragma once

#include <asyncllm/impl/http/connect/socket.hpp>
#include <asyncllm/options/tls_files.hpp>

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/error_code.hpp>

#include <memory>
#include <string>

namespace asyncllm::inline v0_1::http {

/// How to speak TLS with one host: trust, the client's certificate, and sessions to resume. Made
/// once for a configuration and shared by its connections, also across threads. Minimum TLS 1.2 and
/// OpenSSL's security level 2 (112 bits: no RSA of 1024 bits, no SHA-1); the peer is always
/// verified.
class TlsContext {
 public:
  /// Throws `Error{invalid_argument}` when a file cannot be read, `Error{unsupported}` in a build
  /// without TLS.
  TlsContext(const std::string& host, const TlsFiles& files);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  struct Native;
  /// Streams keep it alive: a server may send session tickets at any time, and a pooled connection
  /// may outlive the client that opened it.
  const std::shared_ptr<Native>& native() const { return native_; }

 private:
  std::shared_ptr<Native> native_;
};

/// One TLS session on `socket`, which must outlive it.
class TlsStream {
 public:
  /// The host is sent as SNI and must be a subject alternative name of the certificate (RFC 9525);
  /// an address is checked as an address and not sent.
  TlsStream(Socket& socket, const TlsContext& context);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  /// These do not throw when the network fails: `error` says so.
  asio::awaitable<void> handshake(asio::error_code& error);
  asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer, asio::error_code& error);
  asio::awaitable<std::size_t> write(asio::const_buffer buffer, asio::error_code& error);

  /// Whether there are received bytes that were not read. (The socket alone cannot say.)
  bool has_unread() const;

  /// Whether the peer closed without close_notify: what came before may be cut.
  static bool is_truncation(const asio::error_code& error) noexcept;
  /// Whether TLS itself failed, by an alert of the peer for instance.
  static bool is_alert(const asio::error_code& error) noexcept;

  /// Why the handshake failed and what to do about it, in words.
  std::string explain(const asio::error_code& error) const;

 private:
  struct Native;
  std::unique_ptr<Native> native_;
};

}  // namespace asyncllm::http
