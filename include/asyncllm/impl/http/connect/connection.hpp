// One connection to a server, with TLS or without, and what it has read.
#pragma once

#include <asyncllm/impl/http/connect/socket.hpp>
#include <asyncllm/impl/http/connect/tls.hpp>
#include <asyncllm/impl/http/parse/response_parser.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::http {

class Connection {
 public:
  explicit Connection(Socket socket);

  /// Starts TLS. The stream explains a failure.
  asio::awaitable<void> start_tls(const TlsContext& context, asio::error_code& error);

  /// Writes what the peer takes at once, which is mostly all. `error` has only what is for good.
  std::size_t write_now(std::string_view bytes, asio::error_code& error);
  /// Writes the rest, and takes off `bytes` what went out. Returns before the end, without an
  /// error, when something has been received: the peer may answer before it has read everything.
  asio::awaitable<void> write(std::string_view& bytes, asio::error_code& error);

  /// Memory for what comes in bulk.
  using BulkBuffer = std::vector<char>;
  /// Waits for bytes, only when all that was received is parsed. `add_received` takes the result.
  asio::awaitable<std::size_t> read(asio::error_code& error);
  void add_received(std::size_t size) { received_ = {buffer_.get(), size}; }
  /// Whether there may be more than `read` gave: then `add_bulk` takes it too. All that was
  /// received lies in `bulk` then, which must stay until it is parsed.
  bool has_bulk(std::size_t size) const { return size == own_size && !tls_ && is_non_blocking(); }
  void add_bulk(std::size_t size, BulkBuffer& bulk);
  /// The error that came behind the bytes received last: there is nothing more to read.
  const asio::error_code& late_error() const noexcept { return late_error_; }

  /// Bytes that were read and not yet given to the parser.
  std::span<char> received() noexcept { return received_; }
  /// Gives the parser what was received, as far as the response reaches.
  void parse() { received_ = received_.subspan(parser.feed(received_)); }

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
  bool is_non_blocking() const { return socket_.non_blocking(); }

  // Most connections wait most of the time: each has memory of its own for a small answer, or a few
  // tokens. TLS comes in records and is decrypted at once.
  static constexpr std::size_t own_size = 1024, tls_size = 16 * 1024, bulk_size = 64 * 1024;

  Socket socket_;
  std::unique_ptr<TlsStream> tls_;
  std::unique_ptr<char[]> buffer_;
  std::span<char> received_;
  asio::error_code late_error_;
};

}  // namespace asyncllm::http
