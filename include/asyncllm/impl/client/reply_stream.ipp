#include <asyncllm/client/reply_stream.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/call.hpp>
#include <asyncllm/impl/client/client_state.hpp>
#include <asyncllm/impl/client/reply_stream_state.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace asyncllm::inline v0_1 {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Phase = ReplyStream::State::Phase;

// What is waited for the end of a body whose reply is complete.
constexpr auto drain_time = std::chrono::milliseconds(50);
constexpr std::size_t drain_bytes = 64 * 1024;

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

// The request of a stream, until its answer streams or has come as a whole.
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

  explicit StreamJob(ReplyStream::State& state) : state_(state) {}

  const RequestOptions& options() const { return *state_.options; }
  std::string_view path(const Client::State& client) const
  {
    return client.path_of(state_.request);
  }
  std::string& message(const BorrowedString&) const { return state_.message; }
  void write(const Client::State& client, provider::Delivery delivery, std::string& message) const
  {
    client.write_message(state_.request, options(), delivery, message);
  }
  void opened(const Call& call) const { begin(call, Phase::open); }
  void decode(const Client::State&, const Call& call, const Answer& answer) const
  {
    begin(call, Phase::read);
    state_.decoder.read(*answer.body, state_.reply);
  }
  static void explain(const Client::State&, const Call&, const Error&) {}  // break_off does

 private:
  void begin(const Call& call, Phase phase) const
  {
    state_.phase = phase;
    auto& reply = state_.reply.reply();
    reply.request_id = provider::request_id(call.head.headers);
    reply.headers = call.head.headers;
    reply.attempts = call.machine.attempts();
  }

  ReplyStream::State& state_;
};

// The exchange of a stream whose answer is being read.
http::Exchange& exchange_of(ReplyStream::State& state)
{
  auto& exchange = state.call.exchange;
  if (exchange && exchange->has_connection())
    return *exchange;
  throw Error(ErrorKind::cancelled, "the io_context on which the stream began was destroyed");
}

// Lets others use the connection of a reply that was read.
asio::awaitable<void> give_back(ReplyStream::State& state)
{
  auto& exchange = state.call.exchange;
  if (exchange->has_connection()) {
    co_await exchange->drain(drain_time, drain_bytes);
    exchange->finish();
  }
  exchange.reset();
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
      if (state.phase == Phase::unsent) {
        state.started = SteadyClock::now();
        auto opening = run_call(state.client, StreamJob(state), state.started);
        co_await std::move(opening);
      }
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
          state.call.exchange.reset();
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
        if (state.call.exchange)
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
