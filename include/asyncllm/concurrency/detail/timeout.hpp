// The group behind with_timeout: one child and a timer that stops it.
#pragma once

#include <asyncllm/concurrency/awaitable_range.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/concurrency/detail/group.hpp>
#include <asyncllm/core/error.hpp>

#include <asio/basic_waitable_timer.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace asyncllm::inline v0_1::detail {

template <class T, class Executor>
class TimeoutGroup final : public Group<Executor> {
 public:
  using Clock = std::chrono::steady_clock;

  TimeoutGroup(asio::awaitable<T, Executor> task, Clock::duration limit)
      : task_(std::move(task)), limit_(limit)
  {}

  /// Throws unless there is time to start the task at all.
  void check_limit() const
  {
    if (limit_ <= Clock::duration::zero())
      throw_timeout();
  }

  OrMonostate<T> take_value()
  {
    if (this->error())
      std::rethrow_exception(this->error());
    if (expired_ && !this->cancelled() && is_cancelled(child_.error()))
      throw_timeout();
    return child_.take_value();
  }

 private:
  using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;

  void start() override
  {
    this->spawn(child_, std::move(task_));
    if (child_.has_result() || limit_ > Clock::time_point::max() - Clock::now())
      return;
    timer_.emplace(this->executor(), limit_);
    timer_->async_wait([self = Ref<TimeoutGroup>(this)](const asio::error_code& error) {
      if (!error)
        self->expire();
    });
  }

  void expire()
  {
    if (child_.has_result())
      return;
    expired_ = true;
    this->stop();
  }

  void on_result(ChildBase&) override
  {
    if (timer_)
      timer_->cancel();
  }

  [[noreturn]] void throw_timeout() const
  {
    using std::chrono::duration_cast, std::chrono::milliseconds;
    const auto limit = std::to_string(duration_cast<milliseconds>(limit_).count());
    throw Error(ErrorKind::timeout, "with_timeout: not done within " + limit + " ms");
  }

  asio::awaitable<T, Executor> task_;
  const Clock::duration limit_;
  Child<T> child_;
  std::optional<Timer> timer_;
  bool expired_ = false;
};

template <class T, class Executor>
asio::awaitable<T, Executor> run_with_timeout(Ref<TimeoutGroup<T, Executor>> group)
{
  group->check_limit();
  auto waiting = wait_for(std::move(group));
  const auto joined = co_await std::move(waiting);
  auto& timed = static_cast<TimeoutGroup<T, Executor>&>(*joined);
  if constexpr (std::is_void_v<T>)
    timed.take_value();
  else
    co_return timed.take_value();
}

}  // namespace asyncllm::detail
