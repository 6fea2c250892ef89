#include "http/exchange.hpp"

#include "http/keep_alive.hpp"

#include <utility>

namespace asyncllm::http {

namespace {

using std::chrono::steady_clock;

}  // namespace

Exchange::Exchange(
    const asio::any_io_executor& executor,
    const Transport& transport,
    const Timeouts& timeouts,
    steady_clock::time_point started)
    : executor_(executor),
      loop_(Loop::of(executor)),
      transport_(transport),
      timeouts_(timeouts),
      total_end_(time_after(started, timeouts.limit(Clock::total)))
{
  loop_->watch(*this);
}

Exchange::~Exchange()
{
  loop_->unwatch(*this);
}

void Exchange::expect(Body body) noexcept
{
  expected_ = body;
  if (body == Body::whole)
    mark_token();
  else
    awaits_token_ = true;
}

void Exchange::mark_token() noexcept
{
  awaits_token_ = false;
  token_end_ = TimePoint::max();
  if (clock() == Clock::first_token)  // nobody reads just now: only the total clock runs
    set(total_end_, Clock::total);
}

void Exchange::start(Clock clock)
{
  start(clock, time_after(steady_clock::now(), timeouts_.limit(clock)));
}

void Exchange::start(Clock clock, TimePoint end)
{
  if (token_end_ < end) {
    clock = Clock::first_token;
    end = token_end_;
  }
  if (total_end_ < end) {
    clock = Clock::total;
    end = total_end_;
  }
  set(end, clock);
  loop_->rearm(end);
}

Exchange::TimePoint Exchange::idle_end(TimePoint now) const noexcept
{
  const auto end = time_after(now, timeouts_.limit(Clock::idle));
  return awaits_token_ || end == TimePoint::max() ? TimePoint::max() : end - idle_spent_;
}

void Exchange::on_expired()
{
  expired_ = clock();
  place_.cancel();
  if (connector_)
    connector_->cancel();
  if (connection_)
    connection_->close();
}

asio::awaitable<void> Exchange::send(std::string_view message)
{
  if (transport_.max_in_flight() > 0)
    co_await take_place();
  connection_ = loop_->pool.take(transport_.pool_key());
  for (bool reused = connection_ != nullptr;; reused = false) {
    if (!reused)
      co_await connect();
    if (co_await converse(message, reused))
      break;
  }
  rest();
  if (transport_.is_forwarded() && head().status == 407)
    throw Error(
        ErrorKind::connect_failed,
        "the proxy " + transport_.proxy()->name() +
            " wants a user and password in its URL, or others")
        .with_retryable(false);
}

asio::awaitable<void> Exchange::take_place()
{
  if (place_.try_take(loop_->places(transport_.places_key(), transport_.max_in_flight())))
    co_return;
  start(Clock::pool_wait);
  asio::error_code error;
  co_await place_.wait(executor_, error);
  if (is_over(error))
    fail_over();
}

// False when the reused connection turned out to be closed before any byte of the answer.
asio::awaitable<bool> Exchange::converse(std::string_view message, bool reused)
{
  connection_->parser.set_limits(transport_.limits());
  connection_->parser.reset();
  ++connection_->requests;
  token_end_ = TimePoint::max();
  start(Clock::write);
  asio::error_code write_error;
  co_await connection_->write(message, write_error);
  if (is_over(write_error))
    fail_over();
  connection_->is_broken = static_cast<bool>(write_error);

  if (awaits_token_)
    token_end_ = time_after(steady_clock::now(), timeouts_.limit(Clock::first_token));
  start(Clock::first_byte);
  // Also after a failed write: a server may refuse a request before it has read all of it.
  asio::error_code read_error;
  bool answered = false;
  while (state() == ResponseParser::State::head && !read_error) {
    const auto size = co_await connection_->read(read_error);
    if (is_over(read_error))
      fail_over();
    answered = answered || size > 0;
    take(size, read_error);
    start(Clock::idle);
  }
  if (connection_->parser.has_head())
    co_return true;  // what broke behind it is for read(), after what came before
  if (state() == ResponseParser::State::failed)
    fail_parsing();
  if (answered)
    fail_reading(read_error, "in the head of the answer", ErrorKind::incomplete);
  if (!reused && TlsStream::is_alert(read_error))  // TLS 1.3 refuses a client this late
    fail(
        ErrorKind::tls_failed,
        "no TLS with " + transport_.destination() + ": " + connection_->tls()->explain(read_error));
  if (!reused)
    fail_reading(
        write_error ? write_error : read_error,
        "before the answer began",
        ErrorKind::connection_lost);
  co_return false;
}

asio::awaitable<std::span<const char>> Exchange::read()
{
  while (body_.empty() && state() == ResponseParser::State::body) {
    const auto since = steady_clock::now();
    start(Clock::idle, idle_end(since));
    asio::error_code error;
    const auto size = co_await connection_->read(error);
    if (is_over(error))
      fail_over();
    if (expected_ == Body::stream)
      idle_spent_ += steady_clock::now() - since;
    take(size, error);
    if (error && state() == ResponseParser::State::body) {
      if (head().status >= 400)  // says what is wrong, also when its page was cut
        break;
      fail_reading(error, "in the middle of the answer", ErrorKind::incomplete);
    }
  }
  rest();
  if (body_.empty() && state() == ResponseParser::State::failed)
    fail_parsing();
  co_return std::exchange(body_, {});
}

void Exchange::take(std::size_t size, const asio::error_code& error)
{
  connection_->add_received(size);
  connection_->parse();
  body_ = connection_->parser.body();
  if (error == asio::error::eof)  // an orderly end, by TLS a close_notify: may delimit the body
    connection_->parser.feed_end();
}

asio::awaitable<void> Exchange::drain(std::chrono::milliseconds longest, std::size_t most)
{
  start(Clock::idle, time_after(steady_clock::now(), longest));
  std::size_t drained = 0;
  while (state() == ResponseParser::State::body && drained <= most) {
    asio::error_code error;
    const auto size = co_await connection_->read(error);
    if (is_over(error) || error)
      co_return;
    take(size, error);
    drained += size;
  }
}

ResponseHead Exchange::finish()
{
  const auto& parser = connection_->parser;
  const bool whole = parser.state() == ResponseParser::State::complete;
  auto head = std::move(connection_->parser.head());
  // Surplus bytes are no answer to any request of ours: such a connection is never used again.
  const bool reusable =
      whole && parser.keep_alive() && !connection_->is_broken && connection_->received().empty();
  if (const auto idle = idle_time(head.headers, connection_->requests); idle && reusable) {
    connection_->idle_until = steady_clock::now() + *idle;
    loop_->pool.put(transport_.pool_key(), std::move(connection_));
  }
  connection_.reset();
  place_.leave();
  return head;
}

asio::awaitable<void> Exchange::connect()
{
  start(Clock::connect);
  connector_.emplace(executor_, *loop_, transport_);
  connection_ = co_await connector_->run();
  if (!connection_)
    fail_over();
  connector_.reset();
}

bool Exchange::is_over(const asio::error_code& error) const
{
  return expired_ != Clock::none || error == asio::error::operation_aborted;
}

void Exchange::fail_over()
{
  const auto& where = transport_.destination();
  if (expired_ == Clock::none)
    throw Error(ErrorKind::cancelled, "the call to " + where + " was cancelled");
  const bool handshaking = connector_ && connector_->is_handshaking();
  const auto what = [&]() -> std::string {
    switch (expired_) {
      case Clock::pool_wait: return "no place for a call to " + where;
      case Clock::connect: return (handshaking ? "no TLS with " : "no connection to ") + where;
      case Clock::write: return where + " did not take the request";
      case Clock::first_byte: return "no answer from " + where;
      case Clock::first_token: return "no piece of a reply from " + where;
      case Clock::idle: return "no further data from " + where;
      default: return "no complete answer from " + where;
    }
  };
  const auto limit = std::to_string(timeouts_.limit(expired_).count());
  Error error(ErrorKind::timeout, what() + " within " + limit + " ms");
  error.with_clock(expired_);
  error.with_hint("the clock is Timeouts::" + std::string(to_string(expired_)));
  if (expired_ == Clock::pool_wait)
    error.with_hint(
        "at most " + std::to_string(transport_.max_in_flight()) +
        " are in flight at once (with_max_in_flight)");
  if (handshaking)
    error.with_retryable(false).with_hint("if it is a plain server, use http://");
  throw error;
}

void Exchange::fail(ErrorKind kind, std::string what)
{
  throw Error(kind, std::move(what));
}

void Exchange::fail_parsing()
{
  const auto& parser = connection_->parser;
  fail(
      parser.too_large() ? ErrorKind::response_too_large : ErrorKind::bad_response,
      transport_.destination() +
          (parser.too_large() ? " gave an answer that is refused: "
                              : " gave an answer that is no HTTP/1.1: ") +
          parser.failure());
}

void Exchange::fail_reading(
    const asio::error_code& error, std::string_view when, ErrorKind orderly_kind)
{
  const bool orderly = error == asio::error::eof || TlsStream::is_truncation(error);
  fail(
      orderly ? orderly_kind : ErrorKind::connection_lost,
      transport_.destination() + " closed the connection " + std::string(when) +
          (orderly ? "" : " (" + error.message() + ")"));
}

}  // namespace asyncllm::http
