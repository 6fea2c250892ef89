// A server whose every byte the test writes: for what no proper server would do.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace support {

/// One accepted connection.
class Peer {
 public:
  explicit Peer(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  /// Reads one request, which must have a Content-Length or no body. False when the client closed.
  asio::awaitable<bool> read_request();
  /// The head and the body of the last one.
  const std::string& last_request() const { return last_request_; }

  asio::awaitable<void> write(std::string text);

  /// Until the server closes it: on its own account, or since it is destroyed.
  bool is_open() const { return socket_.is_open(); }
  void close() { socket_.close(); }
  /// Ends what is sent; the client may still send.
  void shut_down();
  void reset();

 private:
  asio::ip::tcp::socket socket_;
  std::string received_, last_request_;
};

/// Listens on a free port of 127.0.0.1; destroying it closes the port and all connections.
class SocketServer {
 public:
  /// Called for each connection, with its number from 1.
  using Serve = std::function<asio::awaitable<void>(std::shared_ptr<Peer>, int)>;

  SocketServer(asio::io_context& loop, Serve serve);
  ~SocketServer();
  SocketServer(const SocketServer&) = delete;
  SocketServer& operator=(const SocketServer&) = delete;

  std::string url() const;
  int connections() const;

 private:
  struct State;
  static asio::awaitable<void> accept(std::shared_ptr<State> state);
  static asio::awaitable<void> serve(
      std::shared_ptr<State> state, std::shared_ptr<Peer> peer, int number);

  std::shared_ptr<State> state_;
};

/// A chat reply of OpenAI's wire, as a whole HTTP response.
std::string chat_response(const std::string& text, const std::string& headers = "");

}  // namespace support
