// A semaphore for coroutines: at most so many hold a permit at once.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/concurrency/detail/semaphore.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace asyncllm::inline v0_1 {

/// At most `places` permits are out at any time. Waiters are served in the order in which they
/// came; a permit that comes back goes straight to the first of them, so that nobody overtakes.
///
/// Threads: for coroutines of one strand, or of one thread's loop. To bound the calls of all
/// strands together there is `ClientOptions::max_in_flight`. With 0 places acquire() waits for
/// ever.
///
///     asyncllm::Semaphore connections(8);
///     {
///       auto permit = co_await connections.acquire();
///       co_await talk();
///     }  // the permit goes back here
class Semaphore {
 public:
  /// One place, given back on destruction. Movable. May outlive the semaphore.
  using Permit = detail::Permit;

  explicit Semaphore(std::size_t places) : state_(detail::make_ref<detail::SemaphoreState>(places))
  {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  /// Waits for a place. Does not suspend if one is free.
  ///
  /// Cancellation: terminal, partial and total all end the wait with `operation_aborted`. A permit
  /// is never lost: one that was granted before is returned.
  /// Lifetimes: the wait may outlive the semaphore object.
  template <class Executor = asio::any_io_executor>
  asio::awaitable<Permit, Executor> acquire()
  {
    return detail::acquire<Executor>(state_);
  }

  /// A place if one is free at once.
  std::optional<Permit> try_acquire() { return state_->try_acquire(); }

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
/// Cancellation: while it waits, `operation_aborted`, and the task is destroyed without having
/// been started; later the task's affair.
///
///     auto reply = co_await asyncllm::with_semaphore(places, agent.send_message_async(question));
template <class T, class Executor>
asio::awaitable<T, Executor> with_semaphore(Semaphore& semaphore, asio::awaitable<T, Executor> task)
{
  return detail::run_with_permit(semaphore.state_, std::move(task));
}

}  // namespace asyncllm
