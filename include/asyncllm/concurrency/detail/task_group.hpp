// The group behind with_task_group: the body is a child as well as the tasks that it starts.
#pragma once

#include <asyncllm/concurrency/awaitable_range.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/concurrency/detail/group.hpp>

#include <asio/awaitable.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1 {

template <class Executor>
class BasicTaskGroup;

namespace detail {

template <class Executor>
class TaskGroupBase : public Group<Executor> {
 public:
  void spawn_task(asio::awaitable<void, Executor> task)
  {
    if (!this->open())
      throw std::logic_error("asyncllm: spawn() in a task group that has ended");
    if (this->stopped())
      throw_cancelled();
    // Nested starts use the stack.
    const Nested nested(nested_);
    if (nested_ <= most_nested || !task.valid())
      this->spawn(place(), std::move(task));
    else
      this->spawn(place(), start_later(std::move(task)));
  }

  void cancel_tasks() { this->stop(asio::cancellation_type::terminal, &body()); }
  std::size_t running_tasks() const noexcept { return this->running() - (body_runs_ ? 1 : 0); }

 protected:
  explicit TaskGroupBase(std::vector<std::exception_ptr>* errors) noexcept : errors_(errors) {}

  BasicTaskGroup<Executor>& handle() noexcept { return handle_; }

  template <class T>
  void spawn_body(Child<T>& child, asio::awaitable<T, Executor> body)
  {
    body_runs_ = true;
    this->spawn(child, std::move(body));
  }

  void record(const std::exception_ptr& error)
  {
    if (errors_)
      errors_->push_back(error);
    this->fail(error);
  }

  /// Throws what ended the group early, if something did.
  void check(bool body_has_value) const
  {
    if (this->error())
      std::rethrow_exception(this->error());
    if (this->cancelled() && !(body_has_value && all_well_))
      throw_cancelled();
  }

 private:
  static constexpr int most_nested = 64;

  class Nested {
   public:
    explicit Nested(int& count) noexcept : count_(count) { ++count_; }
    ~Nested() { --count_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    int& count_;
  };

  static asio::awaitable<void, Executor> start_later(asio::awaitable<void, Executor> task)
  {
    auto turn = asio::post(asio::use_awaitable_t<Executor>());
    co_await std::move(turn);
    co_await std::move(task);
  }

  virtual const ChildBase& body() const noexcept = 0;

  // The memory of ended tasks is reused: a group may live as long as the program.
  Child<void>& place()
  {
    if (free_.empty())
      return places_.emplace_back();
    auto& child = static_cast<Child<void>&>(free_.front());
    child.unlink();
    return child;
  }

  void on_result(ChildBase& child) override
  {
    if (child.has_value())
      return;
    if (&child != &body())
      all_well_ = false;
    const auto error = child.error();
    if (this->stopped() && is_cancelled(error))
      return;  // it was cancelled by the group
    record(error);
  }

  void on_end(ChildBase& child) override
  {
    if (&child == &body()) {
      body_runs_ = false;
      return;
    }
    static_cast<Child<void>&>(child).reset();
    free_.push_back(child);
  }

  std::deque<Child<void>> places_;
  List<ChildBase> free_;
  std::vector<std::exception_ptr>* errors_;
  int nested_ = 0;  // starts, one inside the other
  bool body_runs_ = false;
  bool all_well_ = true;
  BasicTaskGroup<Executor> handle_{*this};
};

template <class Executor, class Body>
class TaskGroupState final : public TaskGroupBase<Executor> {
 public:
  using Task = std::invoke_result_t<Body&, BasicTaskGroup<Executor>&>;
  using Result = typename Task::value_type;

  TaskGroupState(Body body, std::vector<std::exception_ptr>* errors)
      : TaskGroupBase<Executor>(errors), body_(std::move(body))
  {}

  OrMonostate<Result> take_value()
  {
    this->check(body_child_.has_value());
    return body_child_.take_value();
  }

 private:
  void start() override
  {
    try {
      this->spawn_body(body_child_, body_(this->handle()));
    } catch (...) {  // the body is not a coroutine
      this->record(std::current_exception());
    }
  }
  const ChildBase& body() const noexcept override { return body_child_; }

  Body body_;
  Child<Result> body_child_;
};

template <class Executor, class Body>
asio::awaitable<typename TaskGroupState<Executor, Body>::Result, Executor> run_task_group(
    Ref<TaskGroupState<Executor, Body>> group)
{
  using State = TaskGroupState<Executor, Body>;
  auto waiting = wait_for(std::move(group));
  const auto joined = co_await std::move(waiting);
  auto& state = static_cast<State&>(*joined);
  if constexpr (std::is_void_v<typename State::Result>)
    state.take_value();
  else
    co_return state.take_value();
}

}  // namespace detail
}  // namespace asyncllm
