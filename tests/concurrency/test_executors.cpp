// Awaitables of other executors than the default one: every helper takes theirs.
#include <asyncllm/concurrency/as_completed.hpp>
#include <asyncllm/concurrency/batch.hpp>
#include <asyncllm/concurrency/batches.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/concurrency/for_each_completed.hpp>
#include <asyncllm/concurrency/for_each_limit.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/run.hpp>
#include <asyncllm/concurrency/semaphore.hpp>
#include <asyncllm/concurrency/task_group.hpp>
#include <asyncllm/concurrency/timeout.hpp>
#include <asyncllm/concurrency/wait_any.hpp>

#include "test.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/execution/blocking.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <ranges>
#include <utility>
#include <vector>

namespace {

template <class Executor>
struct Program {
  template <class T>
  using awaitable = asio::awaitable<T, Executor>;

  static awaitable<int> later(int value)
  {
    auto executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable_t<Executor>());
    co_return value;
  }

  static auto some() { return std::views::iota(1, 4) | std::views::transform(later); }

  static awaitable<int> everything()
  {
    int sum = 0;
    auto gathering = asyncllm::gather(some());
    const auto values = co_await std::move(gathering);
    for (const int value : values)
      sum += value;

    auto packing = asyncllm::gather_outcomes(later(10), later(20));
    auto outcomes = co_await std::move(packing);
    sum += *std::get<1>(outcomes);

    auto stream = asyncllm::as_completed(some(), 2);
    while (const auto item = co_await stream.next())
      sum += 100 * *item->result;
    co_await stream.close();

    auto visit = [&](asyncllm::Completion<int> item) { sum += 1000 * *item.result; };
    auto visiting = asyncllm::for_each_completed(some(), visit);
    co_await std::move(visiting);

    auto waiting = asyncllm::wait_any(some());
    const auto first = co_await std::move(waiting);
    sum += 10'000 * *first.result;

    auto batching = asyncllm::batch(std::views::iota(1, 4), 2, later);
    const auto numbers = co_await std::move(batching);
    for (const int number : numbers)
      sum += 100'000 * number;

    auto batches = asyncllm::batches(std::views::iota(1, 4), 2, later);
    while (const auto outcome = co_await batches.next())
      sum += 1'000'000 * static_cast<int>(outcome->size());

    asyncllm::Semaphore places(1);
    {
      auto acquiring = places.acquire<Executor>();
      const auto permit = co_await std::move(acquiring);
    }
    auto limited =
        asyncllm::with_timeout(asyncllm::with_semaphore(places, later(1)), std::chrono::hours(1));
    sum += 10'000'000 * co_await std::move(limited);

    auto body = [&](asyncllm::BasicTaskGroup<Executor>& group) -> awaitable<void> {
      group.spawn(add(sum));
      co_return;
    };
    auto grouping = asyncllm::with_task_group<Executor>(body);
    co_await std::move(grouping);
    co_return sum;
  }

  static awaitable<void> add(int& sum) { sum += 100'000'000 * co_await later(1); }

  static constexpr int expected =
      6 + 20 + 600 + 6000 + 10'000 + 600'000 + 3'000'000 + 10'000'000 + 100'000'000;

  static int run_on(asio::io_context& context, const Executor& executor)
  {
    int result = 0;
    std::exception_ptr error;
    asio::co_spawn(executor, everything(), [&](std::exception_ptr e, int value) {
      error = e;
      result = value;
    });
    context.run();
    if (error)
      std::rethrow_exception(error);
    return result;
  }
};

/// Never runs anything inline, unlike all of Asio's own.
class Posting {
 public:
  explicit Posting(asio::io_context& context) noexcept : context_(&context) {}

  template <class Function>
  void execute(Function function) const
  {
    asio::post(*context_, [function = std::move(function)]() mutable { std::move(function)(); });
  }
  Posting require(asio::execution::blocking_t::never_t) const noexcept { return *this; }
  asio::execution_context& query(asio::execution::context_t) const noexcept { return *context_; }
  bool operator==(const Posting&) const noexcept = default;

 private:
  asio::io_context* context_;
};

}  // namespace

TEST_CASE("executors: every helper works on an executor that never runs anything inline")
{
  asio::io_context context(1);
  CHECK(Program<Posting>::run_on(context, Posting(context)) == Program<Posting>::expected);
}

TEST_CASE("executors: there, a window without a limit starts one worker for each item, no more")
{
  asio::io_context context(1);
  int made = 0;
  auto count = [&](int number) {
    ++made;
    return number;
  };
  auto items = std::views::iota(0, 5) | std::views::transform(count);
  auto batching = asyncllm::batch(items, asyncllm::unlimited, Program<Posting>::later);
  std::vector<int> values;
  asio::co_spawn(
      Posting(context), std::move(batching), [&](std::exception_ptr, std::vector<int> result) {
        values = std::move(result);
      });
  context.run();
  CHECK(values == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(made == 5);
}

TEST_CASE("executors: there, a child cancelled before its first line has that as its outcome")
{
  using Stream = asyncllm::CompletionStream<int, Posting>;
  struct Consumer {
    static asio::awaitable<int, Posting> count_cancelled(Stream& stream)
    {
      int cancelled = 0;
      while (const auto item = co_await stream.next())
        cancelled += asyncllm::is_cancelled(item->result.error()) ? 1 : 0;
      co_return cancelled;
    }
  };
  asio::io_context context(1);
  auto stream = asyncllm::as_completed(Program<Posting>::some());
  int cancelled = 0;
  asio::co_spawn(
      Posting(context), Consumer::count_cancelled(stream), [&](std::exception_ptr, int count) {
        cancelled = count;
      });
  while (stream.in_flight() == 0 && context.run_one() > 0) {
  }
  stream.cancel();
  context.run();
  CHECK(cancelled == 3);
}

TEST_CASE("executors: there, a task cancelled before its first line is a task that did not succeed")
{
  asio::io_context context(1);
  asio::cancellation_signal signal;
  bool spawned = false;
  int sum = 0;
  auto body = [&](asyncllm::BasicTaskGroup<Posting>& group) -> asio::awaitable<int, Posting> {
    group.spawn(Program<Posting>::add(sum));
    spawned = true;
    co_return 1;
  };
  std::exception_ptr error;
  asio::co_spawn(
      Posting(context),
      asyncllm::with_task_group<Posting>(body),
      asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e, int) { error = e; }));
  while (!spawned && context.run_one() > 0) {
  }
  signal.emit(asio::cancellation_type::terminal);
  context.run();
  CHECK(asyncllm::is_cancelled(error));
  CHECK(sum == 0);
}

TEST_CASE("executors: every helper works on any_io_executor")
{
  asio::io_context context(1);
  using Default = Program<asio::any_io_executor>;
  CHECK(Default::run_on(context, context.get_executor()) == Default::expected);
}

TEST_CASE("executors: every helper works on the executor of an io_context")
{
  asio::io_context context(1);
  using Plain = Program<asio::io_context::executor_type>;
  CHECK(Plain::run_on(context, context.get_executor()) == Plain::expected);
}

TEST_CASE("executors: every helper works on a strand")
{
  asio::io_context context;
  using Executor = asio::strand<asio::io_context::executor_type>;
  using Strand = Program<Executor>;
  CHECK(Strand::run_on(context, asio::make_strand(context)) == Strand::expected);
}
