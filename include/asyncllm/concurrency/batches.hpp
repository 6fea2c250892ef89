// Batches with a barrier: each one ends before the next begins.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/concurrency/batch_options.hpp>
#include <asyncllm/concurrency/detail/arguments.hpp>
#include <asyncllm/concurrency/detail/arguments_checked.hpp>
#include <asyncllm/concurrency/detail/batch.hpp>
#include <asyncllm/concurrency/detail/batches.hpp>
#include <asyncllm/core/outcome.hpp>

#include <asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1 {

/// The result of `batches`: one vector of outcomes per batch. Starts nothing before the first
/// next().
template <std::ranges::input_range Range, class F>
class BatchStream {
  using State = detail::BatchStreamState<Range, F>;
  using Task = detail::TaskOf<detail::Source<Range>, F>;

 public:
  using Result = typename Task::value_type;
  using Executor = typename Task::executor_type;
  using Batch = std::vector<Outcome<Result>>;

  BatchStream(Range items, std::size_t size, F fn)
      : state_(detail::make_ref<State>(std::move(items), size, std::move(fn)))
  {}

  /// Runs the next batch: reads up to `size` items, starts them all, and waits for all of them.
  ///
  /// Result: the outcomes in input order; nullopt when there are no more items.
  /// Throws: what the input throws; `std::logic_error` while another next() is pending. After any
  /// exception the stream is at its end.
  /// Cancellation: passed on to the running items; throws `operation_aborted` when they have ended,
  /// unless each of them has a value.
  /// Threads: the tasks run on the executor of the awaiting coroutine: one thread's, or a strand.
  /// Lifetimes: the stream may go or move while next() is pending.
  asio::awaitable<std::optional<Batch>, Executor> next() { return run_next(state_); }

 private:
  static asio::awaitable<std::optional<Batch>, Executor> run_next(detail::Ref<State> state)
  {
    if (state->pending)
      throw std::logic_error("asyncllm: next() of a batch stream while another one is pending");
    if (state->ended || state->source.at_end())
      co_return std::nullopt;
    using Slice = detail::Slice<Range>;
    state->pending = state->ended = true;
    const typename Slice::Of slice{&state->source, state->batch_size};
    auto running = detail::collect_outcomes<Slice, typename Slice::Of, std::reference_wrapper<F>>(
        slice, state->batch_size, std::ref(state->fn), BatchOptions());
    std::optional<Batch> outcomes;
    try {
      outcomes.emplace(co_await std::move(running));
    } catch (...) {
      state->pending = false;
      throw;
    }
    state->pending = state->ended = false;
    co_return outcomes;
  }

  detail::Ref<State> state_;
};

/// The batches of `for i in range(0, n, size): gather(items[i:i + size])`: `fn(item)` for `size`
/// items at once, and the next ones only when all of these have ended. For the same limit as a
/// sliding window, which is faster, use `batch_outcomes`.
///
/// Throws `Error{invalid_argument}` when called with `size` 0.
/// Threads: the tasks run on the executor of the awaiting coroutine: one thread's, or a strand.
/// Lifetimes: as `batch`.
///
///     auto stream = asyncllm::batches(questions, 3, ask);
///     while (auto outcomes = co_await stream.next())
///       show(*outcomes);
template <std::ranges::input_range Range, class F>
auto batches(Range items, std::size_t size, F fn)
{
  detail::require_positive(size, "batches", "size");
  if constexpr (detail::makes_tasks<Range, F>)
    return BatchStream<Range, F>(std::move(items), size, std::move(fn));
  else
    return detail::explain_function<Range, F>();
}

}  // namespace asyncllm
