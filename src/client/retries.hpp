// The tries of one call: the thin rim around the pure policy in http/retry.hpp.
#pragma once

#include <asyncllm/client/request_options.hpp>
#include <asyncllm/core/error.hpp>

#include "client/client_state.hpp"
#include "http/loop.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>

namespace asyncllm {

class Retries {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `executor` and `options` must outlive this.
  Retries(
      const asio::any_io_executor& executor,
      const std::shared_ptr<const Client::State>& client,
      const RequestOptions& options,
      TimePoint started);

  /// How long to wait after a try that failed; nothing: give up. `had_success`: the answer's status
  /// was 2xx. Nothing is awaited here, so that a call that was cancelled ends as cancelled.
  /// An error whose retry the budget refused says so afterwards.
  std::optional<RetryPolicy::Duration> time_to_wait(Error& error, bool had_success);
  /// Whether an error is a queue that is full (Ollama): the call waits for it, however often it is
  /// refused, as long as an answer may take to begin, unless no retry is allowed at all. It keeps
  /// its place meanwhile: if it gave up, all that wait for one would be refused in their turn.
  bool is_waited_for(const Error& error) const;

  /// Waits before the next try. Cancellation: `Error{cancelled}`.
  asio::awaitable<void> wait(RetryPolicy::Duration time);
  /// Ends a wait as cancellation does, if there is one.
  void cancel();

  /// Where the call runs.
  const asio::any_io_executor& executor() const noexcept { return executor_; }
  const std::shared_ptr<http::Loop>& loop() const noexcept { return loop_; }

  /// A try that follows at once, for a reason of its own.
  void add_attempt() noexcept { ++attempt_; }
  /// How often the request was tried, this time included.
  int attempts() const noexcept { return attempt_; }

 private:
  const asio::any_io_executor& executor_;
  std::shared_ptr<http::Loop> loop_;
  http::RetryBudget& budget_;
  std::shared_ptr<const Client::State> client_;
  const RequestOptions& options_;
  TimePoint started_;
  int attempt_ = 1;
  asio::steady_timer* pause_ = nullptr;  // while it waits
  bool is_cancelled_ = false;
};

}  // namespace asyncllm
