// Whether another attempt follows a failed one. Pure: no clock, no random numbers of its own.
#pragma once

#include <asyncllm/options/retry_policy.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <optional>

namespace asyncllm::inline v0_1::client {

/// The retries that calls share, on several threads too.
class RetryBudget {
 public:
  explicit RetryBudget(const RetryPolicy& policy) : left_(policy.burst()) {}

  /// Call this once for each call.
  void add_call(const RetryPolicy& policy) noexcept
  {
    const double most = policy.burst();
    auto left = left_.load(std::memory_order_relaxed);
    while (left < most && !left_.compare_exchange_weak(left, std::min(left + policy.share(), most)))
      ;
  }
  /// Takes one retry if there is one.
  bool take() noexcept
  {
    auto left = left_.load(std::memory_order_relaxed);
    while (left >= 1 && !left_.compare_exchange_weak(left, left - 1))
      ;
    return left >= 1;
  }

 private:
  std::atomic<double> left_;
};

/// A failed attempt.
struct FailedTry {
  const Error& error;
  int attempt;                      ///< from 1
  bool had_success;                 ///< the answer's status was 2xx
  double random;                    ///< 0 to 1
  RetryPolicy::Duration time_left;  ///< of the call's total timeout
};

inline bool may_be_retried(const FailedTry& failed, const RetryPolicy& policy) noexcept
{
  const auto& error = failed.error;
  if (failed.had_success)
    return false;
  if (error.http_status() != 0)
    return error.retryable();
  switch (error.kind()) {
    case ErrorKind::connect_failed: return error.retryable();
    case ErrorKind::connection_lost: return policy.retry_unanswered() && error.retryable();
    case ErrorKind::timeout: return error.timeout() == Timeout::connect && error.retryable();
    default: return false;
  }
}

/// Whether the budget pays for a retry. The budget protects a server that is down. A server that
/// names a time, or says that it is busy (429, 503), is alive and paces its callers itself: a
/// budget would only fail calls that it would have served.
inline bool needs_budget(const Error& error) noexcept
{
  return !error.retry_after() && error.http_status() != 429 && error.http_status() != 503;
}

/// How long to wait before the next attempt, if the budget pays for it; nothing: give up.
inline std::optional<RetryPolicy::Duration> time_to_retry(
    const FailedTry& failed, const RetryPolicy& policy)
{
  using Duration = RetryPolicy::Duration;
  if (failed.attempt > policy.max_retries() || !may_be_retried(failed, policy))
    return std::nullopt;
  const auto asked = failed.error.retry_after();
  if (asked && *asked > policy.longest_retry_after())
    return std::nullopt;

  // Full jitter: clients that failed together do not come back together.
  const auto doubled = static_cast<double>(policy.first().count()) *
                       std::ldexp(1.0, std::min(failed.attempt - 1, 60));
  const auto most = std::min(doubled, static_cast<double>(policy.longest().count()));
  const auto wait = asked.value_or(Duration(std::llround(most * failed.random)));
  return wait < failed.time_left ? std::optional(wait) : std::nullopt;
}

}  // namespace asyncllm::client
