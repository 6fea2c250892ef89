// A semaphore for coroutines.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/concurrency/detail/semaphore.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace asyncllm::inline v0_1 {

/// At most `permits` are held at any time. Waiters are served in the order in which they came; a
/// released permit goes directly to the first of them, so that none overtakes.
///
/// Threads: for coroutines of one strand, or of one thread's loop. To bound the calls of all
/// strands together, use `ClientOptions::max_in_flight`. With 0 permits acquire() waits forever.
///
///     asyncllm::Semaphore connections(8);
///     {
///       auto permit = co_await connections.acquire();
///       co_await talk();
///     }  // the permit goes back here
class Semaphore {
 public:
  /// One permit, released on destruction. Movable. May outlive the semaphore.
  using Permit = detail::Permit;

  explicit Semaphore(std::size_t permits)
      : state_(detail::make_ref<detail::SemaphoreState>(permits))
  {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  /// Waits for a permit. Does not suspend if one is free.
  ///
  /// Cancellation: terminal, partial and total all end the wait with `operation_aborted`. A permit
  /// is never lost: one that was granted before is returned.
  /// Lifetimes: the wait may outlive the semaphore object.
  template <class Executor = asio::any_io_executor>
  asio::awaitable<Permit, Executor> acquire()
  {
    return detail::acquire<Executor>(state_);
  }

  /// A permit if one is free now.
  std::optional<Permit> try_acquire() { return state_->try_acquire(); }

  /// The number of free permits, and of coroutines that wait for one.
  std::size_t available() const noexcept { return state_->available(); }
  std::size_t waiting() const noexcept { return state_->waiting(); }

 private:
  template <class T, class Executor>
  friend asio::awaitable<T, Executor> with_semaphore(
      Semaphore& semaphore, asio::awaitable<T, Executor> task);

  detail::Ref<detail::SemaphoreState> state_;
};

/// Runs the task while it holds a permit of the semaphore.
///
/// Result, Throws: the task's own; the permit goes back in either case.
/// Cancellation: while it waits, `operation_aborted`, and the task is destroyed without having been
/// started; later as the task does.
///
///     auto reply = co_await asyncllm::with_semaphore(permits, agent.send_message_async(question));
template <class T, class Executor>
asio::awaitable<T, Executor> with_semaphore(Semaphore& semaphore, asio::awaitable<T, Executor> task)
{
  return detail::run_with_permit(semaphore.state_, std::move(task));
}

}  // namespace asyncllm
