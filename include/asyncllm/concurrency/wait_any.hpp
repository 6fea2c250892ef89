// Waits for the first of several.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/concurrency/awaitable_range.hpp>
#include <asyncllm/concurrency/completion.hpp>
#include <asyncllm/concurrency/detail/arguments_checked.hpp>
#include <asyncllm/concurrency/detail/wait.hpp>

#include <type_traits>
#include <utility>

namespace asyncllm::inline v0_1 {

/// Runs every awaitable of `tasks` concurrently until one ends, be it with a value or an exception;
/// cancels the others (terminal) and waits until they have ended.
///
/// Result: a `Completion<T>`, the index in the input and the outcome of the first to end in time;
/// of several that end without suspending, the one with the lowest index; those after it are not
/// started. The results of the others are dropped.
/// Throws: `Error{invalid_argument}` when called without tasks; what the input throws, after the
/// tasks started so far were cancelled and have ended.
/// Cancellation: passed on to the tasks; throws `operation_aborted` when all have ended, unless one
/// had ended before, or one returns a value in spite of it.
/// Threads: the tasks run on the executor of the awaiting coroutine: one thread's, or a strand.
/// Lifetimes: tasks that are never started are destroyed.
///
///     auto first = co_await asyncllm::wait_any(std::move(mirrors));
///     std::cout << "mirror " << first.index << ": " << *first.result << '\n';
template <class Range>
  requires AwaitableRange<std::remove_cvref_t<Range>>
auto wait_any(Range&& tasks)
{
  using Group = detail::AnyGroup<std::remove_cvref_t<Range>, detail::Decides::first_to_end>;
  if constexpr (detail::is_handed_over<Range>)
    return detail::wait_for_any(detail::make_ref<Group>(std::forward<Range>(tasks), "wait_any"));
  else
    return detail::ask_for_move<Range>();
}

/// As `wait_any`, but waits for the first value: a task that fails decides nothing. The outcome is
/// always a value.
///
/// Throws also: if all tasks fail, the exception of the last one in time.
///
///     auto first = co_await asyncllm::wait_any_success(std::move(mirrors));
template <class Range>
  requires AwaitableRange<std::remove_cvref_t<Range>>
auto wait_any_success(Range&& tasks)
{
  using Group = detail::AnyGroup<std::remove_cvref_t<Range>, detail::Decides::first_value>;
  if constexpr (detail::is_handed_over<Range>)
    return detail::wait_for_any(
        detail::make_ref<Group>(std::forward<Range>(tasks), "wait_any_success"));
  else
    return detail::ask_for_move<Range>();
}

}  // namespace asyncllm
