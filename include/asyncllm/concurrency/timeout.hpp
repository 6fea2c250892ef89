// A time limit for any awaitable.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/concurrency/detail/arguments_checked.hpp>
#include <asyncllm/concurrency/detail/timeout.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <concepts>
#include <type_traits>
#include <utility>

namespace asyncllm::inline v0_1 {

/// Runs the task. If it has not ended after `limit`, cancels it (terminal) and waits for its end.
///
/// Result: the task's value, also if it ignored the cancellation and returned one after all.
/// Throws: `Error{timeout}` if the task ended by this cancellation; any other exception of the task
/// unchanged, also one that it threw while it was cancelled. With a `limit` of zero or less the
/// task is not started, and the wait throws `Error{timeout}`. `duration::max()` is no limit.
/// Cancellation: passed on to the task; its exception is thrown unchanged: usually
/// `operation_aborted`, never `timeout`. After a timeout the caller itself is not cancelled.
/// Threads: the tasks run on the executor of the awaiting coroutine: one thread's, or a strand.
/// Lifetimes: no timer is left behind.
///
///     try {
///       auto reply = co_await asyncllm::with_timeout(agent.send_message_async(question), 5s);
///       std::cout << reply.text << '\n';
///     } catch (const asyncllm::Error& error) {
///       if (error.kind() != asyncllm::ErrorKind::timeout)
///         throw;
///       std::cout << "no answer within 5 s\n";
///     }
template <class T, class Executor>
asio::awaitable<T, Executor> with_timeout(
    asio::awaitable<T, Executor> task, std::chrono::steady_clock::duration limit)
{
  if (limit == std::chrono::steady_clock::duration::max())
    return task;
  return detail::run_with_timeout(
      detail::make_ref<detail::TimeoutGroup<T, Executor>>(std::move(task), limit));
}

/// A limit needs a unit.
///
///     auto title = co_await asyncllm::with_timeout(fetch("title"), std::chrono::seconds(5));
template <class T, class Executor, std::integral Number>
asio::awaitable<T, Executor> with_timeout(asio::awaitable<T, Executor> task, Number)
{
  static_assert(
      detail::never<Number>,
      "asyncllm: a time limit has a unit: 5s with std::chrono_literals, or "
      "std::chrono::seconds(5)");
  return task;
}

}  // namespace asyncllm
