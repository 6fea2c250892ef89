#include <asyncllm/concurrency/wait_any.hpp>
#include <asyncllm/impl/http/exchange/exchange.hpp>
#include <asyncllm/impl/http/parse/keep_alive.hpp>

#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>

#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::http {

namespace {

using std::chrono::steady_clock;

// When a server closes an idle connection while a request is on its way, the client learns it
// within a round trip. A server that closes it later may have processed the request.
constexpr auto close_race = std::chrono::seconds(1);

// A smaller request is sent at once, whether the server reads it or not.
constexpr std::size_t heard_while_writing = 16 * 1024;

}  // namespace

Exchange::Exchange(
    std::shared_ptr<ContextService> loop,
    const asio::any_io_executor& executor,
    const Transport& transport,
    const Timeouts& timeouts,
    steady_clock::time_point started)
    : service_(std::move(loop)),
      transport_(transport),
      timeouts_(timeouts),
      total_end_(time_after(started, timeouts.limit(Timeout::total)))
{
  service_->watch(*this, executor);
}

Exchange::~Exchange()
{
  service_->unwatch(*this);
  if (bulk_)
    service_->bulk_buffers.put(std::move(bulk_));
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
  if (timeout() == Timeout::first_token)  // no read is pending: only the total timeout runs
    set(total_end_, Timeout::total);
}

void Exchange::start(Timeout timeout)
{
  start(timeout, time_after(steady_clock::now(), timeouts_.limit(timeout)));
}

void Exchange::start(Timeout timeout, TimePoint end)
{
  if (token_end_ < end) {
    timeout = Timeout::first_token;
    end = token_end_;
  }
  if (total_end_ < end) {
    timeout = Timeout::total;
    end = total_end_;
  }
  set(end, timeout);
  service_->rearm(end);
}

Exchange::TimePoint Exchange::idle_end(TimePoint now) const noexcept
{
  const auto end = time_after(now, timeouts_.limit(Timeout::idle));
  return awaits_token_ || end == TimePoint::max() ? TimePoint::max() : end - idle_spent_;
}

void Exchange::on_expired()
{
  expired_ = timeout();
  end_operation();
}

void Exchange::cancel()
{
  is_cancelled_ = true;
  end_operation();
}

void Exchange::end_operation()
{
  if (connector_)
    connector_->cancel();
  if (connection_)
    connection_->close();
}

asio::awaitable<void> Exchange::send(std::string_view message)
{
  connection_ = service_->pool.take(transport_.pool_key());
  // Twice only when the reused connection turns out to be closed before any byte of the answer.
  for (bool reused = connection_ != nullptr;; reused = false) {
    if (!reused)
      co_await connect();
    if (times_)
      times_->reused = reused;
    asio::error_code write_error, read_error;
    bool answered = false;
    auto unsent = begin(message, write_error);
    // A server may refuse a request before it has read all of it (RFC 9112, 9.3).
    while (!unsent.empty() && !write_error && !read_error &&
           state() == ResponseParser::State::head) {
      start(Timeout::write);
      if (connection_->tls() && unsent.size() > heard_while_writing)
        co_await write_and_listen(unsent, write_error, read_error, answered);
      else
        co_await connection_->write(unsent, write_error);
      if (is_over(write_error) || is_over(read_error))
        fail_ended();
      if (unsent.empty() || write_error || read_error || state() != ResponseParser::State::head)
        break;
      const auto size = co_await receive(read_error);
      if (is_over(read_error))
        fail_ended();
      answered = answered || size > 0;
      take(size, read_error);
    }
    connection_->is_broken = write_error || !unsent.empty();
    const auto sent_at = await_answer();
    if (times_ && unsent.empty())
      times_->sent = sent_at;
    while (state() == ResponseParser::State::head && !read_error) {
      std::size_t size = 0;
      read_error = connection_->late_error();
      if (!read_error)
        size = co_await receive(read_error);
      if (is_over(read_error))
        fail_ended();
      answered = answered || size > 0;
      take(size, read_error);
      if (state() == ResponseParser::State::head)
        start(Timeout::idle);
    }
    if (connection_->parser.has_head())
      break;  // a later failure is for read(), after what came before
    const bool was_closed = reused && !answered && steady_clock::now() - sent_at < close_race;
    if (!was_closed || state() == ResponseParser::State::failed)
      fail_without_head(write_error, read_error, answered);
  }
  rest();
  if (!connection_->parser.content_encoding().empty())
    expect_encoded_body();
  if (transport_.is_forwarded() && head().status == 407)
    throw Error(
        ErrorKind::connect_failed,
        "the proxy " + transport_.proxy()->name() +
            " rejected the user name and password in its URL, or requires them")
        .with_retryable(false);
}

// Over TLS only reading tells whether an answer has come, and a write that was interrupted cannot
// be resumed: both go on until the request is sent or the answer is there.
asio::awaitable<void> Exchange::write_and_listen(
    std::string_view& unsent,
    asio::error_code& write_error,
    asio::error_code& read_error,
    bool& answered)
{
  std::vector<asio::awaitable<void>> both;
  both.push_back(connection_->write(unsent, write_error));
  both.push_back(listen(read_error, answered));
  auto first = wait_any(std::move(both));
  try {
    const auto ended = co_await std::move(first);
    auto& other = ended.index == 0 ? read_error : write_error;
    if (other == asio::error::operation_aborted)
      other.clear();
  } catch (const asio::system_error& error) {  // the call was cancelled
    write_error = error.code();
  }
}

// Reads until the head of the final response is complete.
asio::awaitable<void> Exchange::listen(asio::error_code& error, bool& answered)
{
  while (state() == ResponseParser::State::head && !error) {
    const auto size = co_await receive(error);
    if (is_over(error))
      co_return;
    answered = answered || size > 0;
    take(size, error);
  }
}

std::string_view Exchange::begin(std::string_view message, asio::error_code& error)
{
  auto& parser = connection_->parser;
  parser.set_limits(transport_.limits());
  parser.reset();
  ++connection_->requests;
  token_end_ = TimePoint::max();
  return message.substr(connection_->write_now(message, error));
}

Exchange::TimePoint Exchange::await_answer()
{
  const auto now = steady_clock::now();
  if (awaits_token_)
    token_end_ = time_after(now, timeouts_.limit(Timeout::first_token));
  start(Timeout::first_byte, time_after(now, timeouts_.limit(Timeout::first_byte)));
  return now;
}

void Exchange::fail_without_head(
    const asio::error_code& write_error, const asio::error_code& read_error, bool answered)
{
  if (state() == ResponseParser::State::failed)
    fail_parsing();
  if (answered)
    fail_reading(read_error, "in the head of the answer", ErrorKind::incomplete);
  if (TlsStream::is_alert(read_error))  // TLS 1.3 refuses a client this late
    fail(
        ErrorKind::tls_failed,
        "no TLS with " + transport_.destination() + ": " + connection_->tls()->explain(read_error));
  fail_reading(
      write_error ? write_error : read_error,
      "before the answer began",
      ErrorKind::connection_lost);
}

void Exchange::expect_encoded_body()
{
  const auto coding = connection_->parser.content_encoding();
  if (ContentDecoder::is_identity(coding))
    return;
  decoder_ = std::make_unique<ContentDecoder>(coding);
  encoded_ = std::exchange(body_, {});
}

std::span<const char> Exchange::buffered()
{
  if (decoder_ && body_.empty())
    body_ = decoded();
  return std::exchange(body_, {});
}

asio::awaitable<std::span<const char>> Exchange::read()
{
  if (decoder_ && body_.empty())
    body_ = decoded();
  while (body_.empty() && state() == ResponseParser::State::body &&
         !(decoder_ && decoder_->refusal())) {
    const auto since = steady_clock::now();
    start(Timeout::idle, idle_end(since));
    std::size_t size = 0;
    auto error = connection_->late_error();
    if (!error)
      size = co_await receive(error);
    if (is_over(error))
      fail_ended();
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
  if (decoder_ && body_.empty())
    check_decoded();
  co_return buffered();
}

// After the end of a body, or where its decoder cannot go on.
void Exchange::check_decoded()
{
  if (const auto& refusal = decoder_->refusal())
    fail(
        ErrorKind::bad_response,
        transport_.destination() + " sent an answer that cannot be read: " + refusal->why);
  if (!decoder_->is_complete() && head().status < 400)
    fail(
        ErrorKind::incomplete,
        transport_.destination() + " sent an answer whose compressed body breaks off");
}

asio::awaitable<std::size_t> Exchange::receive(asio::error_code& error)
{
  if (bulk_)
    service_->bulk_buffers.put(std::move(bulk_));
  return connection_->read(error);
}

void Exchange::give_bulk_back() noexcept
{
  if (connection_ && body_.empty() && encoded_.empty() && connection_->received().empty())
    service_->bulk_buffers.put(std::move(bulk_));
}

void Exchange::take(std::size_t size, const asio::error_code& error)
{
  if (times_ && size > 0 && !times_->first_byte)
    times_->first_byte = steady_clock::now();
  if (connection_->has_bulk(size)) {
    bulk_ = service_->bulk_buffers.take();
    connection_->add_bulk(size, *bulk_);
  } else {
    connection_->add_received(size);
  }
  connection_->parse();
  body_ = connection_->parser.body();
  if (decoder_) {
    encoded_ = body_;
    body_ = decoded();
  }
  if (error == asio::error::eof)  // an orderly end, by TLS a close_notify: may delimit the body
    connection_->parser.feed_end();
}

asio::awaitable<void> Exchange::drain(std::chrono::milliseconds longest, std::size_t most)
{
  start(Timeout::idle, time_after(steady_clock::now(), longest));
  std::size_t drained = 0;
  while (state() == ResponseParser::State::body && drained <= most) {
    auto error = connection_->late_error();
    if (error)
      co_return;
    const auto size = co_await receive(error);
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
  // Surplus bytes answer no request of ours: such a connection is never used again.
  const bool reusable =
      whole && parser.keep_alive() && !connection_->is_broken && connection_->received().empty();
  if (const auto idle = idle_time(head.headers, connection_->requests); idle && reusable) {
    connection_->idle_until = steady_clock::now() + *idle;
    service_->pool.put(transport_.pool_key(), std::move(connection_));
  }
  connection_.reset();
  return head;
}

asio::awaitable<void> Exchange::connect()
{
  start(Timeout::connect);
  const auto executor = co_await asio::this_coro::executor;
  connector_ = std::make_unique<Connector>(executor, *service_, transport_, times_);
  connection_ = co_await connector_->run();
  if (!connection_)
    fail_ended();
  connector_.reset();
}

bool Exchange::is_over(const asio::error_code& error) const
{
  return expired_ != Timeout::none || is_cancelled_ || error == asio::error::operation_aborted;
}

void Exchange::fail_ended()
{
  const auto& where = transport_.destination();
  if (expired_ == Timeout::none)
    throw Error(ErrorKind::cancelled, "the call to " + where + " was cancelled");
  const bool handshaking = connector_ && connector_->is_handshaking();
  const auto what = [&]() -> std::string {
    switch (expired_) {
      case Timeout::connect: return (handshaking ? "no TLS with " : "no connection to ") + where;
      case Timeout::write: return where + " did not take the request";
      case Timeout::first_byte: return "no answer from " + where;
      case Timeout::first_token: return "no token from " + where;
      case Timeout::idle: return "no further data from " + where;
      default: return "no complete answer from " + where;
    }
  };
  auto error = timed_out(what(), expired_, timeouts_);
  if (handshaking)
    error.with_retryable(false).with_hint("if it is a plain server, use http://");
  throw error;
}

Error timed_out(const std::string& what, Timeout timeout, const Timeouts& timeouts)
{
  const auto limit = std::to_string(timeouts.limit(timeout).count());
  Error error(ErrorKind::timeout, what + " within " + limit + " ms");
  error.with_timeout(timeout);
  error.with_hint("the timeout is Timeouts::" + std::string(to_string(timeout)));
  return error;
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
          (parser.too_large() ? " sent a response that is over a limit: "
                              : " sent a response that is not valid HTTP/1.1: ") +
          parser.failure());
}

void Exchange::fail_reading(
    const asio::error_code& error, std::string_view when, ErrorKind orderly_kind)
{
  const bool orderly = error == asio::error::eof || TlsStream::is_truncation(error);
  Error lost(
      orderly ? orderly_kind : ErrorKind::connection_lost,
      transport_.destination() + " closed the connection " + std::string(when) +
          (orderly ? "" : " (" + error.message() + ")"));
  if (!orderly && orderly_kind == ErrorKind::incomplete)  // it is processing the request
    lost.with_retryable(false);
  throw lost;
}

}  // namespace asyncllm::http
