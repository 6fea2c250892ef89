// One request and its answer on one connection: the thin coroutine rim over parser, pool and
// clocks.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/http/timeouts.hpp>
#include <asyncllm/http/transport.hpp>

#include "http/connection.hpp"
#include "http/loop.hpp"
#include "http/resolve.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace asyncllm::http {

/// Lives in the frame of the call. Destroyed before its end it closes the connection, which is how
/// a server learns that nobody waits any more.
///
/// Both coroutines throw `Error` of these kinds, which name the server's address: resolve_failed,
/// connect_failed, tls_failed, connection_lost, timeout, incomplete, bad_response,
/// response_too_large, cancelled. Cancellation: terminal; the connection is closed.
class Exchange : private Deadlines::Entry {
 public:
  /// `started`: when the total clock began. `transport` must outlive the exchange.
  Exchange(
      const asio::any_io_executor& executor,
      const Transport& transport,
      const Timeouts& timeouts,
      std::chrono::steady_clock::time_point started);
  ~Exchange();

  /// Sends the request and reads until the head of the answer is whole. Takes an idle connection if
  /// there is one; when that breaks before any byte of the answer, the server had closed it and the
  /// request goes out once more on a new one. `message` must stay until the end.
  asio::awaitable<void> send(std::string_view message);

  /// Of the answer; until `finish`.
  const ResponseHead& head() noexcept { return connection_->parser.head(); }

  /// The next piece of the body, valid until the next call; empty at the end.
  asio::awaitable<std::span<const char>> read();

  /// Reads what is left of a body whose rest nobody needs, at most so long and so much, so that the
  /// connection can be used again. Does not throw.
  asio::awaitable<void> drain(std::chrono::milliseconds longest, std::size_t most);

  /// To be called when the body ended: gives the connection back if it can be used again, and the
  /// head to the caller.
  ResponseHead finish();

 private:
  void on_expired() override;
  void set_clock(Clock clock);

  asio::awaitable<void> connect();
  void take(std::size_t size, const asio::error_code& error);
  ResponseParser::State state() const noexcept { return connection_->parser.state(); }
  bool is_over(const asio::error_code& error) const;

  [[noreturn]] void fail_over();
  [[noreturn]] void fail(ErrorKind kind, std::string what);
  [[noreturn]] void fail_parsing();
  [[noreturn]] void fail_reading(
      const asio::error_code& error, std::string_view when, ErrorKind orderly_kind);

  asio::any_io_executor executor_;
  std::shared_ptr<Loop> loop_;
  const Transport& transport_;
  const Timeouts timeouts_;
  const std::chrono::steady_clock::time_point started_;
  std::unique_ptr<Connection> connection_;
  std::optional<Resolution> resolution_;
  std::span<const char> body_;  // parsed and not yet given out
  Clock expired_ = Clock::none;
};

}  // namespace asyncllm::http
