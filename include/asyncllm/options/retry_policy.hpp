// When a failed call is retried.
#pragma once

#include <asyncllm/core/error.hpp>

#include <chrono>

namespace asyncllm::inline v0_1 {

/// How often and how soon a failed call is retried. `Reply::attempts` and `Error::attempts()` say
/// how often a request was sent. Apart from retries, a request is sent again in one case only: the
/// server had closed the idle connection on which it was sent.
///
/// Retried are: a connection that could not be made; the statuses 408, 409, 429 and 5xx, except 501
/// and an exhausted quota; a new connection that was lost before any byte of the answer. The header
/// `x-should-retry` overrides the status. Never retried are a call that began to succeed (2xx), and
/// a timeout after connecting.
class RetryPolicy {
 public:
  using Duration = std::chrono::milliseconds;

  RetryPolicy() = default;

  /// How many attempts may follow the first one. Default: 2.
  RetryPolicy& max_retries(int count)
  {
    max_retries_ = count > 0 ? count : 0;
    return *this;
  }
  /// How long to wait if the server does not say (`retry-after`): a random time up to `first`, up
  /// to twice that before the next attempt, and so on up to `longest`. Default: 500 ms, 8 s.
  RetryPolicy& backoff(Duration first, Duration longest)
  {
    first_ = first;
    longest_ = longest;
    return *this;
  }
  /// If the server asks for a longer wait, the call fails at once; `Error::retry_after()` says how
  /// long. Default: 1 minute.
  RetryPolicy& longest_retry_after(Duration time)
  {
    longest_retry_after_ = time;
    return *this;
  }
  /// A budget of retries that the calls of a client on one io_context share, so that a server that
  /// is down is not flooded. It starts with `burst`, its maximum, and each call adds
  /// `share_of_calls`. Retries after a 429 or 503, or where the server named a time, are free: that
  /// server is alive. Default: 0.2, 10. If the budget forbids a retry, the error says so.
  RetryPolicy& budget(double share_of_calls, int burst)
  {
    share_ = share_of_calls;
    burst_ = burst;
    return *this;
  }
  /// Whether to resend a request that the server may have begun to process: its connection was lost
  /// before any byte of the answer. Default: true.
  RetryPolicy& retry_unanswered(bool value)
  {
    retry_unanswered_ = value;
    return *this;
  }

  int max_retries() const noexcept { return max_retries_; }
  Duration first() const noexcept { return first_; }
  Duration longest() const noexcept { return longest_; }
  Duration longest_retry_after() const noexcept { return longest_retry_after_; }
  double share() const noexcept { return share_; }
  int burst() const noexcept { return burst_; }
  bool retry_unanswered() const noexcept { return retry_unanswered_; }

 private:
  int max_retries_ = 2;
  Duration first_{500}, longest_{std::chrono::seconds(8)};
  Duration longest_retry_after_{std::chrono::minutes(1)};
  double share_ = 0.2;
  int burst_ = 10;
  bool retry_unanswered_ = true;
};

/// What `RequestOptions::on_retry` gets, before the wait.
struct Retry {
  const Error& error;              ///< why the attempt failed
  int attempt;                     ///< the number of that attempt, from 1
  std::chrono::milliseconds wait;  ///< until the next one
};

}  // namespace asyncllm
