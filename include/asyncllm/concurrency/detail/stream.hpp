// The group behind a CompletionStream: keeps its window full and its finished children in order.
#pragma once

#include <asyncllm/concurrency/awaitable_range.hpp>
#include <asyncllm/concurrency/completion.hpp>
#include <asyncllm/concurrency/detail/group.hpp>
#include <asyncllm/concurrency/detail/source.hpp>

#include <asio/awaitable.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <optional>
#include <utility>

namespace asyncllm::inline v0_1::detail {

template <class T, class Executor>
class StreamGroup : public Group<Executor> {
 public:
  bool has_finished() const noexcept { return !finished_.empty(); }
  /// No results are left and none will come.
  bool at_end() const noexcept
  {
    return this->stopped() && this->running() == 0 && finished_.empty();
  }

  /// The next finished child; there must be one. Starts the next task.
  Completion<T> take()
  {
    auto& child = static_cast<Child<T>&>(finished_.front());
    Completion<T> completion{child.index, child.take_outcome()};
    free_.push_back(child);
    --waiting_;
    fill();
    return completion;
  }

  void forget_cancelled() noexcept { this->clear_cancelled(); }
  /// Throws, once, if the wait for the next one was cancelled.
  void check_cancelled()
  {
    if (!this->cancelled())
      return;
    this->clear_cancelled();
    throw_cancelled();
  }

  /// Throws what the input threw.
  void check_input() const
  {
    if (input_error_)
      std::rethrow_exception(input_error_);
  }

  /// From now on the group only joins, and what ends is dropped.
  void close() noexcept
  {
    closed_ = true;
    input_error_ = nullptr;
    try {
      this->stop();
    } catch (...) {  // no memory to cancel one of them: it runs to its end
    }
    while (!finished_.empty())
      drop(finished_.front());
  }

 protected:
  explicit StreamGroup(std::size_t limit) noexcept : limit_(limit) {}

 private:
  /// The next awaitable of the input; nothing at its end.
  virtual std::optional<asio::awaitable<T, Executor>> pull() = 0;

  void start() override { fill(); }

  // What the input throws ends it, but the results of what has started are kept.
  void fill()
  {
    try {
      while (!this->stopped() && this->running() + waiting_ < limit_) {
        auto task = pull();
        if (!task) {
          this->start_no_more();
          return;
        }
        Child<T>& child = place();
        child.index = next_index_++;
        this->spawn(child, *std::move(task));
      }
    } catch (...) {
      input_error_ = std::current_exception();
      this->start_no_more();
    }
  }

  Child<T>& place()
  {
    if (free_.empty())
      return places_.emplace_back();
    auto& child = static_cast<Child<T>&>(free_.front());
    child.unlink();
    return child;
  }

  void drop(ChildBase& child)
  {
    static_cast<Child<T>&>(child).reset();
    free_.push_back(child);
    --waiting_;
  }

  void on_end(ChildBase& child) override
  {
    finished_.push_back(child);
    ++waiting_;
    if (closed_)
      drop(child);
  }

  bool done() const noexcept override
  {
    return this->running() == 0 || (!finished_.empty() && !this->cancelled());
  }

  const std::size_t limit_;
  std::deque<Child<T>> places_;
  List<ChildBase> finished_;  // in the order in which they ended
  List<ChildBase> free_;
  std::size_t waiting_ = 0;  // how many are in finished_
  std::size_t next_index_ = 0;
  std::exception_ptr input_error_;
  bool closed_ = false;
};

template <class Range>
class StreamOf final : public StreamGroup<ResultOf<Range>, ExecutorOf<Range>> {
 public:
  using Task = std::ranges::range_value_t<Range>;

  StreamOf(Range tasks, std::size_t limit)
      : StreamGroup<ResultOf<Range>, ExecutorOf<Range>>(limit), source_(std::move(tasks))
  {}

 private:
  std::optional<Task> pull() override
  {
    if (source_.at_end())
      return std::nullopt;
    auto&& element = source_.take();
    return std::move(element);
  }

  Source<Range> source_;
};

}  // namespace asyncllm::detail
