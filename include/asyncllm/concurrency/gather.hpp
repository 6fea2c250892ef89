// Runs awaitables concurrently and waits for all of them.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/concurrency/awaitable_range.hpp>
#include <asyncllm/concurrency/detail/arguments_checked.hpp>
#include <asyncllm/concurrency/detail/gather.hpp>
#include <asyncllm/core/outcome.hpp>

#include <asio/awaitable.hpp>

#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1 {

/// Runs every awaitable of `tasks` concurrently and returns their values, as asyncio.gather does.
///
/// Nothing starts before the result is awaited. Then the tasks start in input order, each up to its
/// first suspension.
///
/// Result: a `std::vector<T>` in input order, empty for no tasks; `void` for tasks of `void`.
/// Throws: the first error of a task in time (the original exception), after every other task was
/// cancelled and has ended; what the range itself throws, likewise. Later errors are dropped.
/// Cancellation: passed on to the tasks with the same type; throws `operation_aborted` when all
/// have ended. If each of them has a value in spite of it, the values are returned.
/// Threads: the tasks run on the executor of the awaiting coroutine: one thread's, or a strand.
/// Lifetimes: tasks that are never started are destroyed. A task that ignores its cancellation
/// delays the return; it is never abandoned.
///
///     std::vector<asio::awaitable<std::string>> tasks;
///     for (const std::string& name : names)
///       tasks.push_back(fetch(name));
///     std::vector<std::string> texts = co_await asyncllm::gather(std::move(tasks));
template <class Range>
  requires AwaitableRange<std::remove_cvref_t<Range>>
auto gather(Range&& tasks)
{
  using Group = detail::RangeGroup<std::remove_cvref_t<Range>, detail::StopAt::first_error>;
  if constexpr (detail::is_handed_over<Range>)
    return detail::gather_values(detail::make_ref<Group>(std::forward<Range>(tasks)));
  else
    return detail::ask_for_move<Range>();
}

/// The same for awaitables of different types: returns a `std::tuple` of the values in the order of
/// the arguments, with a `std::monostate` for `void`.
///
///     auto results = co_await asyncllm::gather(count_words(text), fetch("title"));
///     auto& [words, title] = results;  // two statements: some compilers get one wrong
template <class Executor, class... Ts>
auto gather(asio::awaitable<Ts, Executor>... tasks)
{
  return detail::gather_tuple(
      detail::make_ref<detail::PackGroup<detail::StopAt::first_error, Executor, Ts...>>(
          std::move(tasks)...));
}

/// Runs every awaitable of `tasks` concurrently and returns one outcome each, value or exception,
/// as `asyncio.gather(..., return_exceptions=True)` does. A failure cancels no other task.
///
/// Result: a `std::vector<Outcome<T>>` in input order.
/// Throws: what the range itself throws, after the tasks started so far were cancelled and ended.
/// Threads: the tasks run on the executor of the awaiting coroutine: one thread's, or a strand.
/// Cancellation: passed on to the tasks; throws `operation_aborted` when all have ended, unless
/// each of them has a value.
///
///     auto outcomes = co_await asyncllm::gather_outcomes(std::move(tasks));
///     for (const auto& outcome : outcomes)
///       std::cout << (outcome ? *outcome : outcome.error_message()) << '\n';
template <class Range>
  requires AwaitableRange<std::remove_cvref_t<Range>>
auto gather_outcomes(Range&& tasks)
{
  using Group = detail::RangeGroup<std::remove_cvref_t<Range>, detail::StopAt::end_of_all>;
  if constexpr (detail::is_handed_over<Range>)
    return detail::gather_range_outcomes(detail::make_ref<Group>(std::forward<Range>(tasks)));
  else
    return detail::ask_for_move<Range>();
}

/// The same for awaitables of different types: returns a `std::tuple<Outcome<Ts>...>` in the order
/// of the arguments.
///
///     auto outcomes = co_await asyncllm::gather_outcomes(count_words(text), fetch("title"));
///     auto& [words, title] = outcomes;
template <class Executor, class... Ts>
auto gather_outcomes(asio::awaitable<Ts, Executor>... tasks)
{
  return detail::gather_tuple_outcomes(
      detail::make_ref<detail::PackGroup<detail::StopAt::end_of_all, Executor, Ts...>>(
          std::move(tasks)...));
}

}  // namespace asyncllm
