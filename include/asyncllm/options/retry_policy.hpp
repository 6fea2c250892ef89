// When a failed call is tried again.
#pragma once

#include <asyncllm/core/error.hpp>

#include <chrono>

namespace asyncllm::inline v0_1 {

/// How often and how soon a call that failed is tried again by itself. `Reply::attempts` and
/// `Error::attempts()` tell how often a request was sent; nothing is sent again otherwise, but for
/// one case: an idle connection that the server had closed meanwhile is replaced.
///
/// Tried again are: a connection that did not come about; the statuses 408, 409, 429 and 5xx except
/// 501 and except an exhausted quota; a new connection that was lost before any byte of the answer.
/// What the server says in `x-should-retry` goes before the status. Never tried again is what began
/// to succeed (a 2xx), and a timeout behind the connecting.
class RetryPolicy {
 public:
  using Duration = std::chrono::milliseconds;

  RetryPolicy() = default;

  /// How many tries may follow the first; 0: none. Default: 2.
  RetryPolicy& max_retries(int count)
  {
    max_retries_ = count > 0 ? count : 0;
    return *this;
  }
  /// Where the server asks for no time of its own (`retry-after`): a random time up to `first`, up
  /// to twice that before the next try, and so on up to `longest`. Default: 500 ms, 8 s.
  RetryPolicy& backoff(Duration first, Duration longest)
  {
    first_ = first;
    longest_ = longest;
    return *this;
  }
  /// A server that asks for more is not waited for: the call fails at once with
  /// `Error::retry_after()`. Default: 1 minute.
  RetryPolicy& longest_retry_after(Duration time)
  {
    longest_retry_after_ = time;
    return *this;
  }
  /// A budget of retries that the calls of a client on one loop share, so that a dead server is not
  /// stormed: it holds `burst` at most, which it begins with, and each call adds its share. Retries
  /// after a 429 or 503, or where the server named a time, do not count: that server is alive.
  /// Default: 0.2, 10. An error whose retry the budget refused says so.
  RetryPolicy& budget(double share_of_calls, int burst)
  {
    share_ = share_of_calls;
    burst_ = burst;
    return *this;
  }
  /// Whether a request goes out again that a server may have begun to work on: its connection was
  /// lost before any byte of the answer. Default: true.
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
  const Error& error;              ///< why the try failed
  int attempt;                     ///< which try that was, from 1
  std::chrono::milliseconds wait;  ///< until the next one
};

}  // namespace asyncllm
