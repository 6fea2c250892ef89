// Processes items with a limit and keeps no results: each is used as it arrives.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/concurrency/batch_options.hpp>
#include <asyncllm/concurrency/detail/arguments.hpp>
#include <asyncllm/concurrency/detail/arguments_checked.hpp>
#include <asyncllm/concurrency/detail/workers.hpp>

#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>

namespace asyncllm::inline v0_1 {

/// Calls `fn(item)` for every item and awaits the result, at most `limit` at once, and passes each
/// outcome to `sink(index, Outcome<T>)` at once. A sliding window: the next item starts as soon as
/// one ends. Items are read from the input only when they start, in order, and nothing is kept, so
/// that a million lazily made items need the memory of `limit`.
///
/// A failure of `fn` (also one thrown before its first suspension) is an outcome and stops nothing;
/// to stop, throw from `sink`. `sink` and the progress callback run on the loop's thread.
///
/// Result: the number of items.
/// Throws: `Error{invalid_argument}` when called with `limit` 0. What the input, `sink` or the
/// progress callback throws, after the running items were cancelled and have ended.
/// Cancellation: passed on to the running items, no further one is started; throws
/// `operation_aborted` when they have ended, unless every item was done and none had failed.
/// Threads: the tasks run on the executor of the awaiting coroutine: one thread's, or a strand.
/// Lifetimes: the input and `fn` are moved into the work and live until its end, and each item
/// lives until its `fn` has ended: references to it are safe. Pass `std::views::all(items)` or
/// `std::move(items)` to avoid a copy. A `fn` that never suspends keeps the loop from everything
/// else while items last.
///
///     auto print = [](std::size_t index, asyncllm::Outcome<std::string> text) {
///       std::cout << index << ": " << (text ? *text : text.error_message()) << '\n';
///     };
///     std::size_t count = co_await asyncllm::for_each_limit(std::move(names), 8, fetch, print);
template <std::ranges::input_range Range, class F, class Sink>
auto for_each_limit(
    Range items, std::size_t limit, F fn, Sink sink, BatchOptions options = BatchOptions())
{
  detail::require_positive(limit, "for_each_limit", "limit");
  using Input = detail::Source<Range>;
  if constexpr (detail::makes_tasks<Range, F>)
    return detail::run_workers(detail::make_ref<detail::Workers<Input, F, Sink>>(
        std::move(items), limit, std::move(fn), std::move(sink), std::move(options)));
  else
    return detail::explain_function<Range, F>();
}

}  // namespace asyncllm
