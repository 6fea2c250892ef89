// The sliding window: `limit` workers that take items from one source. An item costs no child of
// its own, so a million items need the memory of `limit`.
#pragma once

#include <asyncllm/concurrency/awaitable_range.hpp>
#include <asyncllm/concurrency/batch_options.hpp>
#include <asyncllm/concurrency/detail/group.hpp>
#include <asyncllm/concurrency/detail/source.hpp>
#include <asyncllm/core/outcome.hpp>

#include <asio/this_coro.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace asyncllm::inline v0_1::detail {

/// `F` makes an awaitable of an item; `TaskOf` is the awaitable's type.
template <class Input, class F>
using TaskOf = std::invoke_result_t<F&, typename Input::Item>;

/// `Input` is a Source or looks like one. `Sink` takes (index, Outcome).
template <class Input, class F, class Sink>
class Workers final : public Group<typename TaskOf<Input, F>::executor_type> {
 public:
  using Executor = typename TaskOf<Input, F>::executor_type;
  using Result = typename TaskOf<Input, F>::value_type;

  template <class From>
  Workers(From&& from, std::size_t limit, F fn, Sink sink, BatchOptions options)
      : input_(std::forward<From>(from)),
        limit_(limit),
        fn_(std::move(fn)),
        sink_(std::move(sink)),
        options_(std::move(options)),
        total_(options_.on_progress() ? input_.size() : std::nullopt)
  {}

  bool empty() { return input_.at_end(); }

  /// The number of items that have ended. Throws what ended the work early, if anything; a
  /// cancellation that found every item done and with a value came too late to count.
  std::size_t checked_count()
  {
    if (this->error())
      std::rethrow_exception(this->error());
    if (this->cancelled() && !(values_ == input_.index() && input_.at_end()))
      throw_cancelled();
    return done_;
  }

 private:
  using Item = typename Input::Item;

  struct Job {
    explicit Job(Input& input) : index(input.index()), item(input.take()) {}
    std::size_t index;
    Item item;
  };

  void start() override
  {
    while (workers_.size() < limit_ && !this->stopped() && !input_.at_end()) {
      Job first(input_);
      this->spawn(workers_.emplace_back(), work(std::move(first)));
    }
  }

  void on_result(ChildBase& worker) override
  {
    if (!worker.has_value())
      this->fail(worker.error());
  }

  asio::awaitable<void, Executor> work(Job first)
  {
    std::optional<Job> job(std::move(first));
    for (;;) {
      std::optional<Outcome<Result>> outcome;
      try {
        auto task = fn_(std::forward<Item>(job->item));
        if constexpr (std::is_void_v<Result>) {
          co_await std::move(task);
          outcome.emplace();
        } else {
          outcome.emplace(co_await std::move(task));
        }
      } catch (...) {
        outcome.emplace(Outcome<Result>::failure(std::current_exception()));
      }
      if (this->error())
        co_return;  // its result is not needed any more
      deliver(job->index, *std::move(outcome));
      if (this->stopped() || input_.at_end())
        co_return;
      job.emplace(input_);
      // The next item starts with a fresh cancellation state, whatever this one did to its own.
      co_await asio::this_coro::reset_cancellation_state();
      co_await asio::this_coro::throw_if_cancelled(true);
    }
  }

  void deliver(std::size_t index, Outcome<Result>&& outcome)
  {
    const bool ok = outcome.has_value();
    sink_(index, std::move(outcome));
    ++done_;
    if (options_.on_progress()) {
      const Progress progress{done_, total_, index, ok};
      options_.on_progress()(progress);
    }
    values_ += ok;
  }

  Input input_;
  const std::size_t limit_;
  F fn_;
  Sink sink_;
  const BatchOptions options_;
  const std::optional<std::size_t> total_;
  std::deque<Child<void>> workers_;
  std::size_t done_ = 0;
  std::size_t values_ = 0;  // of these, how many succeeded in every respect
};

template <class WorkersType>
asio::awaitable<std::size_t, typename WorkersType::Executor> run_workers(Ref<WorkersType> workers)
{
  if (workers->empty())
    co_return 0;
  auto waiting = wait_for(std::move(workers));
  const auto joined = co_await std::move(waiting);
  co_return static_cast<WorkersType&>(*joined).checked_count();
}

}  // namespace asyncllm::detail
