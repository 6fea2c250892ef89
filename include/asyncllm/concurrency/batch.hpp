// Processes many items with a limit, results in input order.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/concurrency/batch_options.hpp>
#include <asyncllm/concurrency/detail/arguments.hpp>
#include <asyncllm/concurrency/detail/arguments_checked.hpp>
#include <asyncllm/concurrency/detail/batch.hpp>

#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>

namespace asyncllm::inline v0_1 {

/// Calls `fn(item)` for every item and awaits the result, at most `limit` at once, and returns all
/// values. A sliding window: the next item starts as soon as one ends, and items are read from the
/// input only then, in order.
///
/// `fn` may be any callable that returns an awaitable. Beside `co_await`, g++ 12 frees a temporary
/// lambda with captures other than references twice: give such a lambda a name and move it in.
///
/// Result: a `std::vector<T>` in input order; `void` for a `fn` of `void`.
/// Throws: `Error{invalid_argument}` when called with `limit` 0. The first error in time of an
/// item, of the input or of the progress callback: no further item is started, the running ones are
/// cancelled and have ended.
/// Cancellation: passed on to the running items, no further one is started; throws
/// `operation_aborted` when they have ended, unless every item was done with a value.
/// Threads: the tasks run on the executor of the awaiting coroutine: one thread's, or a strand.
/// Lifetimes: the input and `fn` are moved into the work and live until its end, and each item
/// lives until its `fn` has ended: references to it are safe. Pass `std::views::all(items)` or
/// `std::move(items)` to avoid a copy.
///
///     auto ask = [&](const std::string& question) { return agent.send_message_async(question); };
///     std::vector<asyncllm::Reply> replies = co_await asyncllm::batch(questions, 5, ask);
template <std::ranges::input_range Range, class F>
auto batch(Range items, std::size_t limit, F fn, BatchOptions options = BatchOptions())
{
  detail::require_positive(limit, "batch", "limit");
  if constexpr (detail::makes_tasks<Range, F>)
    return detail::collect_values<Range, F>(
        std::move(items), limit, std::move(fn), std::move(options));
  else
    return detail::explain_function<Range, F>();
}

/// As `batch`, but a failure is an outcome and stops nothing: returns a `std::vector<Outcome<T>>`
/// in input order. What the input or the progress callback throws still ends it.
///
///     auto outcomes = co_await asyncllm::batch_outcomes(questions, 5, ask);
template <std::ranges::input_range Range, class F>
auto batch_outcomes(Range items, std::size_t limit, F fn, BatchOptions options = BatchOptions())
{
  detail::require_positive(limit, "batch_outcomes", "limit");
  if constexpr (detail::makes_tasks<Range, F>)
    return detail::collect_outcomes<detail::Source<Range>, Range, F>(
        std::move(items), limit, std::move(fn), std::move(options));
  else
    return detail::explain_function<Range, F>();
}

}  // namespace asyncllm
