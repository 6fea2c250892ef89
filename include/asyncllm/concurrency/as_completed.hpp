// Results in the order of completion.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/concurrency/awaitable_range.hpp>
#include <asyncllm/concurrency/completion.hpp>
#include <asyncllm/concurrency/detail/arguments.hpp>
#include <asyncllm/concurrency/detail/arguments_checked.hpp>
#include <asyncllm/concurrency/detail/stream.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/use_awaitable.hpp>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace asyncllm::inline v0_1 {

/// The result of `as_completed`. Starts nothing before the first next().
///
/// Destruction between calls cancels what still runs and does not wait for it: the tasks end on the
/// loop and their results are dropped. close() waits. To destroy or move a stream while its next()
/// or close() is pending is undefined.
/// Threads: one thread or one strand, that of the first next().
template <class T, class Executor = asio::any_io_executor>
class CompletionStream {
  using Group = detail::StreamGroup<T, Executor>;

 public:
  explicit CompletionStream(detail::Ref<Group> group) noexcept : group_(std::move(group)) {}
  CompletionStream(CompletionStream&&) noexcept = default;
  CompletionStream& operator=(CompletionStream&& other) noexcept
  {
    if (group_)
      group_->close();
    group_ = std::move(other.group_);
    return *this;
  }
  ~CompletionStream()
  {
    if (group_)
      group_->close();
  }

  /// The next task to end: its index in the input and its outcome. A failure is an outcome and ends
  /// nothing. Results that arrive between calls are kept.
  ///
  /// Result: nullopt when every task was delivered, and at every later call.
  /// Throws: what the input threw, when all tasks started before were delivered.
  /// `std::logic_error` while another next() or close() is pending.
  /// Cancellation: passed on to the running tasks with the same type, no further one is started;
  /// throws `operation_aborted` when they have ended. Their results are kept for later calls.
  asio::awaitable<std::optional<Completion<T>>, Executor> next()
  {
    Group& group = idle_group();
    if (!group.has_finished() && !group.at_end()) {
      auto waiting = wait();
      take_back(co_await std::move(waiting));
      group.check_cancelled();
    }
    if (group.has_finished())
      co_return group.take();
    group.check_input();
    co_return std::nullopt;
  }

  /// Cancels the running tasks (terminal) and starts no more. next() still delivers those that were
  /// started, with their outcomes.
  void cancel()
  {
    if (Group* group = group_ ? group_.get() : pending_)
      group->stop();
  }

  /// Cancels the running tasks, waits until they have ended and drops all results. Then the stream
  /// is at its end.
  ///
  /// Throws: `std::logic_error` while a next() or another close() is pending.
  /// Cancellation: passed on to the running tasks; they are waited for all the same. A coroutine
  /// that was cancelled before must `co_await asio::this_coro::reset_cancellation_state()` first,
  /// as before every `co_await`.
  asio::awaitable<void, Executor> close()
  {
    Group& group = idle_group();
    group.close();
    if (group.running() > 0) {
      auto waiting = wait();
      take_back(co_await std::move(waiting));
      group.forget_cancelled();
    }
  }

  /// The number of running tasks.
  std::size_t in_flight() const noexcept
  {
    const Group* group = group_ ? group_.get() : pending_;
    return group ? group->running() : 0;
  }

 private:
  using Joined = detail::Ref<detail::GroupBase>;

  // While the caller waits, it must not own the group, which owns the caller: see detail/group.hpp.
  struct StartWaiting {
    template <class Handler>
    void operator()(Handler&& handler, CompletionStream* stream) const
    {
      const detail::Ref<Group> group = std::move(stream->group_);
      stream->pending_ = group.get();
      group->wait(std::forward<Handler>(handler));
    }
  };

  asio::awaitable<Joined, Executor> wait()
  {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Joined)>(
        StartWaiting(), asio::use_awaitable_t<Executor>(), this);
  }

  void take_back(Joined group) noexcept
  {
    group_ = detail::Ref<Group>(static_cast<Group*>(group.get()));
    pending_ = nullptr;
  }

  Group& idle_group() const
  {
    if (!group_)
      throw std::logic_error("asyncllm: a completion stream is used while a call is pending");
    return *group_;
  }

  detail::Ref<Group> group_;  // null while a call is pending
  Group* pending_ = nullptr;
};

/// Runs every awaitable of `tasks` concurrently, at most `limit` at once, and returns a stream of
/// their results in the order of completion, as asyncio.as_completed does.
///
/// With a limit, at most that many tasks run or wait to be taken, and the input is read only when
/// another may start: a lazy input makes each awaitable just before it starts.
///
/// Throws: `Error{invalid_argument}` when called with `limit` 0.
/// Threads: the tasks run on the executor of the awaiting coroutine: one thread's, or a strand.
/// Lifetimes: the stream owns the tasks; see CompletionStream for what its destruction does.
/// For a form that always waits for the tasks, see `for_each_completed`.
///
///     auto stream = asyncllm::as_completed(std::move(tasks));
///     while (auto completion = co_await stream.next())
///       std::cout << labels[completion->index] << ": " << *completion->result << '\n';
template <class Range>
  requires AwaitableRange<std::remove_cvref_t<Range>>
auto as_completed(Range&& tasks, std::size_t limit = unlimited)
{
  using Tasks = std::remove_cvref_t<Range>;
  detail::require_positive(limit, "as_completed", "limit");
  if constexpr (detail::is_handed_over<Range>)
    return CompletionStream<ResultOf<Tasks>, ExecutorOf<Tasks>>(
        detail::make_ref<detail::StreamOf<Tasks>>(std::forward<Range>(tasks), limit));
  else
    return detail::ask_for_move<Range>();
}

}  // namespace asyncllm
