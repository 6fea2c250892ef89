// A mutex for locks that are held for a few lines.
#pragma once

#include <atomic>

namespace asyncllm::inline v0_1::http {

/// A call takes about ten locks, which are nearly always free: std::mutex would cost a request 2 %
/// of its instructions, this one costs a few. A thread that finds it locked sleeps, as with any
/// mutex.
class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() noexcept
  {
    int expected = is_free;
    if (state_.compare_exchange_strong(expected, is_held, std::memory_order_acquire))
      return;
    while (state_.exchange(is_wanted, std::memory_order_acquire) != is_free)
      state_.wait(is_wanted, std::memory_order_relaxed);
  }
  void unlock() noexcept
  {
    if (state_.exchange(is_free, std::memory_order_release) == is_wanted)
      state_.notify_one();
  }

 private:
  static constexpr int is_free = 0, is_held = 1, is_wanted = 2;  // the last: locked, with waiters

  std::atomic<int> state_ = is_free;
};

}  // namespace asyncllm::http
