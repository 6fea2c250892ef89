// One connection to a server, with TLS or without, and what it has read.
#pragma once

#include "http/response_parser.hpp"
#include "http/socket.hpp"
#include "http/tls.hpp"

#include <asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncllm::http {

class Connection {
 public:
  explicit Connection(Socket socket) : socket_(std::move(socket)) {}

  /// Starts TLS. The stream explains a failure.
  asio::awaitable<void> start_tls(const TlsContext& context, asio::error_code& error);

  asio::awaitable<std::size_t> write(std::string_view bytes, asio::error_code& error);
  /// Waits for bytes. Only when all that was received is parsed; `add_received` takes the result.
  asio::awaitable<std::size_t> read(asio::error_code& error);
  void add_received(std::size_t size) noexcept { end_ = size; }

  /// Bytes that were read and not yet given to the parser.
  std::span<char> received() noexcept { return {buffer_.data() + begin_, end_ - begin_}; }
  /// Gives the parser what was received, as far as the response reaches.
  void parse() { begin_ += parser.feed(received()); }

  /// Whether the peer has neither closed nor sent anything: only then may a request follow.
  bool is_quiet();
  /// Ends every pending operation.
  void close() noexcept;

  const TlsStream* tls() const noexcept { return tls_.get(); }

  ResponseParser parser;
  int requests = 0;                                  ///< sent so far
  std::chrono::steady_clock::time_point idle_until;  ///< not to be used after
  bool is_broken = false;                            ///< a request did not go out whole

 private:
  static constexpr std::size_t buffer_size = 16 * 1024;

  Socket socket_;
  std::unique_ptr<TlsStream> tls_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace asyncllm::http
