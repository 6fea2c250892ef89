#include "http/exchange.hpp"

#include "http/keep_alive.hpp"

#include <utility>

namespace asyncllm::http {

Exchange::Exchange(
    const asio::any_io_executor& executor,
    const Transport& transport,
    const Timeouts& timeouts,
    std::chrono::steady_clock::time_point started)
    : executor_(executor),
      loop_(Loop::of(executor)),
      transport_(transport),
      timeouts_(timeouts),
      started_(started)
{
  loop_->watch(*this);
  set_clock(Clock::total);
}

Exchange::~Exchange()
{
  loop_->unwatch(*this);
}

void Exchange::set_clock(Clock clock)
{
  using TimePoint = Deadlines::TimePoint;
  const auto limit = [](TimePoint from, Timeouts::Duration duration) {
    const bool off = duration.count() <= 0 || duration > std::chrono::hours(24 * 365);
    return off ? TimePoint::max() : from + duration;
  };
  const auto total = limit(started_, timeouts_.total());
  const auto connect = limit(std::chrono::steady_clock::now(), timeouts_.connect());
  if (clock == Clock::connect && connect < total)
    set(connect, Clock::connect);
  else
    set(total, Clock::total);
  loop_->rearm(at());
}

void Exchange::on_expired()
{
  expired_ = clock();
  if (resolution_)
    resolution_->cancel();
  if (connection_)
    connection_->close();
}

asio::awaitable<void> Exchange::send(std::string_view message)
{
  connection_ = loop_->pool.take(transport_.pool_key());
  for (bool reused = connection_ != nullptr;; reused = false) {
    if (!reused)
      co_await connect();
    connection_->parser.reset();

    asio::error_code write_error;
    co_await connection_->write(message, write_error);
    if (is_over(write_error))
      fail_over();

    // Also after a failed write: a server may refuse a request before it has read all of it.
    asio::error_code read_error;
    bool answered = false;
    while (state() == ResponseParser::State::head && !read_error) {
      const auto size = co_await connection_->read(read_error);
      if (is_over(read_error))
        fail_over();
      answered = answered || size > 0;
      take(size, read_error);
    }
    if (state() == ResponseParser::State::failed)
      fail_parsing();
    if (state() != ResponseParser::State::head)
      co_return;
    if (answered)
      fail_reading(read_error, "in the head of the answer", ErrorKind::incomplete);
    if (!reused)
      fail_reading(
          write_error ? write_error : read_error,
          "before the answer began",
          ErrorKind::connection_lost);
  }
}

asio::awaitable<std::span<const char>> Exchange::read()
{
  while (body_.empty() && state() == ResponseParser::State::body) {
    asio::error_code error;
    const auto size = co_await connection_->read(error);
    if (is_over(error))
      fail_over();
    take(size, error);
    if (error && state() == ResponseParser::State::body)
      fail_reading(error, "in the middle of the answer", ErrorKind::incomplete);
  }
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
  set(std::chrono::steady_clock::now() + longest, Clock::idle);
  loop_->rearm(at());
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
  const bool reusable = whole && parser.keep_alive() && connection_->received().empty();
  if (const auto idle = idle_time(head.headers, connection_->requests); idle && reusable) {
    connection_->idle_until = std::chrono::steady_clock::now() + *idle;
    loop_->pool.put(transport_.pool_key(), std::move(connection_));
  }
  return head;
}

asio::awaitable<void> Exchange::connect()
{
  const auto& url = transport_.url();
  set_clock(Clock::connect);

  auto endpoints = known_endpoints(url.host, url.port);
  asio::error_code error;
  if (!endpoints) {
    resolution_.emplace(executor_);
    endpoints = co_await resolution_->run(url.host, url.port, error);
    resolution_.reset();
    if (is_over(error))
      fail_over();
    if (error)
      fail(ErrorKind::resolve_failed, "cannot find the host " + url.host + ": " + error.message());
  }

  connection_ = std::make_unique<Connection>(executor_);
  asio::error_code first_error;
  for (const auto& endpoint : *endpoints) {
    error.clear();
    co_await connection_->connect(endpoint, error);
    if (is_over(error))
      fail_over();
    if (!error)
      break;
    if (!first_error)
      first_error = error;
  }
  if (error)
    fail(
        ErrorKind::connect_failed,
        "cannot connect to " + url.authority() + ": " + first_error.message());

  if (const auto* context = transport_.tls()) {
    co_await connection_->start_tls(*context, url.host, error);
    if (is_over(error))
      fail_over();
    if (error)
      fail(
          ErrorKind::tls_failed,
          "no TLS with " + url.authority() + ": " + connection_->tls()->explain(error));
  }
  set_clock(Clock::total);
}

bool Exchange::is_over(const asio::error_code& error) const
{
  return expired_ != Clock::none || error == asio::error::operation_aborted;
}

void Exchange::fail_over()
{
  const auto& where = transport_.url().authority();
  if (expired_ == Clock::none)
    throw Error(ErrorKind::cancelled, "the call to " + where + " was cancelled");
  const bool connecting = expired_ == Clock::connect;
  const bool handshaking = connecting && connection_ && connection_->tls();
  const auto limit = connecting ? timeouts_.connect() : timeouts_.total();
  Error error(
      ErrorKind::timeout,
      std::string("no ") +
          (handshaking  ? "TLS with "
           : connecting ? "connection to "
                        : "complete answer from ") +
          where + " within " + std::to_string(limit.count()) + " ms");
  error.with_clock(expired_);
  if (handshaking)
    error.with_hint("if it is a plain server, use http://");
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
      transport_.url().authority() + " gave an answer that is no HTTP/1.1: " + parser.failure());
}

void Exchange::fail_reading(
    const asio::error_code& error, std::string_view when, ErrorKind orderly_kind)
{
  const bool orderly = error == asio::error::eof;
  fail(
      orderly ? orderly_kind : ErrorKind::connection_lost,
      transport_.url().authority() + " closed the connection " + std::string(when) +
          (orderly ? "" : " (" + error.message() + ")"));
}

}  // namespace asyncllm::http
