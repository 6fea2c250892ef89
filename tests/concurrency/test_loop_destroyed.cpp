// The io_context destroyed while a helper runs: the tasks' frames go before those of the coroutines
// whose variables they use. Meant to be run with ASan.
#include <asyncllm/concurrency/as_completed.hpp>
#include <asyncllm/concurrency/batch.hpp>
#include <asyncllm/concurrency/for_each_completed.hpp>
#include <asyncllm/concurrency/for_each_limit.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/task_group.hpp>
#include <asyncllm/concurrency/timeout.hpp>
#include <asyncllm/concurrency/wait_any.hpp>

#include "test.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace asyncllm;

namespace {

// Uses a variable of somebody else's frame when it goes.
class UsesAtEnd {
 public:
  explicit UsesAtEnd(std::string& log) : log_(log) {}
  ~UsesAtEnd() { log_ += "the end of a task, too long for the string itself"; }
  UsesAtEnd(const UsesAtEnd&) = delete;
  UsesAtEnd& operator=(const UsesAtEnd&) = delete;

 private:
  std::string& log_;
};

// Ends after one turn of the loop, or never.
asio::awaitable<int> short_task(std::string& log)
{
  const UsesAtEnd guard(log);
  const auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
  co_return 1;
}

asio::awaitable<int> long_task(std::string& log)
{
  const UsesAtEnd guard(log);
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
  co_return 2;
}

asio::awaitable<void> without_result(asio::awaitable<int> task)
{
  co_await std::move(task);
}

std::vector<asio::awaitable<int>> tasks_of(std::string& log)
{
  std::vector<asio::awaitable<int>> tasks;
  for (int i = 0; i < 3; ++i) {
    tasks.push_back(short_task(log));
    tasks.push_back(long_task(log));
  }
  return tasks;
}

using Helper = std::function<asio::awaitable<void>(std::string&)>;

asio::awaitable<void> parent(const Helper& helper)
{
  std::string log(100, 'x');
  auto running = helper(log);
  co_await std::move(running);
}

}  // namespace

TEST_CASE("the io_context may be destroyed at each step of each helper", "[concurrency]")
{
  const Helper helpers[] = {
      [](std::string& log) -> asio::awaitable<void> { co_await gather(tasks_of(log)); },
      [](std::string& log) -> asio::awaitable<void> { co_await gather_outcomes(tasks_of(log)); },
      [](std::string& log) -> asio::awaitable<void> {
        auto visit = [](Completion<int>) {};
        auto all = for_each_completed(tasks_of(log), visit);
        co_await std::move(all);
      },
      [](std::string& log) -> asio::awaitable<void> {
        auto stream = as_completed(tasks_of(log));
        for (int i = 0; i < 6; ++i)
          co_await stream.next();
      },
      [](std::string& log) -> asio::awaitable<void> {
        auto first = wait_any(tasks_of(log));
        co_await std::move(first);
      },
      [](std::string& log) -> asio::awaitable<void> {
        const std::vector<int> items{1, 2, 3};
        auto run = [&](int) { return long_task(log); };
        auto all = batch(items, 2, run);
        co_await std::move(all);
      },
      [](std::string& log) -> asio::awaitable<void> {
        auto limited = with_timeout(long_task(log), std::chrono::hours(1));
        co_await std::move(limited);
      },
      [](std::string& log) -> asio::awaitable<void> {
        auto body = [&](TaskGroup& group) -> asio::awaitable<void> {
          for (auto& task : tasks_of(log))
            group.spawn(without_result(std::move(task)));
          auto last = long_task(log);
          co_await std::move(last);
        };
        auto all = with_task_group(body);
        co_await std::move(all);
      },
  };
  for (const auto& helper : helpers)
    for (int steps = 0; steps < 20; ++steps) {
      asio::io_context loop;
      asio::co_spawn(loop, parent(helper), asio::detached);
      for (int i = 0; i < steps; ++i)
        loop.poll_one();
    }
}
