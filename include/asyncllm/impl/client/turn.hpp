// One coroutine at a time, while others wait for its end.
#pragma once

#include <asyncllm/core/error.hpp>

#include <asio/awaitable.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::client {

class Turn {
 public:
  bool is_taken() const noexcept { return is_taken_; }

  /// False: another coroutine has it.
  bool take() noexcept { return !std::exchange(is_taken_, true); }
  void leave() noexcept
  {
    is_taken_ = false;
    for (auto* const timer : waiting_)
      try {
        timer->cancel();
      } catch (...) {  // nothing else can wake it
      }
  }

  /// Waits until it is free. Cancellation: `Error{cancelled}`.
  asio::awaitable<void> wait()
  {
    if (!is_taken_)
      co_return;
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
    const Waiting in_list(waiting_, timer);
    asio::error_code ended;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    if (is_taken_)
      throw Error(ErrorKind::cancelled, "the wait for another coroutine was cancelled");
  }

 private:
  using Timers = std::vector<asio::steady_timer*>;

  // As long as the coroutine lives that waits.
  class Waiting {
   public:
    Waiting(Timers& timers, asio::steady_timer& timer) : timers_(timers), timer_(timer)
    {
      timers_.push_back(&timer);
    }
    ~Waiting() { std::erase(timers_, &timer_); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Timers& timers_;
    asio::steady_timer& timer_;
  };

  bool is_taken_ = false;
  Timers waiting_;
};

}  // namespace asyncllm::client
