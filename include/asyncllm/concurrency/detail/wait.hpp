// The group behind wait_any and wait_any_success: one child decides, the others are cancelled.
#pragma once

#include <asyncllm/concurrency/awaitable_range.hpp>
#include <asyncllm/concurrency/completion.hpp>
#include <asyncllm/concurrency/detail/group.hpp>
#include <asyncllm/concurrency/detail/source.hpp>
#include <asyncllm/core/error.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <string>
#include <utility>

namespace asyncllm::inline v0_1::detail {

enum class Decides { first_to_end, first_value };

template <class Range, Decides rule>
class AnyGroup final : public Group<ExecutorOf<Range>> {
 public:
  using Result = ResultOf<Range>;

  AnyGroup(Range tasks, const char* function) : tasks_(std::move(tasks))
  {
    if (tasks_.at_end())
      throw Error(
          ErrorKind::invalid_argument,
          std::string(function).append(": there is nothing to wait for"));
  }

  Completion<Result> take()
  {
    if (this->error())
      std::rethrow_exception(this->error());
    if (!winner_ && this->cancelled())
      throw_cancelled();
    Child<Result>& child = winner_ ? *winner_ : last_failed_ ? *last_failed_ : children_.front();
    if (rule == Decides::first_value && !winner_)
      child.take_value();  // throws
    return Completion<Result>{child.index, child.take_outcome()};
  }

 private:
  void start() override
  {
    while (!this->stopped() && !tasks_.at_end()) {
      auto&& element = tasks_.take();
      auto task = std::move(element);
      Child<Result>& child = children_.emplace_back();
      child.index = children_.size() - 1;
      this->spawn(child, std::move(task));
    }
  }

  void on_result(ChildBase& base) override
  {
    auto& child = static_cast<Child<Result>&>(base);
    if (winner_)
      return;
    const bool by_failing = rule == Decides::first_to_end && !this->cancelled();
    if (child.has_value() || by_failing) {
      winner_ = &child;
      this->stop();
    } else {
      last_failed_ = &child;
    }
  }

  Source<Range> tasks_;
  std::deque<Child<Result>> children_;
  Child<Result>* winner_ = nullptr;
  Child<Result>* last_failed_ = nullptr;
};

template <class Range, Decides rule>
asio::awaitable<Completion<ResultOf<Range>>, ExecutorOf<Range>> wait_for_any(
    Ref<AnyGroup<Range, rule>> group)
{
  auto waiting = wait_for(std::move(group));
  const auto joined = co_await std::move(waiting);
  co_return static_cast<AnyGroup<Range, rule>&>(*joined).take();
}

}  // namespace asyncllm::detail
