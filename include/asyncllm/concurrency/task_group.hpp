// A scope for tasks that are started while others run.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/concurrency/detail/task_group.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <cstddef>
#include <exception>
#include <stdexcept>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1 {

/// The tasks of a `with_task_group`; valid only inside it.
template <class Executor = asio::any_io_executor>
class BasicTaskGroup {
 public:
  BasicTaskGroup(const BasicTaskGroup&) = delete;
  BasicTaskGroup& operator=(const BasicTaskGroup&) = delete;

  /// Starts the task at once, up to its first suspension. Its result is not collected; its
  /// exception ends the group. Tasks may start tasks without limit: from 64 starts inside one
  /// another, the loop starts the next one, so that the stack does not grow.
  ///
  /// Throws, and destroys the task unstarted: `operation_aborted` if the group has failed or was
  /// cancelled; `std::logic_error` if it has ended.
  void spawn(asio::awaitable<void, Executor> task) { tasks_.spawn_task(std::move(task)); }

  /// Cancels (terminal) the running tasks, but not the body; afterwards no more can be started. A
  /// task that ends by this cancellation is not an error.
  void cancel() { tasks_.cancel_tasks(); }

  /// The number of running tasks, without the body.
  std::size_t running() const noexcept { return tasks_.running_tasks(); }

 private:
  friend class detail::TaskGroupBase<Executor>;
  explicit BasicTaskGroup(detail::TaskGroupBase<Executor>& tasks) noexcept : tasks_(tasks) {}

  detail::TaskGroupBase<Executor>& tasks_;
};

using TaskGroup = BasicTaskGroup<>;

/// Runs `body(TaskGroup&)`, a coroutine that may start any number of tasks, which may start others,
/// and returns when all of them and the body have ended, as asyncio.TaskGroup does.
///
/// Result: what the body returns.
/// Throws: the first error in time, of a task or the body, after the others and the body were
/// cancelled and have ended.
/// Cancellation: passed on to the body and the tasks; throws `operation_aborted` when all have
/// ended, unless the body has a value and no task failed.
/// Threads: the tasks run on the executor of the awaiting coroutine: one thread's, or a strand.
/// Lifetimes: `body` is moved in and lives until the end.
///
///     auto serve = [&](asyncllm::TaskGroup& group) -> asio::awaitable<void> {
///       while (auto question = co_await questions.next())
///         group.spawn(answer(*question));
///     };
///     co_await asyncllm::with_task_group(serve);
template <class Executor = asio::any_io_executor, class Body>
auto with_task_group(Body body)
{
  return detail::run_task_group(
      detail::make_ref<detail::TaskGroupState<Executor, Body>>(std::move(body), nullptr));
}

/// The same, and appends every error to `errors`, in the order of time: the one that is thrown and
/// those that came after it. A task that the group's own cancellation ended is not an error.
///
///     std::vector<std::exception_ptr> errors;
///     try {
///       co_await asyncllm::with_task_group(serve, errors);
///     } catch (const asyncllm::Error&) {
///       std::cerr << errors.size() << " failures\n";
///     }
template <class Executor = asio::any_io_executor, class Body>
auto with_task_group(Body body, std::vector<std::exception_ptr>& errors)
{
  return detail::run_task_group(
      detail::make_ref<detail::TaskGroupState<Executor, Body>>(std::move(body), &errors));
}

}  // namespace asyncllm
