// The state of a semaphore, its permits and its queue.
#pragma once

#include <asyncllm/concurrency/detail/cancellation.hpp>
#include <asyncllm/concurrency/detail/list.hpp>
#include <asyncllm/concurrency/detail/loop_waiters.hpp>
#include <asyncllm/concurrency/detail/ref.hpp>
#include <asyncllm/concurrency/detail/waiter.hpp>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/error.hpp>
#include <asio/use_awaitable.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace asyncllm::detail {

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
  explicit SemaphoreState(std::size_t places) noexcept : available_(places) {}

  std::size_t available() const noexcept { return available_; }
  std::size_t waiting() const noexcept { return waiting_; }

  std::optional<Permit> try_acquire()
  {
    if (available_ == 0)
      return std::nullopt;
    --available_;
    return Permit(this);
  }

  void release()
  {
    if (queue_.empty()) {
      ++available_;
      return;
    }
    const std::unique_ptr<Entry> entry(&queue_.front());
    entry->coroutine->resume(asio::error_code(), Permit(this));
  }

  template <class Handler>
  void enqueue(Handler handler)
  {
    const auto slot = asio::get_associated_cancellation_slot(handler);
    auto& loop = LoopWaiters::of(asio::get_associated_executor(handler));
    auto entry = std::make_unique<Entry>(*this);
    entry->coroutine = make_waiter<asio::error_code, Permit>(std::move(handler));
    entry->cancel_link.connect(slot);
    loop.add(*entry);
    queue_.push_back(*entry.release());
  }

 private:
  // A waiting coroutine. In the queue and with the loop, each of which may be the one to end it.
  struct Entry final : ListNode, LoopWaiters::Entry {
    explicit Entry(SemaphoreState& owner) noexcept : semaphore(&owner) { ++owner.waiting_; }
    ~Entry() { --semaphore->waiting_; }

    void drop() noexcept override { delete this; }
    void on_cancel(asio::cancellation_type_t)
    {
      const std::unique_ptr<Entry> self(this);
      coroutine->resume(asio::error_code(asio::error::operation_aborted), Permit(nullptr));
    }

    Ref<SemaphoreState> semaphore;
    std::unique_ptr<Waiter<asio::error_code, Permit>> coroutine;
    CancelLink<Entry> cancel_link{*this};
  };

  std::size_t available_;
  std::size_t waiting_ = 0;
  List<Entry> queue_;
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

struct StartAcquire {
  template <class Handler>
  void operator()(Handler&& handler, Ref<SemaphoreState> state) const
  {
    state->enqueue(std::forward<Handler>(handler));
  }
};

template <class Executor>
asio::awaitable<Permit, Executor> acquire(Ref<SemaphoreState> state)
{
  if (auto permit = state->try_acquire())
    co_return *std::move(permit);
  auto waiting =
      asio::async_initiate<const asio::use_awaitable_t<Executor>, void(asio::error_code, Permit)>(
          StartAcquire(), asio::use_awaitable_t<Executor>(), std::move(state));
  co_return co_await std::move(waiting);
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
