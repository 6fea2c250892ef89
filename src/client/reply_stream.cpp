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
using Phase = ReplyStream::State::Phase;

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

// The turn of one next(), for as long as its coroutine lives.
class InTurn {
 public:
  explicit InTurn(ReplyStream::State& state) : state_(state)
  {
    if (!state_.turn.take())
      throw std::logic_error("asyncllm::ReplyStream: next() while another one is pending");
  }
  ~InTurn()
  {
    if (!has_ended_)
      state_.drop();
    state_.turn.leave();
  }
  InTurn(const InTurn&) = delete;
  InTurn& operator=(const InTurn&) = delete;

  void end() noexcept { has_ended_ = true; }

 private:
  ReplyStream::State& state_;
  bool has_ended_ = false;
};

// Makes the waits between the tries known to who may cancel them.
class KnownRetries {
 public:
  KnownRetries(ReplyStream::State& state, Retries& retries) : state_(state)
  {
    state_.retries = &retries;
  }
  ~KnownRetries() { state_.retries = nullptr; }
  KnownRetries(const KnownRetries&) = delete;
  KnownRetries& operator=(const KnownRetries&) = delete;

 private:
  ReplyStream::State& state_;
};

// A place that was kept for the next try is given back when there is none.
class KeptPlace {
 public:
  explicit KeptPlace(ReplyStream::State& state) : state_(state) {}
  ~KeptPlace() { state_.place.reset(); }
  KeptPlace(const KeptPlace&) = delete;
  KeptPlace& operator=(const KeptPlace&) = delete;

 private:
  ReplyStream::State& state_;
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
asio::awaitable<void> try_once(ReplyStream::State& state, const Retries& retries)
{
  const auto& client = *state.client;
  client.write_message(state.request, *state.options, state.delivery, state.message);
  auto& route = state.route.emplace(client, client.path_of(state.request), state.message);
  std::string body;
  const auto& head = state.head;
  do {
    state.exchange = std::make_unique<http::Exchange>(
        retries.loop(),
        retries.executor(),
        route.transport(),
        client.timeouts_of(*state.options),
        state.started);
    state.attempts = retries.attempts();
    state.exchange->expect(http::Exchange::Body::stream);
    state.exchange->use_place(std::move(state.place));
    co_await state.exchange->send(route.message());
    state.head = state.exchange->head();
    state.phase = Phase::open;
    if (is_success(head) && is_stream(head))
      co_return;
    state.exchange->expect(http::Exchange::Body::whole);
    body = co_await read_all(*state.exchange, client.transport.limits());
    if (head.status == 503)
      state.place = state.exchange->keep_place();
    if (!is_success(head))
      state.exchange->finish();
  } while (route.follow(head));
  if (!is_success(head))
    throw provider::error_from_answer(head, body);
  state.decoder.read(body, state.reply);
  state.phase = Phase::read;
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
  const KnownRetries known(state, retries);
  auto& reply = state.reply.reply();
  const KeptPlace at_end(state);
  for (bool is_open = false; !is_open;) {
    state.phase = Phase::unsent;
    state.head = ResponseHead();
    state.exchange.reset();
    std::optional<Error> failure;
    try {
      co_await try_once(state, retries);
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
      if (!retries.is_waited_for(*failure))
        state.place.reset();
      if (!time)
        throw *failure;
      co_await retries.wait(*time);
    }
  }
  reply.request_id = provider::request_id(state.head.headers);
  reply.headers = state.head.headers;
  reply.attempts = retries.attempts();
}

// The exchange of a stream whose answer is being read.
http::Exchange& exchange_of(ReplyStream::State& state)
{
  if (state.exchange && state.exchange->has_connection())
    return *state.exchange;
  throw Error(ErrorKind::cancelled, "the io_context on which the stream began was destroyed");
}

// Lets others use the connection of a reply that was read.
asio::awaitable<void> give_back(ReplyStream::State& state)
{
  if (state.exchange->has_connection()) {
    co_await state.exchange->drain(drain_time, drain_bytes);
    state.exchange->finish();
  }
  state.exchange.reset();
}

asio::awaitable<std::optional<Delta>> advance(std::shared_ptr<ReplyStream::State> shared)
{
  auto& state = *shared;
  InTurn turn(state);
  auto delta = state.reply.next();
  if (!delta && state.phase != Phase::over) {
    try {
      if (state.is_stopped())
        throw state.stopped();
      if (state.phase == Phase::unsent)
        co_await open(state);
      while (state.phase == Phase::open && !state.reply.has_next()) {
        try {
          auto& exchange = exchange_of(state);
          auto piece = exchange.buffered();
          if (piece.empty() && !exchange.is_complete())
            piece = co_await exchange.read();
          state.take({piece.data(), piece.size()});
        } catch (const Error& error) {
          // What breaks behind a complete reply costs only the usage.
          const bool is_whole = state.decoder.is_complete() && error.kind() != ErrorKind::cancelled;
          if (!is_whole && !state.reply.has_next())
            throw;
          if (!is_whole)
            state.break_off(error);  // after the pieces that came with it
          state.exchange.reset();
          state.phase = is_whole ? Phase::read : Phase::over;
        }
      }
      auto& timings = state.reply.reply().timings;
      if (timings.first_token.count() == 0)
        timings.first_token = SteadyClock::now() - state.started;
      delta = state.reply.next();
      if (!delta) {
        state.phase = Phase::over;
        timings.total = SteadyClock::now() - state.started;
        state.reply.complete();
        check_finish(state.reply.reply(), *state.options);
        state.client->judge_prompt(state.request, *state.options, state.reply.reply());
        if (state.exchange)
          co_await give_back(state);
      }
    } catch (const Error& error) {
      state.break_off(state.is_stopped() ? state.stopped() : error);
    } catch (...) {
      if (is_cancelled(std::current_exception()))
        state.break_off(Error(ErrorKind::cancelled, "the stream was cancelled"));
      else
        state.break_off(std::current_exception());
    }
  }
  turn.end();
  if (!delta)
    state.rethrow_failure();
  co_return delta;
}

// The stream is gone before the piece is.
asio::awaitable<std::optional<Delta>> only_piece(
    std::shared_ptr<ReplyStream::State> state, std::shared_ptr<void> stream)
{
  auto delta = co_await advance(state);
  if (delta)
    delta->owner = std::move(state);
  stream.reset();
  co_return delta;
}

asio::awaitable<Reply> collect_all(
    std::shared_ptr<ReplyStream::State> state, std::shared_ptr<void> stream)
{
  for (bool has_more = true; has_more;) {
    const auto delta = co_await advance(state);
    has_more = delta.has_value();
  }
  stream.reset();
  co_return state->reply.reply();
}

asio::awaitable<void> close_now(std::shared_ptr<ReplyStream::State> state)
{
  state->stop();
  co_await state->turn.wait();
}

}  // namespace

ReplyStream::ReplyStream(std::shared_ptr<State> state)
    : state_(std::move(state)),
      owner_(state_.get(), [kept = state_](void*) noexcept { kept->abandon(); })
{}

const std::shared_ptr<ReplyStream::State>& ReplyStream::state() const
{
  if (!state_)
    throw std::logic_error("asyncllm::ReplyStream: this stream was moved from");
  return state_;
}

asio::awaitable<std::optional<Delta>> ReplyStream::next() &
{
  return advance(state());
}
asio::awaitable<std::optional<Delta>> ReplyStream::next() &&
{
  return only_piece(state(), owner_);
}
std::optional<Delta> ReplyStream::try_next()
{
  return state()->reply.next();
}
const Reply& ReplyStream::reply() const
{
  return state()->reply.reply();
}
asio::awaitable<Reply> ReplyStream::collect()
{
  return collect_all(state(), owner_);
}
asio::awaitable<void> ReplyStream::close()
{
  return close_now(state());
}

ReplyStream Client::stream(std::string model, Messages messages, RequestOptions options) const
{
  auto request = std::make_unique<const ChatRequest>(
      ChatRequest{std::move(model), std::move(messages), options.parameters()});
  return ReplyStream(
      std::make_shared<ReplyStream::State>(state_, std::move(request), share(std::move(options))));
}

ReplyStream Client::stream(
    const PreparedChat& chat, std::string question, RequestOptions options) const
{
  SharedOptions all;
  auto request = state_->question(chat, std::move(question), options, all);
  return ReplyStream(
      std::make_shared<ReplyStream::State>(state_, std::move(request), std::move(all)));
}

ReplyStream Client::stream(std::string model, Prompt prompt, RequestOptions options) const
{
  auto request = std::make_unique<const GenerateRequest>(
      GenerateRequest{std::move(model), std::move(prompt), options.parameters()});
  return ReplyStream(
      std::make_shared<ReplyStream::State>(state_, std::move(request), share(std::move(options))));
}

}  // namespace asyncllm
