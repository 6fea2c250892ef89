// The state of a semaphore, its permits and its queue.
#pragma once

#include <asyncllm/concurrency/detail/cancellation.hpp>
#include <asyncllm/concurrency/detail/permit_queue.hpp>
#include <asyncllm/concurrency/detail/ref.hpp>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/error_code.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/wait_traits.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace asyncllm::inline v0_1::detail {

class SemaphoreState;

class Permit {
 public:
  Permit(Permit&&) noexcept = default;
  Permit& operator=(Permit&& other) noexcept;
  ~Permit();

 private:
  friend class SemaphoreState;
  explicit Permit(SemaphoreState* state) noexcept;

  Ref<SemaphoreState> state_;
};

class SemaphoreState final : public RefCounted {
 public:
  explicit SemaphoreState(std::size_t permits) noexcept : permits_(permits) {}

  std::size_t available() const noexcept { return permits_.available(); }
  std::size_t waiting() const noexcept { return permits_.waiting(); }

  std::optional<Permit> try_acquire()
  {
    if (!permits_.try_take())
      return std::nullopt;
    return Permit(this);
  }

  void release() noexcept
  {
    if (auto* const next = permits_.give_back())
      static_cast<Waiting*>(next)->wake();
  }

  // A coroutine in the queue. It may have been granted a permit that it has not taken yet.
  class Waiting : public PermitQueue::Entry {
   public:
    explicit Waiting(Ref<SemaphoreState> state) noexcept : state_(std::move(state)) {}

    /// The permit; nothing if the wait was cancelled.
    std::optional<Permit> take() noexcept
    {
      if (!PermitQueue::take_grant(*this))
        return std::nullopt;
      return Permit(state_.get());
    }

    void on_cancel(asio::cancellation_type_t) noexcept
    {
      state_->permits_.leave(*this);
      wake();
    }

   protected:
    virtual ~Waiting()
    {
      state_->permits_.leave(*this);
      take();
    }

    void enter(asio::cancellation_slot slot)
    {
      cancel_link_.connect(slot);
      state_->permits_.push(*this);
    }

   private:
    friend class SemaphoreState;
    virtual void wake() noexcept = 0;

    Ref<SemaphoreState> state_;
    CancelLink<Waiting> cancel_link_{*this};
  };

 private:
  PermitQueue permits_;
};

inline Permit::Permit(SemaphoreState* state) noexcept : state_(state) {}
inline Permit::~Permit()
{
  if (state_)
    state_->release();
}
inline Permit& Permit::operator=(Permit&& other) noexcept
{
  const Permit old = std::move(*this);
  state_ = std::move(other.state_);
  return *this;
}

// A waiting coroutine sleeps on a timer that never expires. Cancelling a timer takes no memory, so
// a permit can be returned where nothing may throw; and the loop owns the waiting coroutine.
template <class Executor>
class Sleeper final : public SemaphoreState::Waiting {
 public:
  Sleeper(Ref<SemaphoreState> state, const Executor& executor)
      : Waiting(std::move(state)), timer_(executor, Clock::time_point::max())
  {}

  struct Start {
    template <class Handler>
    void operator()(Handler&& handler, Sleeper* self) const
    {
      // Not the timer's cancellation but the queue's: only it knows whether a permit came before.
      self->enter(asio::get_associated_cancellation_slot(handler));
      self->timer_.async_wait([handler = std::forward<Handler>(handler)](
                                  const asio::error_code&) mutable { std::move(handler)(); });
    }
  };

 private:
  using Clock = std::chrono::steady_clock;

  // Cancelling never fails, though its declaration does not say so.
  void wake() noexcept override { timer_.cancel(); }

  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> timer_;
};

template <class Executor>
asio::awaitable<Permit, Executor> acquire(Ref<SemaphoreState> state)
{
  if (auto permit = state->try_acquire())
    co_return *std::move(permit);
  using Token = asio::use_awaitable_t<Executor>;
  const Executor executor = co_await asio::this_coro::executor;
  Sleeper<Executor> sleeper(std::move(state), executor);
  auto waiting = asio::async_initiate<const Token, void()>(
      typename Sleeper<Executor>::Start(), Token(), &sleeper);
  co_await std::move(waiting);
  auto permit = sleeper.take();
  if (!permit)
    throw_cancelled();
  co_return *std::move(permit);
}

template <class T, class Executor>
asio::awaitable<T, Executor> run_with_permit(
    Ref<SemaphoreState> state, asio::awaitable<T, Executor> task)
{
  auto acquiring = acquire<Executor>(std::move(state));
  const Permit permit = co_await std::move(acquiring);
  co_return co_await std::move(task);
}

}  // namespace asyncllm::detail
