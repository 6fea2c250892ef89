#include "client/retries.hpp"

#include <asyncllm/core/text.hpp>
#include <asyncllm/http/retry.hpp>

#include "provider/error_words.hpp"

#include <asio/error.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>

namespace asyncllm {
namespace {

RetryPolicy::Duration time_left(const Timeouts& timeouts, Retries::TimePoint started)
{
  using Duration = RetryPolicy::Duration;
  const auto total = timeouts.limit(Clock::total);
  if (total.count() <= 0)
    return Duration::max();
  const auto passed = std::chrono::steady_clock::now() - started;
  return total - std::chrono::duration_cast<Duration>(passed);
}

}  // namespace

Retries::Retries(
    const asio::any_io_executor& executor,
    const std::shared_ptr<const Client::State>& client,
    const RequestOptions& options,
    TimePoint started)
    : executor_(executor),
      loop_(http::Loop::of(executor)),
      budget_(loop_->retry_budget(client, options.retries())),
      client_(client),
      options_(options),
      started_(started)
{
  budget_.add_call(options.retries());
}

std::optional<RetryPolicy::Duration> Retries::time_to_wait(Error& error, bool had_success)
{
  const auto policy = options_.retries();
  const int counted = is_waited_for(error) ? std::min(attempt_, policy.max_retries()) : attempt_;
  const http::FailedTry failed{
      error,
      counted,
      had_success,
      loop_->random(),
      time_left(client_->timeouts_of(options_), started_)};
  auto time = http::time_to_retry(failed, policy);
  if (time && http::needs_budget(error) && !budget_.take()) {
    time.reset();
    error.with_hint(
        "not tried again: the retries of RetryPolicy::budget are used up, which protects a server "
        "that fails");
  }
  if (time && options_.on_retry()) {
    auto shown = error;
    client_->mask(shown, options_);
    options_.on_retry()(Retry{shown, attempt_, *time});
  }
  return time;
}

bool Retries::is_waited_for(const Error& error) const
{
  const auto& preset = *client_->endpoint.preset;
  return options_.retries().max_retries() > 0 && error.http_status() == 503 &&
         preset.wire == provider::WireKind::ollama &&
         provider::is_queue_full(to_lower(error.server_message())) &&
         std::chrono::steady_clock::now() - started_ < preset.first_byte;
}

asio::awaitable<void> Retries::wait(RetryPolicy::Duration time)
{
  asio::steady_timer timer(executor_);
  timer.expires_after(time);
  asio::error_code aborted;
  pause_ = &timer;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, aborted));
  pause_ = nullptr;
  if (aborted || is_cancelled_)
    throw Error(ErrorKind::cancelled, "the call was cancelled before its next try");
  ++attempt_;
}

void Retries::cancel()
{
  is_cancelled_ = true;
  if (pause_)
    pause_->cancel();
}

}  // namespace asyncllm
