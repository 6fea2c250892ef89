// Visits results in the order of completion, and leaves nothing running.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/concurrency/as_completed.hpp>
#include <asyncllm/concurrency/awaitable_range.hpp>
#include <asyncllm/concurrency/completion.hpp>
#include <asyncllm/concurrency/detail/arguments.hpp>
#include <asyncllm/concurrency/detail/arguments_checked.hpp>

#include <asio/awaitable.hpp>
#include <asio/this_coro.hpp>

#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

namespace asyncllm::inline v0_1 {

namespace detail {

template <class T, class Executor, class Visitor>
asio::awaitable<void, Executor> visit_each(CompletionStream<T, Executor> stream, Visitor visit)
{
  std::exception_ptr error;
  try {
    while (auto completion = co_await stream.next()) {
      if constexpr (std::is_void_v<std::invoke_result_t<Visitor&, Completion<T>>>) {
        visit(*std::move(completion));
      } else {
        auto visiting = visit(*std::move(completion));
        co_await std::move(visiting);
      }
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (!error)
    co_return;
  // Cancelled or not, the children are joined.
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await stream.close();
  co_await asio::this_coro::throw_if_cancelled(throws);
  std::rethrow_exception(error);
}

}  // namespace detail

/// Runs every awaitable of `tasks` concurrently, at most `limit` at once, and calls
/// `visit(Completion<T>)` for each in the order of completion, one after the other. `visit` may
/// return an awaitable, which is awaited while the other tasks continue. However this ends, nothing
/// runs afterwards: `as_completed` with a scope.
///
/// Throws: `Error{invalid_argument}` when called with `limit` 0. What `visit` throws, after the
/// other tasks were cancelled and have ended; what the input throws, when the tasks started before
/// were visited. A failure of a task is an outcome.
/// Threads: the tasks run on the executor of the awaiting coroutine: one thread's, or a strand.
/// Cancellation: passed on to the tasks and to the awaitable of `visit`; throws
/// `operation_aborted` when all have ended.
///
///     auto show = [&](asyncllm::Completion<std::string> done) {
///       std::cout << labels[done.index] << ": " << *done.result << '\n';
///     };
///     co_await asyncllm::for_each_completed(std::move(tasks), show);
template <class Range, class Visitor>
  requires AwaitableRange<std::remove_cvref_t<Range>>
auto for_each_completed(Range&& tasks, Visitor visit, std::size_t limit = unlimited)
{
  detail::require_positive(limit, "for_each_completed", "limit");
  if constexpr (detail::is_handed_over<Range>)
    return detail::visit_each(as_completed(std::forward<Range>(tasks), limit), std::move(visit));
  else
    return detail::ask_for_move<Range>();
}

}  // namespace asyncllm
