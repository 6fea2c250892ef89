#include <asyncllm/client/reply_stream.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/core/text.hpp>

#include "client/client_state.hpp"
#include "client/reply_stream_state.hpp"
#include "client/retries.hpp"

#include <asio/this_coro.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace asyncllm {
namespace {

using SteadyClock = std::chrono::steady_clock;

// What is waited for the end of a body whose reply is complete.
constexpr auto drain_time = std::chrono::milliseconds(50);
constexpr std::size_t drain_bytes = 64 * 1024;

bool contains(std::string_view text, std::string_view words)
{
  return text.find(words) != text.npos;
}

// Whether the server streams, as it was asked to: a whole JSON document or a page is no stream.
bool is_stream(const ResponseHead& head)
{
  const auto field = find_header(head.headers, "Content-Type").value_or("");
  const auto type = to_lower(trim(field.substr(0, field.find(';'))));
  return type != "application/json" && type != "text/html";
}

// Whether a body that was announced as something else is a stream all the same.
bool is_stream(std::string_view body, const ReplyStream::State& state)
{
  const auto text = trim(body);
  if (std::holds_alternative<stream::SseDecoder>(state.decoder))
    return text.starts_with("data:") || text.starts_with("event:") || text.starts_with(':');
  const auto line = trim(text.substr(0, text.find('\n')));
  return line.size() < text.size() && line.starts_with('{') && line.ends_with('}');
}

// Marks a next() as pending for as long as its coroutine lives.
class Pending {
 public:
  explicit Pending(bool& flag) : flag_(flag)
  {
    if (flag_)
      throw std::logic_error("asyncllm: two next() of one ReplyStream at once");
    flag_ = true;
  }
  ~Pending() { flag_ = false; }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

 private:
  bool& flag_;
};

asio::awaitable<std::string> read_all(http::Exchange& exchange, const Limits& limits)
{
  std::string body;
  for (;;) {
    const auto piece = co_await exchange.read();
    if (piece.empty())
      co_return body;
    append_bounded(body, piece, exchange.told_length(), limits);
  }
}

// One try: sends the request and sees to it that the answer is a stream; a whole reply is taken as
// it is.
asio::awaitable<void> try_once(ReplyStream::State& state, const std::shared_ptr<http::Loop>& loop)
{
  const auto& client = *state.client;
  client.write_message(state.request, *state.options, state.delivery, state.message);
  auto& route = state.route.emplace(client, client.path_of(state.request), state.message);
  std::string body;
  const auto& head = state.head;
  do {
    state.exchange = std::make_unique<http::Exchange>(
        loop, route.transport(), state.options->timeouts(), state.started);
    state.was_sent = true;
    state.exchange->expect(http::Exchange::Body::stream);
    co_await state.exchange->send(route.message());
    state.head = state.exchange->head();
    if (is_success(head) && is_stream(head))
      co_return;
    state.exchange->expect(http::Exchange::Body::whole);
    body = co_await read_all(*state.exchange, client.transport.limits());
    if (!is_success(head))
      state.exchange->finish();
  } while (route.follow(head));
  if (!is_success(head))
    throw provider::error_from_answer(head, body);
  if (!is_stream(body, state)) {
    state.take_whole(std::move(body));
    co_return;
  }
  state.take(body);
  if (!state.is_read)
    state.take({});
}

bool knows_no_stream_options(const Error& error)
{
  return (error.http_status() == 400 || error.http_status() == 422) &&
         contains(error.server_message(), "stream_options");
}

asio::awaitable<void> open(ReplyStream::State& state)
{
  state.started = SteadyClock::now();
  const auto executor = co_await asio::this_coro::executor;
  Retries retries(executor, state.client, *state.options, state.started);
  auto& reply = state.reply.reply();
  for (bool is_open = false; !is_open;) {
    state.attempts = retries.attempts();
    state.head = ResponseHead();
    state.exchange.reset();
    std::optional<Error> failure;
    try {
      co_await try_once(state, retries.loop());
      is_open = true;
    } catch (const Error& error) {
      failure = error;
    }
    if (failure && knows_no_stream_options(*failure) &&
        state.delivery == provider::Delivery::streamed) {
      state.delivery = provider::Delivery::streamed_without_options;
      retries.add_attempt();
    } else if (failure) {
      state.exchange.reset();  // its place is others' meanwhile
      const auto time = retries.time_to_wait(*failure, is_success(state.head));
      if (!time)
        throw *failure;
      co_await retries.wait(*time);
    }
  }
  reply.request_id = provider::request_id(state.head.headers);
  reply.headers = state.head.headers;
  reply.attempts = retries.attempts();
}

asio::awaitable<std::optional<Delta>> advance(ReplyStream::State& state)
{
  const Pending pending(state.is_pending);
  if (auto delta = state.reply.next())
    co_return delta;
  if (state.failure)
    throw *state.failure;
  if (state.other_failure)
    std::rethrow_exception(state.other_failure);
  if (state.is_over)
    co_return std::nullopt;
  try {
    if (!state.exchange && !state.is_read)
      co_await open(state);
    while (!state.is_read && !state.reply.has_next()) {
      try {
        auto piece = state.exchange->buffered();
        if (piece.empty() && !state.exchange->is_complete())
          piece = co_await state.exchange->read();
        state.take({piece.data(), piece.size()});
      } catch (Error& error) {
        // What breaks behind a complete reply costs only the usage.
        const bool is_whole = state.deltas->is_complete() && error.kind() != ErrorKind::cancelled;
        if (!is_whole && !state.reply.has_next())
          throw;
        if (!is_whole)
          state.break_off(error);  // after the pieces that came with it
        state.exchange.reset();
        state.is_read = true;
      }
    }
    auto& timings = state.reply.reply().timings;
    if (timings.first_token.count() == 0)
      timings.first_token = SteadyClock::now() - state.started;
    if (auto delta = state.reply.next())
      co_return delta;

    state.is_over = true;
    timings.total = SteadyClock::now() - state.started;
    state.reply.complete();
    check_finish(state.reply.reply(), *state.options);
    if (state.exchange) {
      co_await state.exchange->drain(drain_time, drain_bytes);
      state.exchange->finish();
      state.exchange.reset();
    }
    co_return std::nullopt;
  } catch (Error& error) {
    state.break_off(error);
    throw;
  } catch (...) {
    if (is_cancelled(std::current_exception())) {
      Error cancelled(ErrorKind::cancelled, "the stream was cancelled");
      state.break_off(cancelled);
      throw cancelled;
    }
    // Whatever it was, a piece may be lost: nothing comes after it, least of all a proper end.
    state.exchange.reset();
    state.is_over = state.is_read = true;
    state.other_failure = std::current_exception();
    throw;
  }
}

asio::awaitable<Reply> collect_all(ReplyStream::State& state)
{
  for (;;) {
    const auto delta = co_await advance(state);
    if (!delta)
      co_return state.reply.reply();
  }
}

asio::awaitable<void> close_now(ReplyStream::State& state)
{
  if (!state.is_over) {
    Error closed(ErrorKind::cancelled, "the stream was closed before its end");
    state.break_off(closed);
  }
  co_return;
}

}  // namespace

ReplyStream::ReplyStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
ReplyStream::ReplyStream(ReplyStream&&) noexcept = default;
ReplyStream& ReplyStream::operator=(ReplyStream&&) noexcept = default;
ReplyStream::~ReplyStream() = default;

asio::awaitable<std::optional<Delta>> ReplyStream::next()
{
  return advance(*state_);
}
std::optional<Delta> ReplyStream::try_next()
{
  return state_->reply.next();
}
const Reply& ReplyStream::reply() const noexcept
{
  return state_->reply.reply();
}
asio::awaitable<Reply> ReplyStream::collect()
{
  return collect_all(*state_);
}
asio::awaitable<void> ReplyStream::close()
{
  return close_now(*state_);
}

ReplyStream Client::stream(std::string model, Messages messages, RequestOptions options) const
{
  auto request = std::make_unique<const ChatRequest>(
      ChatRequest{std::move(model), std::move(messages), options.parameters()});
  return ReplyStream(
      std::make_unique<ReplyStream::State>(state_, std::move(request), share(std::move(options))));
}

ReplyStream Client::stream(
    const PreparedChat& chat, std::string question, RequestOptions options) const
{
  SharedOptions all;
  auto request = state_->question(chat, std::move(question), options, all);
  return ReplyStream(
      std::make_unique<ReplyStream::State>(state_, std::move(request), std::move(all)));
}

ReplyStream Client::stream(std::string model, Prompt prompt, RequestOptions options) const
{
  auto request = std::make_unique<const GenerateRequest>(
      GenerateRequest{std::move(model), std::move(prompt), options.parameters()});
  return ReplyStream(
      std::make_unique<ReplyStream::State>(state_, std::move(request), share(std::move(options))));
}

}  // namespace asyncllm
