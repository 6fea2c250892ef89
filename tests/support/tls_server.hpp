// An https server with a certificate made on the spot, for tests of the client's checks.
#pragma once

#include <asio/io_context.hpp>

#include <memory>
#include <string>

namespace support {

/// A key and a certificate (or chain) in PEM.
struct Certificate {
  std::string key, certificate;
};

/// Self-signed, valid today. `names`: subject alternative names as OpenSSL writes them,
/// "DNS:localhost,IP:127.0.0.1", or "" for none. The common name is always localhost.
Certificate make_certificate(const std::string& names);

/// A file with this text, removed on destruction.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Answers one request a connection by `response`, then closes: with a close_notify, or without
/// when `truncate`. Speaks at most TLS 1.1 when `outdated`.
class TlsServer {
 public:
  TlsServer(
      asio::io_context& loop,
      const Certificate& certificate,
      std::string response,
      bool truncate = false,
      bool outdated = false);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  /// Speaks these versions of TLS only. To be called before the loop runs.
  void speak(int oldest, int newest);
  /// After a response `surplus` follows, which nobody asked for, in a record of its own but at
  /// once, and the connection stays open for further requests. To be called before the loop runs.
  void add_surplus(std::string surplus);
  /// This goes out before the body of a request is read, and the answer only after all of it. To be
  /// called before the loop runs.
  void send_first(std::string interim);
  /// Reads the head of a request and nothing else, answers, and keeps the connection open. To be
  /// called before the loop runs.
  void stop_reading();
  /// Wants a client's certificate that this authority signed. To be called before the loop runs.
  void demand_certificate(const std::string& ca_file);

  int port() const;
  /// How many requests came.
  int requests() const;
  /// How many handshakes resumed a session.
  int resumed() const;
  /// The name that the last client sent, "" without.
  const std::string& server_name() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace support
