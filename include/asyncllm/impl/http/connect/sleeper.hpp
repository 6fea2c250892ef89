// A coroutine that sleeps until another one wakes it, from whatever thread.
#pragma once

#include <asyncllm/impl/http/connect/mutex.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/error_code.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <mutex>
#include <utility>

namespace asyncllm::inline v0_1::http {

/// Everything happens under the mutex of the sleeper's owner: a timer is not thread-safe. Waking
/// takes no memory, so it is possible where nothing may throw.
class Sleeper {
 public:
  using TimePoint = asio::steady_timer::time_point;

  /// The coroutine runs on `executor`.
  explicit Sleeper(const asio::any_io_executor& executor) : timer_(executor) {}
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  /// Sleeps until `wake` is called, at once if it was, or until `deadline`. `mutex` is not held.
  /// `error`: none if the deadline passed or `wake` came first; operation_aborted: woken, or
  /// cancelled, or both.
  asio::awaitable<void> sleep(Mutex& mutex, TimePoint deadline, asio::error_code& error)
  {
    using Token = asio::redirect_error_t<asio::use_awaitable_t<>>;
    Token token(asio::use_awaitable, error);
    return asio::async_initiate<Token, void(asio::error_code)>(
        Start(), token, this, &mutex, deadline);
  }

  /// `mutex` is held.
  bool is_awake() const noexcept { return is_awake_; }
  /// The same.
  void wake() noexcept
  {
    is_awake_ = true;
    timer_.cancel();  // never fails, though its declaration does not say so
  }

 private:
  struct Start {
    template <class Handler>
    void operator()(Handler&& handler, Sleeper* self, Mutex* mutex, TimePoint deadline) const
    {
      const std::lock_guard lock(*mutex);
      self->timer_.expires_at(self->is_awake_ ? TimePoint::min() : deadline);
      self->timer_.async_wait(std::forward<Handler>(handler));
    }
  };

  asio::steady_timer timer_;
  bool is_awake_ = false;
};

}  // namespace asyncllm::http
