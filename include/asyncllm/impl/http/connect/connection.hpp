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

  /// Writes what the peer takes at once, usually all. `error` is set only for a lasting failure.
  std::size_t write_now(std::string_view bytes, asio::error_code& error);
  /// Writes the rest, and removes what was sent from `bytes`. Returns before the end, without an
  /// error, when something was received: the peer may answer before it has read everything.
  asio::awaitable<void> write(std::string_view& bytes, asio::error_code& error);

  /// Memory for large reads.
  using BulkBuffer = std::vector<char>;
  /// Waits for bytes. Call this only when everything received is parsed. `add_received` takes the
  /// result.
  asio::awaitable<std::size_t> read(asio::error_code& error);
  void add_received(std::size_t size) { received_ = {buffer_.get(), size}; }
  /// Whether there may be more than `read` gave: then `add_bulk` takes it too. All that was
  /// received is in `bulk` then, which must stay until it is parsed.
  bool has_bulk(std::size_t size) const { return size == own_size && !tls_ && is_non_blocking(); }
  void add_bulk(std::size_t size, BulkBuffer& bulk);
  /// The error that followed the last bytes: there is nothing more to read.
  const asio::error_code& late_error() const noexcept { return late_error_; }

  /// Bytes that were read and not yet parsed.
  std::span<char> received() noexcept { return received_; }
  /// Passes what was received to the parser, up to the end of the response.
  void parse() { received_ = received_.subspan(parser.feed(received_)); }

  /// Whether the peer has neither closed nor sent anything. A request may follow only then.
  bool is_quiet();
  /// Ends every pending operation.
  void close() noexcept;

  const TlsStream* tls() const noexcept { return tls_.get(); }

  ResponseParser parser;
  int requests = 0;                                  ///< sent so far
  std::chrono::steady_clock::time_point idle_until;  ///< not to be used after this time
  bool is_broken = false;                            ///< a request was not sent completely

 private:
  bool is_non_blocking() const { return socket_.non_blocking(); }

  // Most connections wait most of the time: each has its own memory for a small answer or a few
  // tokens. TLS arrives in records and is decrypted at once.
  static constexpr std::size_t own_size = 1024, tls_size = 16 * 1024, bulk_size = 64 * 1024;

  Socket socket_;
  std::unique_ptr<TlsStream> tls_;
  std::unique_ptr<char[]> buffer_;
  std::span<char> received_;
  asio::error_code late_error_;
};

}  // namespace asyncllm::http
