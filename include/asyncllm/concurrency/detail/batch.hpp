// Where the workers of batch and batch_outcomes put the results: in input order, whenever they
// arrive.
#pragma once

#include <asyncllm/concurrency/detail/workers.hpp>
#include <asyncllm/core/outcome.hpp>

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::detail {

template <class T>
class Results {
 public:
  void put(std::size_t index, T value)
  {
    if (index >= places_.size())
      places_.resize(index + 1);
    places_[index].emplace(std::move(value));
  }

  std::vector<T> take()
  {
    std::vector<T> values;
    values.reserve(places_.size());
    for (auto& place : places_)
      values.push_back(*std::move(place));
    return values;
  }

 private:
  std::vector<std::optional<T>> places_;
};

/// The sink of batch: a failure ends it. Refers to results in the frame of the awaiting coroutine.
template <class T>
struct StoreValue {
  Results<T>* results;
  void operator()(std::size_t index, Outcome<T>&& outcome) const
  {
    results->put(index, std::move(outcome).value());
  }
};
template <>
struct StoreValue<void> {
  void operator()(std::size_t, Outcome<void>&& outcome) const { outcome.value(); }
};

/// The sink of batch_outcomes.
template <class T>
struct StoreOutcome {
  Results<Outcome<T>>* results;
  void operator()(std::size_t index, Outcome<T>&& outcome) const
  {
    results->put(index, std::move(outcome));
  }
};

template <class T>
using BatchValues = std::conditional_t<std::is_void_v<T>, void, std::vector<T>>;

template <class Range, class F, class Task = TaskOf<Source<Range>, F>>
asio::awaitable<BatchValues<typename Task::value_type>, typename Task::executor_type>
collect_values(Range items, std::size_t limit, F fn, BatchOptions options)
{
  using T = typename Task::value_type;
  if constexpr (std::is_void_v<T>) {
    auto workers = make_ref<Workers<Source<Range>, F, StoreValue<void>>>(
        std::move(items), limit, std::move(fn), StoreValue<void>(), std::move(options));
    auto working = run_workers(std::move(workers));
    co_await std::move(working);
  } else {
    Results<T> results;
    auto workers = make_ref<Workers<Source<Range>, F, StoreValue<T>>>(
        std::move(items), limit, std::move(fn), StoreValue<T>{&results}, std::move(options));
    auto working = run_workers(std::move(workers));
    co_await std::move(working);
    co_return results.take();
  }
}

/// `from` makes the input: a range, or what else `Input` can be made of.
template <class Input, class From, class F, class Task = TaskOf<Input, F>>
asio::awaitable<std::vector<Outcome<typename Task::value_type>>, typename Task::executor_type>
collect_outcomes(From from, std::size_t limit, F fn, BatchOptions options)
{
  using T = typename Task::value_type;
  Results<Outcome<T>> results;
  auto workers = make_ref<Workers<Input, F, StoreOutcome<T>>>(
      std::move(from), limit, std::move(fn), StoreOutcome<T>{&results}, std::move(options));
  auto working = run_workers(std::move(workers));
  co_await std::move(working);
  co_return results.take();
}

}  // namespace asyncllm::detail
