#include <asyncllm/impl/client/call.hpp>

#include <asio/error_code.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

namespace asyncllm::inline v0_1::client {
namespace {

using Duration = RetryPolicy::Duration;
using SteadyClock = std::chrono::steady_clock;

Duration time_since(SteadyClock::time_point started)
{
  return std::chrono::duration_cast<Duration>(SteadyClock::now() - started);
}

Duration queue_patience(const ClientState& client, Duration passed)
{
  if (!client.preset.has_queue)
    return {};
  return std::chrono::duration_cast<Duration>(client.preset.first_byte) - passed;
}

// Says which timer a coroutine waits for, as long as its frame lives.
class Waiting {
 public:
  Waiting(asio::steady_timer*& known, asio::steady_timer& timer) : known_(known)
  {
    known_ = &timer;
  }
  ~Waiting() { known_ = nullptr; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  asio::steady_timer*& known_;
};

}  // namespace

asio::awaitable<void> Pause::wait(const asio::any_io_executor& executor, Duration time)
{
  asio::steady_timer timer(executor);
  timer.expires_after(time);
  asio::error_code aborted;
  const Waiting waiting(timer_, timer);
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, aborted));
  if (aborted || is_cancelled_)
    throw Error(ErrorKind::cancelled, "the call was cancelled before its next attempt");
}

void Pause::cancel()
{
  is_cancelled_ = true;
  if (timer_)
    timer_->cancel();
}

void Call::cancel()
{
  if (ticket)
    ticket->cancel();
  if (exchange)
    exchange->cancel();
  pause.cancel();
}

asio::awaitable<void> wait_for_admission(Call& call, const CallContext& context)
{
  const auto timeouts = context.client->timeouts_of(context.options);
  auto timeout = Timeout::pool_wait;
  auto deadline = http::time_after(SteadyClock::now(), timeouts.limit(Timeout::pool_wait));
  const auto total = http::time_after(context.started, timeouts.limit(Timeout::total));
  if (total < deadline) {
    timeout = Timeout::total;
    deadline = total;
  }
  const auto result = co_await call.ticket->wait(deadline);
  if (result == Ticket::Result::admitted)
    co_return;
  const auto& where = context.client->transport.destination();
  if (result == Ticket::Result::cancelled)
    throw Error(ErrorKind::cancelled, "the call to " + where + " was cancelled");
  if (timeout == Timeout::total)
    throw http::timed_out("no complete answer from " + where, timeout, timeouts);
  throw http::timed_out("no permit for a call to " + where, timeout, timeouts)
      .with_hint(
          "at most " + std::to_string(context.client->max_in_flight) +
          " are in flight at once (with_max_in_flight)");
}

void prepare_hooks(
    Call& call, const CallContext& context, const std::function<CallInfo(Messages&)>& describe)
{
  const auto& client = *context.client;
  CallInfo info;
  if (!call.watch) {
    Messages content;
    info = describe(content);
    if (!client.observers.empty())
      call.watch = std::make_unique<Watch>(client.observers, info, &content);
  }
  if (!client.before_send)
    return;
  HeaderList more;
  client.before_send(more, call.watch ? call.watch->info() : info);
  auto options = context.options;
  for (const auto& [name, value] : more)
    options.header(name, value);
  call.extended = std::make_unique<const RequestOptions>(std::move(options));
}

void report_failure(
    Call& call, const CallContext& context, const Error& error, CallMachine::Next next)
{
  auto shown = error;
  context.client->mask(shown, context.options);
  const bool follows = next == CallMachine::Next::wait;
  call.watch->end_attempt(
      call.machine.status(), &shown, follows ? std::optional(call.machine.pause()) : std::nullopt);
}

CallMachine::Next next_after(Error& error, Call& call, const CallContext& context)
{
  const auto& [client, options, calls, started, shared] = context;
  const auto policy = options.retries();
  const auto passed = time_since(started);
  const auto total = client->timeouts_of(options).limit(Timeout::total);
  const CallMachine::Conditions conditions{
      policy,
      shared.budget,
      calls.random(),
      total.count() > 0 ? total - passed : Duration::max(),
      queue_patience(*client, passed)};
  const auto next = call.machine.on_failure(error, conditions);
  if (next == CallMachine::Next::wait && options.on_retry()) {
    auto shown = error;
    client->mask(shown, options);
    options.on_retry()(Retry{shown, call.machine.attempts(), call.machine.pause()});
  }
  return next;
}

}  // namespace asyncllm::client
