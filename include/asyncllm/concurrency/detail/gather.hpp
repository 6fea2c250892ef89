// The coroutines behind gather and gather_outcomes: wait for the group, then collect.
#pragma once

#include <asyncllm/concurrency/detail/join.hpp>

#include <asio/awaitable.hpp>

#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::detail {

template <class T>
using Gathered = std::conditional_t<std::is_void_v<T>, void, std::vector<OrMonostate<T>>>;

template <class Range>
asio::awaitable<Gathered<ResultOf<Range>>, ExecutorOf<Range>> gather_values(
    Ref<RangeGroup<Range, StopAt::first_error>> group)
{
  if (group->empty())
    co_return Gathered<ResultOf<Range>>();
  auto waiting = wait_for(std::move(group));
  const auto joined = co_await std::move(waiting);
  auto& children = static_cast<RangeGroup<Range, StopAt::first_error>&>(*joined).checked_children();
  if constexpr (std::is_void_v<ResultOf<Range>>) {
    for (auto& child : children)
      child.take_value();
  } else {
    std::vector<ResultOf<Range>> values;
    values.reserve(children.size());
    for (auto& child : children)
      values.push_back(child.take_value());
    co_return values;
  }
}

template <class Range>
asio::awaitable<std::vector<Outcome<ResultOf<Range>>>, ExecutorOf<Range>> gather_range_outcomes(
    Ref<RangeGroup<Range, StopAt::end_of_all>> group)
{
  if (group->empty())
    co_return std::vector<Outcome<ResultOf<Range>>>();
  auto waiting = wait_for(std::move(group));
  const auto joined = co_await std::move(waiting);
  auto& children = static_cast<RangeGroup<Range, StopAt::end_of_all>&>(*joined).checked_children();
  std::vector<Outcome<ResultOf<Range>>> outcomes;
  outcomes.reserve(children.size());
  for (auto& child : children)
    outcomes.push_back(child.take_outcome());
  co_return outcomes;
}

template <class Executor, class... Ts>
asio::awaitable<std::tuple<OrMonostate<Ts>...>, Executor> gather_tuple(
    Ref<PackGroup<StopAt::first_error, Executor, Ts...>> group)
{
  auto waiting = wait_for(std::move(group));
  const auto joined = co_await std::move(waiting);
  auto& children =
      static_cast<PackGroup<StopAt::first_error, Executor, Ts...>&>(*joined).checked_children();
  co_return std::apply(
      [](auto&... child) { return std::tuple<OrMonostate<Ts>...>(child.take_value()...); },
      children);
}

template <class Executor, class... Ts>
asio::awaitable<std::tuple<Outcome<Ts>...>, Executor> gather_tuple_outcomes(
    Ref<PackGroup<StopAt::end_of_all, Executor, Ts...>> group)
{
  auto waiting = wait_for(std::move(group));
  const auto joined = co_await std::move(waiting);
  auto& children =
      static_cast<PackGroup<StopAt::end_of_all, Executor, Ts...>&>(*joined).checked_children();
  co_return std::apply(
      [](auto&... child) { return std::tuple<Outcome<Ts>...>(child.take_outcome()...); }, children);
}

}  // namespace asyncllm::detail
