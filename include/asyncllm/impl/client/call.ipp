#include <asyncllm/impl/client/call.hpp>

#include <asio/error_code.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

namespace asyncllm::inline v0_1 {
namespace {

using Duration = RetryPolicy::Duration;
using SteadyClock = std::chrono::steady_clock;

Duration time_since(SteadyClock::time_point started)
{
  return std::chrono::duration_cast<Duration>(SteadyClock::now() - started);
}

Duration queue_patience(const Client::State& client, Duration passed)
{
  const auto& preset = *client.endpoint.preset;
  if (!preset.has_queue)
    return {};
  return std::chrono::duration_cast<Duration>(preset.first_byte) - passed;
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

CallMachine::Next next_after(
    Error& error,
    Call& call,
    const std::shared_ptr<const Client::State>& client,
    const RequestOptions& options,
    http::Loop& loop,
    SteadyClock::time_point started)
{
  const auto policy = options.retries();
  const auto passed = time_since(started);
  const auto total = client->timeouts_of(options).limit(Clock::total);
  const CallMachine::Conditions conditions{
      policy,
      loop.retry_budget(client, policy),
      loop.random(),
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

}  // namespace asyncllm
