// What the concurrency helpers cost for a task, beside plain asio::co_spawn in the same run.
//
//   asyncllm-bench-concurrency                      the whole table
//   asyncllm-bench-concurrency gather [TASKS]       one row, for callgrind; TASKS 0 is the base
//   line
//
// A task does nothing ("trivial"), or gives way to the loop once ("post").
#include <asyncllm/concurrency/as_completed.hpp>
#include <asyncllm/concurrency/batch.hpp>
#include <asyncllm/concurrency/for_each_limit.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/semaphore.hpp>
#include <asyncllm/concurrency/task_group.hpp>
#include <asyncllm/concurrency/timeout.hpp>

#include "allocations.hpp"

#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <exception>
#include <functional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t window = 64;

asio::awaitable<int> trivial(int number)
{
  co_return number;
}

asio::awaitable<int> post(int number)
{
  auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
  co_return number;
}

using Work = asio::awaitable<int> (*)(int);
using Row = asio::awaitable<long> (*)(Work, int);  // gives a sum, so that nothing is optimised away

auto numbers(int tasks)
{
  return std::views::iota(0, tasks);
}

auto all(Work work, int tasks)
{
  return numbers(tasks) | std::views::transform(work);
}

asio::awaitable<long> loop_without_concurrency(Work work, int tasks)
{
  long sum = 0;
  for (int i = 0; i < tasks; ++i) {
    auto task = work(i);
    sum += co_await std::move(task);
  }
  co_return sum;
}

// Suspends until `left` is zero, by taking turns: the cheapest join that Asio has by itself.
asio::awaitable<void> join(const int& left)
{
  auto executor = co_await asio::this_coro::executor;
  while (left > 0)
    co_await asio::post(executor, asio::use_awaitable);
}

asio::awaitable<long> co_spawn_plain(Work work, int tasks)
{
  auto executor = co_await asio::this_coro::executor;
  long sum = 0;
  int left = tasks;
  for (int i = 0; i < tasks; ++i)
    asio::co_spawn(executor, work(i), [&sum, &left](std::exception_ptr, int value) {
      sum += value;
      --left;
    });
  auto joining = join(left);
  co_await std::move(joining);
  co_return sum;
}

asio::awaitable<long> co_spawn_with_slot(Work work, int tasks)
{
  auto executor = co_await asio::this_coro::executor;
  std::deque<asio::cancellation_signal> signals;
  long sum = 0;
  int left = tasks;
  for (int i = 0; i < tasks; ++i) {
    auto handler = [&sum, &left](std::exception_ptr, int value) {
      sum += value;
      --left;
    };
    asio::co_spawn(
        executor, work(i), asio::bind_cancellation_slot(signals.emplace_back().slot(), handler));
  }
  auto joining = join(left);
  co_await std::move(joining);
  co_return sum;
}

asio::awaitable<long> gather(Work work, int tasks)
{
  auto gathering = asyncllm::gather(all(work, tasks));
  const auto values = co_await std::move(gathering);
  co_return static_cast<long>(values.size());
}

asio::awaitable<long> gather_outcomes(Work work, int tasks)
{
  auto gathering = asyncllm::gather_outcomes(all(work, tasks));
  const auto outcomes = co_await std::move(gathering);
  co_return static_cast<long>(outcomes.size());
}

asio::awaitable<long> as_completed(Work work, int tasks)
{
  long sum = 0;
  auto stream = asyncllm::as_completed(all(work, tasks));
  while (const auto item = co_await stream.next())
    sum += *item->result;
  co_return sum;
}

asio::awaitable<long> as_completed_window(Work work, int tasks)
{
  long sum = 0;
  auto stream = asyncllm::as_completed(all(work, tasks), window);
  while (const auto item = co_await stream.next())
    sum += *item->result;
  co_return sum;
}

asio::awaitable<void> forget(asio::awaitable<int> task)
{
  co_await std::move(task);
}

asio::awaitable<long> task_group(Work work, int tasks)
{
  auto body = [&](asyncllm::TaskGroup& group) -> asio::awaitable<void> {
    for (int i = 0; i < tasks; ++i)
      group.spawn(forget(work(i)));
    co_return;
  };
  auto grouping = asyncllm::with_task_group(body);
  co_await std::move(grouping);
  co_return tasks;
}

asio::awaitable<long> for_each_limit(Work work, int tasks)
{
  long sum = 0;
  auto sink = [&sum](std::size_t, asyncllm::Outcome<int> outcome) { sum += *outcome; };
  auto working = asyncllm::for_each_limit(numbers(tasks), window, work, sink);
  co_await std::move(working);
  co_return sum;
}

asio::awaitable<long> batch(Work work, int tasks)
{
  auto batching = asyncllm::batch(numbers(tasks), window, work);
  const auto values = co_await std::move(batching);
  co_return static_cast<long>(values.size());
}

asio::awaitable<long> batch_outcomes(Work work, int tasks)
{
  auto batching = asyncllm::batch_outcomes(numbers(tasks), window, work);
  const auto outcomes = co_await std::move(batching);
  co_return static_cast<long>(outcomes.size());
}

asio::awaitable<long> semaphore(Work work, int tasks)
{
  asyncllm::Semaphore places(1);
  long sum = 0;
  for (int i = 0; i < tasks; ++i) {
    const auto permit = co_await places.acquire();
    auto task = work(i);
    sum += co_await std::move(task);
  }
  co_return sum;
}

asio::awaitable<long> with_semaphore(Work work, int tasks)
{
  asyncllm::Semaphore places(1);
  long sum = 0;
  for (int i = 0; i < tasks; ++i) {
    auto task = asyncllm::with_semaphore(places, work(i));
    sum += co_await std::move(task);
  }
  co_return sum;
}

asio::awaitable<long> with_timeout(Work work, int tasks)
{
  long sum = 0;
  for (int i = 0; i < tasks; ++i) {
    auto task = asyncllm::with_timeout(work(i), std::chrono::hours(1));
    sum += co_await std::move(task);
  }
  co_return sum;
}

struct Case {
  std::string_view name;
  Row row;
  int tasks;
};

constexpr int many = 10'000;
constexpr int million = 1'000'000;
constexpr Case cases[] = {
    {"loop", loop_without_concurrency, many},
    {"co_spawn", co_spawn_plain, many},
    {"co_spawn+slot", co_spawn_with_slot, many},
    {"gather", gather, many},
    {"gather_outcomes", gather_outcomes, many},
    {"as_completed", as_completed, many},
    {"as_completed(64)", as_completed_window, many},
    {"task_group", task_group, many},
    {"for_each_limit(64)", for_each_limit, many},
    {"for_each_limit(64)", for_each_limit, million},
    {"batch(64)", batch, many},
    {"batch(64)", batch, million},
    {"batch_outcomes(64)", batch_outcomes, million},
    {"as_completed(64)", as_completed_window, million},
    {"semaphore", semaphore, many},
    {"with_semaphore", with_semaphore, many},
    {"with_timeout", with_timeout, many},
};

double cpu_seconds()
{
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void run(Row row, Work work, int tasks)
{
  asio::io_context loop(1);
  asio::co_spawn(loop, row(work, tasks), [](std::exception_ptr error, long) {
    if (error)
      std::rethrow_exception(error);
  });
  loop.run();
}

double ns_a_task(Row row, Work work, int tasks)
{
  double best = 1e9;
  for (int i = 0; i < (tasks >= million ? 3 : 15); ++i) {
    const double begin = cpu_seconds();
    run(row, work, tasks);
    best = std::min(best, cpu_seconds() - begin);
  }
  return best * 1e9 / tasks;
}

Allocations allocated(Row row, Work work, int tasks)
{
  allocations = Allocations();
  count_allocations = true;
  run(row, work, tasks);
  count_allocations = false;
  return allocations;
}

void print_row(const Case& row)
{
  const double tasks = row.tasks;
  const auto used = allocated(row.row, trivial, row.tasks);
  std::printf(
      "%-20s %8d %9.0f %9.0f %9.2f %9.1f %9.1f %9.1f\n",
      row.name.data(),
      row.tasks,
      ns_a_task(row.row, trivial, row.tasks),
      ns_a_task(row.row, post, row.tasks),
      static_cast<double>(used.count) / tasks,
      static_cast<double>(used.bytes) / tasks,
      static_cast<double>(used.peak) / tasks,
      static_cast<double>(used.peak) / 1024);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv)
{
  if (argc > 1) {
    for (const Case& row : cases)
      if (row.name == argv[1]) {
        run(row.row, trivial, argc > 2 ? std::atoi(argv[2]) : row.tasks);
        return 0;
      }
    std::fprintf(stderr, "no row of this name: %s\n", argv[1]);
    return 1;
  }
  std::printf(
      "CPU time and memory for one task (best of several runs; allocations of trivial tasks)\n\n"
      "%-20s %8s %9s %9s %9s %9s %9s %9s\n",
      "",
      "tasks",
      "trivial",
      "+ post",
      "allocs",
      "bytes",
      "peak",
      "peak");
  std::printf(
      "%-20s %8s %9s %9s %9s %9s %9s %9s\n",
      "",
      "",
      "ns",
      "ns",
      "a task",
      "a task",
      "B a task",
      "KiB");
  for (const Case& row : cases)
    print_row(row);
}
