// The groups behind gather and gather_outcomes: all children at once, then join them.
#pragma once

#include <asyncllm/concurrency/awaitable_range.hpp>
#include <asyncllm/concurrency/detail/group.hpp>
#include <asyncllm/concurrency/detail/source.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <tuple>
#include <utility>

namespace asyncllm::inline v0_1::detail {

/// What makes a group stop before every child has ended by itself.
enum class StopAt { end_of_all, first_error };

/// Children of which each gives the same type, from a range of awaitables.
template <class Range, StopAt stop_at>
class RangeGroup final : public Group<ExecutorOf<Range>> {
 public:
  using Result = ResultOf<Range>;

  explicit RangeGroup(Range tasks) : tasks_(std::move(tasks)) {}

  bool empty() { return tasks_.at_end(); }

  /// The joined children. Throws what ended the group early, if something did; a cancellation that
  /// found every child with a value came too late to count.
  std::deque<Child<Result>>& checked_children()
  {
    if (this->error())
      std::rethrow_exception(this->error());
    if (this->cancelled() && !complete())
      throw_cancelled();
    return children_;
  }

 private:
  void start() override
  {
    while (!this->stopped() && !tasks_.at_end()) {
      auto&& element = tasks_.take();
      auto task = std::move(element);
      this->spawn(children_.emplace_back(), std::move(task));
    }
  }

  void on_result(ChildBase& child) override
  {
    if constexpr (stop_at == StopAt::first_error)
      if (!child.has_value())
        this->fail(child.error());
  }

  bool complete()
  {
    if (!tasks_.at_end())
      return false;
    for (const auto& child : children_)
      if (!child.has_value())
        return false;
    return true;
  }

  Source<Range> tasks_;
  std::deque<Child<Result>> children_;
};

/// Children of different types, each an argument of its own.
template <StopAt stop_at, class Executor, class... Ts>
class PackGroup final : public Group<Executor> {
 public:
  explicit PackGroup(asio::awaitable<Ts, Executor>... tasks) : tasks_(std::move(tasks)...) {}

  /// As RangeGroup::checked_children().
  std::tuple<Child<Ts>...>& checked_children()
  {
    if (this->error())
      std::rethrow_exception(this->error());
    const bool complete =
        std::apply([](const auto&... child) { return (child.has_value() && ...); }, children_);
    if (this->cancelled() && !complete)
      throw_cancelled();
    return children_;
  }

 private:
  void start() override { start_each(std::index_sequence_for<Ts...>()); }

  template <std::size_t... indices>
  void start_each(std::index_sequence<indices...>)
  {
    (start_one(std::get<indices>(children_), std::get<indices>(tasks_)), ...);
  }

  template <class T>
  void start_one(Child<T>& child, asio::awaitable<T, Executor>& task)
  {
    if (!this->stopped())
      this->spawn(child, std::move(task));
  }

  void on_result(ChildBase& child) override
  {
    if constexpr (stop_at == StopAt::first_error)
      if (!child.has_value())
        this->fail(child.error());
  }

  std::tuple<asio::awaitable<Ts, Executor>...> tasks_;
  std::tuple<Child<Ts>...> children_;
};

}  // namespace asyncllm::detail
