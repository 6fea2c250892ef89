#include <asyncllm/client/client.hpp>
#include <asyncllm/client/reply_stream.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/call.hpp>
#include <asyncllm/impl/client/client_state.hpp>
#include <asyncllm/impl/client/stream_state.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace asyncllm::inline v0_1 {
namespace {

using client::Answer;
using client::BorrowedString;
using client::Call;
using client::CallMachine;
using client::ClientState;
using client::StreamState;
using SteadyClock = std::chrono::steady_clock;

// How long to wait for the end of a body whose reply is complete, and how much of it to read.
constexpr auto drain_time = std::chrono::milliseconds(50);
constexpr std::size_t drain_bytes = 64 * 1024;

// The turn of one next(), as long as its coroutine lives.
class InTurn {
 public:
  explicit InTurn(StreamState& state) : state_(state)
  {
    if (!state_.turn.take())
      throw std::logic_error("asyncllm::ReplyStream: next() while another one is pending");
  }
  ~InTurn()
  {
    if (!has_ended_) [[unlikely]]
      state_.drop();
    state_.turn.leave();
  }
  InTurn(const InTurn&) = delete;
  InTurn& operator=(const InTurn&) = delete;

  void end() noexcept { has_ended_ = true; }

 private:
  StreamState& state_;
  bool has_ended_ = false;
};

// The request of a stream, until its answer streams or was read as a whole.
class StreamJob {
 public:
  using Result = void;
  static constexpr bool streams = true;

  class Owner {
   public:
    explicit Owner(const StreamJob& job) : call_(job.state_.call) {}
    Call& call() noexcept { return call_; }

   private:
    Call& call_;
  };

  explicit StreamJob(StreamState& state) : state_(state) {}

  const RequestOptions& options() const { return *state_.options; }
  std::string& message(const BorrowedString&) const { return state_.message; }
  void write(
      const ClientState& client,
      const RequestOptions& options_sent,
      provider::Delivery delivery,
      std::string& message) const
  {
    client.write_message(state_.request, options_sent, delivery, message);
  }
  CallInfo describe(const ClientState& client, Messages& content) const
  {
    return client.describe(state_.request, options(), true, content);
  }
  void opened(const Call& call) const
  {
    auto& reply = state_.reply.reply();
    reply.request_id = provider::request_id(call.head.headers);
    reply.headers = call.head.headers;
    reply.attempts = call.machine.attempts();
  }
  void decode(const ClientState&, const Call& call, const Answer& answer) const
  {
    opened(call);
    state_.decoder.read(*answer.body, state_.reply);
  }
  static void explain(const ClientState&, const Call&, const Error&) {}  // StreamState::fail does

 private:
  StreamState& state_;
};

// The exchange of a stream whose answer is being read.
http::Exchange& exchange_of(StreamState& state)
{
  auto& exchange = state.call.exchange;
  if (exchange && exchange->has_connection())
    return *exchange;
  throw Error(ErrorKind::cancelled, "the io_context on which the stream began was destroyed");
}

// Lets others use the connection of a reply that was read.
asio::awaitable<void> give_back(StreamState& state)
{
  auto& exchange = state.call.exchange;
  if (exchange && exchange->has_connection()) {
    co_await exchange->drain(drain_time, drain_bytes);
    exchange->finish();
  }
  exchange.reset();
  const auto& reply = state.reply.reply();
  state.call.leave(&reply.headers, &reply.usage);
}

Error closed_early()
{
  return Error(ErrorKind::cancelled, "the stream was closed before its end");
}

// What follows an error.
CallMachine::Next broken(StreamState& state, const Error& error)
{
  auto& machine = state.call.machine;
  const auto next =
      machine.on_broken(error.kind(), state.reply.has_next(), state.decoder.is_complete());
  if (machine.is_stopped())
    state.fail(closed_early());
  else if (machine.is_over())
    state.fail(error);
  else
    state.call.exchange.reset();  // the reply is whole
  return next;
}

// Runs the call until it can deliver a piece, or until its end.
asio::awaitable<std::optional<Delta>> advance(std::shared_ptr<StreamState> shared)
{
  using Next = CallMachine::Next;
  auto& state = *shared;
  auto& machine = state.call.machine;
  auto& timings = state.reply.reply().timings;
  InTurn turn(state);
  auto next = machine.on_asked(state.reply.has_next());
  while (next != Next::deliver && next != Next::done && next != Next::fail) {
    std::exception_ptr other;
    try {
      switch (next) {
        case Next::write: {
          state.started = SteadyClock::now();
          auto opening = run_call(state.client, StreamJob(state), state.started);
          co_await std::move(opening);
          next = machine.on_asked(state.reply.has_next());
          break;
        }
        case Next::read_piece: {
          auto& exchange = exchange_of(state);
          auto piece = exchange.buffered();
          if (piece.empty() && !exchange.is_complete())
            piece = co_await exchange.read();
          const bool has_ended = piece.empty();
          if (has_ended)
            state.take_end();
          const bool is_last = has_ended || state.take({piece.data(), piece.size()});
          next = machine.on_piece(state.reply.has_next(), is_last);
          break;
        }
        case Next::complete:
          timings.total = SteadyClock::now() - state.started;
          state.complete();
          co_await give_back(state);
          if (state.call.watch)
            state.call.watch->succeed(state.reply.reply());
          next = machine.on_completed();
          break;
        default: break;
      }
    } catch (const Error& error) {
      next = broken(state, error);
    } catch (...) {
      other = std::current_exception();
    }
    if (!other)
      continue;
    if (is_cancelled(other)) {
      next = broken(state, Error(ErrorKind::cancelled, "the stream was cancelled"));
    } else {  // a piece may be lost, so nothing follows
      state.fail(other);
      machine.on_broken(ErrorKind::cancelled, false, false);
      next = Next::fail;
    }
  }
  turn.end();
  if (next == Next::fail && !state.failure)
    state.fail(closed_early());
  if (next == Next::fail)
    std::rethrow_exception(state.failure);
  if (timings.first_token.count() == 0)
    timings.first_token = SteadyClock::now() - state.started;
  co_return state.reply.next();
}

// The stream is gone before the piece is.
asio::awaitable<std::optional<Delta>> only_piece(
    std::shared_ptr<StreamState> state, std::shared_ptr<void> stream)
{
  auto delta = co_await advance(state);
  if (delta)
    delta->owner = std::move(state);
  stream.reset();
  co_return delta;
}

asio::awaitable<Reply> collect_all(std::shared_ptr<StreamState> state, std::shared_ptr<void> stream)
{
  for (bool has_more = true; has_more;) {
    const auto delta = co_await advance(state);
    has_more = delta.has_value();
  }
  stream.reset();
  co_return state->reply.reply();
}

asio::awaitable<void> close_now(std::shared_ptr<StreamState> state)
{
  state->stop();
  co_await state->turn.wait();
}

}  // namespace

ReplyStream::ReplyStream(std::shared_ptr<client::StreamState> state)
    : state_(std::move(state)),
      owner_(state_.get(), [kept = state_](void*) noexcept { kept->abandon(); })
{}

const std::shared_ptr<client::StreamState>& ReplyStream::state() const
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

}  // namespace asyncllm
