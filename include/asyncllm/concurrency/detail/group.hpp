// Children that are started, cancelled and joined together: the core of every helper.
//
// Ownership has one direction, so that destroying the io_context at any moment frees everything:
// each child's coroutine owns the group, the group owns the suspended parent, and the parent, while
// it waits, owns nothing of the group; it gets its reference back as the result of the wait.
#pragma once

#include <asyncllm/concurrency/detail/cancellation.hpp>
#include <asyncllm/concurrency/detail/child.hpp>
#include <asyncllm/concurrency/detail/list.hpp>
#include <asyncllm/concurrency/detail/ref.hpp>
#include <asyncllm/concurrency/detail/waiter.hpp>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/use_awaitable.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#if defined(__GNUC__) && !defined(__clang__)  // for results of types from unnamed namespaces
#  pragma GCC diagnostic push
#  pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif
namespace asyncllm::inline v0_1::detail {

class GroupBase : public RefCounted {
 public:
  /// No further child starts.
  bool stopped() const noexcept { return stopped_; }
  /// The coroutine that waits for the group was cancelled, before anything failed.
  bool cancelled() const noexcept { return cancelled_; }
  /// What ended the group first, if it was an error.
  const std::exception_ptr& error() const noexcept { return error_; }
  std::size_t running() const noexcept { return running_; }
  /// A coroutine waits for it, and children may still be started.
  bool open() const noexcept { return static_cast<bool>(parent_); }

  /// Starts no more children and cancels those that run, but for the spared one. A child may end
  /// inside the call.
  void stop(
      asio::cancellation_type_t type = asio::cancellation_type::terminal,
      const ChildBase* spared = nullptr)
  {
    const Ref<GroupBase> alive(this);
    stopped_ = true;
    for (std::size_t left = running_; left > 0 && !children_.empty(); --left) {
      ChildBase& child = children_.front();
      children_.push_back(child);
      if (&child != spared && !child.has_result())
        child.signal.emit(type);
    }
  }

  /// Stops the group for this error, unless it has ended for another reason before.
  void fail(std::exception_ptr error)
  {
    if (!error_ && !cancelled_)
      error_ = std::move(error);
    if (!std::exchange(has_failed_, true))  // the failures that follow find the others cancelled
      stop();
  }

 protected:
  GroupBase() = default;

  /// Starts the children, on the loop and with the parent suspended.
  virtual void start() = 0;
  /// The outcome of a child is known, but its coroutine still exists.
  virtual void on_result(ChildBase&) {}
  /// The child has ended.
  virtual void on_end(ChildBase&) {}
  virtual bool done() const noexcept { return running_ == 0; }

  void start_no_more() noexcept { stopped_ = true; }
  void clear_cancelled() noexcept { cancelled_ = false; }

  template <class Handler>
  void wait_for_children(Handler handler)
  {
    const Ref<GroupBase> alive(this);
    const auto slot = asio::get_associated_cancellation_slot(handler);
    parent_ = make_waiter<Ref<GroupBase>>(std::move(handler));
    cancel_link_.connect(slot);
    starting_ = true;
    try {
      start();
    } catch (...) {
      fail(std::current_exception());
    }
    starting_ = false;
    resume_parent_if_done();
  }

  // The completion handler of a child, which keeps the group alive. It may be destroyed without
  // being called, when the loop is destroyed: the child is gone in that case too.
  class OnEnd {
   public:
    using cancellation_slot_type = asio::cancellation_slot;

    OnEnd(GroupBase& group, ChildBase& child) noexcept : child_(&child) { group.add(child); }
    OnEnd(OnEnd&& other) noexcept : child_(std::exchange(other.child_, nullptr)) {}
    OnEnd& operator=(OnEnd&&) = delete;
    ~OnEnd()
    {
      if (!child_)
        return;
      child_->group->was_dropped_ = true;
      end(*child_);
    }

    cancellation_slot_type get_cancellation_slot() const noexcept { return child_->signal.slot(); }

    void operator()(const std::exception_ptr& error)
    {
      ChildBase& child = *std::exchange(child_, nullptr);
      if (error && !child.has_result()) {  // cancelled before its first line
        child.fail(error);
        child.group->on_result(child);
      }
      end(child);
    }

   private:
    static void end(ChildBase& child)
    {
      const Ref<GroupBase> group = std::move(child.group);
      group->end_child(child);
    }

    ChildBase* child_;
  };

 private:
  template <class>
  friend class CancelLink;

  void add(ChildBase& child) noexcept
  {
    child.group = Ref<GroupBase>(this);
    children_.push_back(child);
    ++running_;
  }

  void end_child(ChildBase& child)
  {
    child.unlink();
    --running_;
    on_end(child);
    resume_parent_if_done();
  }

  void on_cancel(asio::cancellation_type_t type)
  {
    const Ref<GroupBase> alive(this);
    if (!error_)
      cancelled_ = true;
    stop(type);
    resume_parent_if_done();
  }

  void resume_parent_if_done()
  {
    // When the loop is destroyed the parent goes last: children may refer to its objects.
    const bool is_over = was_dropped_ ? running_ == 0 : done();
    if (!parent_ || starting_ || !is_over)
      return;
    cancel_link_.disconnect();
    const auto parent = std::move(parent_);
    Ref<GroupBase> self(this);
    if (parent->post(std::move(self)) || was_dropped_)
      return;
    parent->resume(std::move(self));  // no memory for anything better
  }

  std::size_t running_ = 0;
  bool starting_ = false;
  bool stopped_ = false;
  bool has_failed_ = false;
  bool was_dropped_ = false;
  bool cancelled_ = false;
  std::exception_ptr error_;
  List<ChildBase> children_;  // those that run
  Ref<Waiter<Ref<GroupBase>>> parent_;
  CancelLink<GroupBase> cancel_link_{*this};
};

template <class Executor>
class Group : public GroupBase {
 public:
  using executor_type = Executor;

  /// Suspends the coroutine behind `handler`, calls start(), and resumes the coroutine when done()
  /// says so. Use wait_for().
  template <class Handler>
  void wait(Handler handler)
  {
    executor_.emplace(asio::get_associated_executor(handler));
    this->wait_for_children(std::move(handler));
  }

 protected:
  const Executor& executor() const noexcept { return *executor_; }

  /// Runs the task up to its first suspension. `child` stays where it is until on_end().
  template <class T>
  void spawn(Child<T>& child, asio::awaitable<T, Executor> task)
  {
    if (!task.valid())
      throw std::logic_error("asyncllm: a task was awaited before, or moved from");
    asio::co_spawn(*executor_, run_child(std::move(task), child), OnEnd(*this, child));
  }

 private:
  // Asio's co_spawn requires a default constructible result, so the result does not go through it.
  // Only two parameters: a frame of this size fits the memory that Asio keeps for reuse.
  template <class T>
  static asio::awaitable<void, Executor> run_child(
      asio::awaitable<T, Executor> task, Child<T>& child)
  {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(task);
        child.succeed();
      } else {
        child.succeed(co_await std::move(task));
      }
    } catch (...) {
      child.fail(std::current_exception());
    }
    static_cast<Group&>(*child.group).on_result(child);
  }

  std::optional<Executor> executor_;
};

struct StartWaiting {
  template <class Handler, class GroupType>
  void operator()(Handler&& handler, Ref<GroupType> group) const
  {
    group->wait(std::forward<Handler>(handler));
  }
};

/// Starts the group when awaited, and gives it back when it is done.
template <class GroupType, class Executor = typename GroupType::executor_type>
asio::awaitable<Ref<GroupBase>, Executor> wait_for(Ref<GroupType> group)
{
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Ref<GroupBase>)>(
      StartWaiting(), asio::use_awaitable_t<Executor>(), Ref<Group<Executor>>(std::move(group)));
}

}  // namespace asyncllm::detail
#if defined(__GNUC__) && !defined(__clang__)
#  pragma GCC diagnostic pop
#endif
