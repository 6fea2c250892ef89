// One request and its answer on one connection: thin coroutines over parser, pool and timeouts.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/http/connect/connection.hpp>
#include <asyncllm/impl/http/connect/connector.hpp>
#include <asyncllm/impl/http/connect/context_service.hpp>
#include <asyncllm/impl/http/connect/transport.hpp>
#include <asyncllm/impl/http/exchange/exchange_times.hpp>
#include <asyncllm/impl/http/parse/content_decoder.hpp>
#include <asyncllm/options/timeouts.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace asyncllm::inline v0_1::http {

/// The error of a call that exceeded one of its timeouts. `what`: "no answer from x".
Error timed_out(const std::string& what, Timeout timeout, const Timeouts& timeouts);

/// Lives in the frame of the call. If destroyed before its end it closes the connection, which is
/// how a server learns that the client has gone.
///
/// Both coroutines throw `Error` of these kinds, which name the server's address: resolve_failed,
/// connect_failed, tls_failed, connection_lost, timeout, incomplete, bad_response,
/// response_too_large, cancelled. Cancellation: terminal; the connection is closed.
///
/// Only one timeout runs at a time, beside the total one and, in a stream, the one of the first
/// token.
class Exchange : private Deadlines::Entry {
 public:
  /// Everything runs on `executor`. `started`: when the total timeout began. `transport` must
  /// outlive the exchange.
  Exchange(
      std::shared_ptr<ContextService> loop,
      const asio::any_io_executor& executor,
      const Transport& transport,
      const Timeouts& timeouts,
      std::chrono::steady_clock::time_point started);
  ~Exchange();

  /// The kind of body decides what the idle timeout counts, and whether there is a first token.
  /// `whole` unless set. Call this before `send`, and again when the head says otherwise.
  enum class Body { whole, stream };
  void expect(Body body) noexcept;

  /// Writes to `times` when the phases end. They must outlive the exchange.
  void record(ExchangeTimes& times) noexcept { times_ = &times; }

  /// Sends the request and reads until the head of the answer is whole. Takes an idle connection if
  /// there is one; if that breaks before any byte of the answer and soon after the request was
  /// sent, the server had closed it, and the request is sent once more on a new one. `message` must
  /// stay until the end.
  asio::awaitable<void> send(std::string_view message);

  /// Of the answer; until `finish`.
  const ResponseHead& head() noexcept { return connection_->parser.head(); }

  /// Whether there is one.
  bool has_head() const noexcept { return connection_ && connection_->parser.has_head(); }

  /// The next piece of the body; empty at the end. Valid until the next call of any function here.
  asio::awaitable<std::span<const char>> read();
  /// The same of what is there already, without waiting; empty: there is nothing just now.
  std::span<const char> buffered();
  /// Whether `read` would give nothing more, without a failure.
  bool is_complete() const noexcept
  {
    return body_.empty() && state() == ResponseParser::State::complete && !decoder_;
  }

  /// The length of the body as the server claims it; 0 if it does not.
  std::uint64_t announced_length() const noexcept { return connection_->parser.announced_length(); }

  /// What was read has been used: its memory is returned until more is read.
  void mark_used() noexcept
  {
    if (bulk_)
      give_bulk_back();
  }
  /// What `read` gave of a stream held data, not only what keeps the connection open.
  void mark_data() noexcept { idle_spent_ = {}; }
  /// It held a piece of the reply, which the first_token timeout waits for.
  void mark_token() noexcept;

  /// Reads and drops the rest of a body, for at most this long and this much, so that the
  /// connection can be used again. Does not throw.
  asio::awaitable<void> drain(std::chrono::milliseconds longest, std::size_t most);

  /// Call this when the body has ended: returns the connection if it can be used again, and the
  /// head to the caller.
  ResponseHead finish();

  /// Ends the operation that a coroutine is waiting for, with `Error{cancelled}`, and every later
  /// one. The coroutine resumes later, not within this call.
  void cancel();
  /// Whether there is a connection. There is none before `send`, nor when the io_context was
  /// destroyed; then nothing else may be called.
  bool has_connection() const noexcept { return connection_ != nullptr; }

 private:
  using TimePoint = Deadlines::TimePoint;

  void on_expired() override;
  void on_shut_down() noexcept override { connection_.reset(); }
  void end_operation();
  /// Starts this timeout, or one that ends at that time; the others except total and first_token
  /// pause.
  void start(Timeout timeout);
  void start(Timeout timeout, TimePoint end);
  void rest() { start(Timeout::none, TimePoint::max()); }
  TimePoint idle_end(TimePoint now) const noexcept;

  asio::awaitable<void> connect();
  /// Makes the connection ready for `message` and writes what it takes at once. Result: the rest.
  std::string_view begin(std::string_view message, asio::error_code& error);
  asio::awaitable<void> write_and_listen(
      std::string_view& unsent,
      asio::error_code& write_error,
      asio::error_code& read_error,
      bool& answered);
  asio::awaitable<void> listen(asio::error_code& error, bool& answered);
  TimePoint await_answer();
  void give_bulk_back() noexcept;
  asio::awaitable<std::size_t> receive(asio::error_code& error);
  void take(std::size_t size, const asio::error_code& error);
  void expect_encoded_body();
  std::span<const char> decoded() { return decoder_->next(encoded_); }
  ResponseParser::State state() const noexcept { return connection_->parser.state(); }
  bool is_over(const asio::error_code& error) const;

  [[noreturn]] void fail_ended();
  [[noreturn]] void fail(ErrorKind kind, std::string what);
  [[noreturn]] void fail_parsing();
  [[noreturn]] void fail_without_head(
      const asio::error_code& write_error, const asio::error_code& read_error, bool answered);
  void check_decoded();
  [[noreturn]] void fail_reading(
      const asio::error_code& error, std::string_view when, ErrorKind orderly_kind);

  std::shared_ptr<ContextService> service_;
  const Transport& transport_;
  const Timeouts timeouts_;
  const TimePoint total_end_;
  TimePoint token_end_ = TimePoint::max();
  std::chrono::steady_clock::duration idle_spent_{};  // of the idle timeout
  Body expected_ = Body::whole;
  bool awaits_token_ = false;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Connector> connector_;          // while connecting
  std::unique_ptr<Connection::BulkBuffer> bulk_;  // in which the rest of what was received lies
  std::span<const char> body_;                    // parsed and not yet given out
  std::unique_ptr<ContentDecoder> decoder_;       // of a compressed body, rarely there
  std::span<const char> encoded_;                 // what it is to decode
  ExchangeTimes* times_ = nullptr;                // null: nobody watches
  Timeout expired_ = Timeout::none;
  bool is_cancelled_ = false;
};

}  // namespace asyncllm::http
