// with_task_group.
#include <asyncllm/concurrency/task_group.hpp>
#include <asyncllm/core/error.hpp>

#include "harness.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace harness;
using asyncllm::TaskGroup;
using asyncllm::with_task_group;

namespace {

asio::awaitable<void> quietly(asio::awaitable<int> task)
{
  co_await std::move(task);
}

std::string message(const std::exception_ptr& error)
{
  return asyncllm::Outcome<void>::failure(error).error_message();
}

}  // namespace

TEST_CASE("task group 98: its end waits for the body and for all tasks")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  auto body = [&](TaskGroup& group) -> asio::awaitable<int> {
    group.spawn(quietly(child(log, gates[0], 0)));
    group.spawn(quietly(child(log, gates[1], 1)));
    log.push_back(numbered("running ", static_cast<int>(group.running())));
    co_await gates[2].wait();
    co_return 9;
  };
  Running main(loop, with_task_group(body));
  loop.settle();
  CHECK(log == Log{"start 0", "start 1", "running 2"});
  gates[2].open();
  loop.settle();
  CHECK_FALSE(main.done());
  gates[0].open();
  loop.settle();
  CHECK_FALSE(main.done());
  gates[1].open();
  loop.settle();
  CHECK(*main.outcome() == 9);
  CHECK(loop.empty());
}

TEST_CASE("task group 98b: an empty one, and one whose tasks end before the body")
{
  Loop loop;
  Gate gate(loop);
  auto nothing = [](TaskGroup&) -> asio::awaitable<void> { co_return; };
  auto some = [&](TaskGroup& group) -> asio::awaitable<int> {
    for (int i = 0; i < 100; ++i)
      group.spawn(quietly(at_once(i)));
    co_await gate.wait();
    co_return static_cast<int>(group.running());
  };
  Running empty(loop, with_task_group(nothing));
  Running main(loop, with_task_group(some));
  loop.settle();
  CHECK(empty.has_value());
  gate.open();
  loop.settle();
  CHECK(*main.outcome() == 0);
}

TEST_CASE("task group 99: an error of a task cancels the others and the body, all errors are kept")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  struct Fails {
    static asio::awaitable<void> when_cancelled(Gate& gate)
    {
      try {
        co_await gate.wait();
      } catch (const std::system_error&) {
        throw std::runtime_error("second");
      }
    }
  };
  std::vector<std::exception_ptr> errors;
  auto body = [&](TaskGroup& group) -> asio::awaitable<void> {
    group.spawn(quietly(child(log, gates[0], 0)));
    group.spawn(quietly(failing(gates[1], "first")));
    group.spawn(Fails::when_cancelled(gates[0]));
    auto waiting = child(log, gates[2], 100);
    co_await std::move(waiting);
  };
  Running main(loop, with_task_group(body, errors));
  loop.settle();
  gates[1].open();
  loop.settle();
  CHECK(main.message() == "first");
  CHECK(log == Log{"start 0", "start 100", "cancel 100", "cancel 0"});
  REQUIRE(errors.size() == 2);
  CHECK(errors[0] == main.outcome().error());
  CHECK(message(errors[1]) == "second");
}

TEST_CASE("task group 99b: a task that aborts by itself fails the group")
{
  Loop loop;
  struct Aborts {
    static asio::awaitable<void> now()
    {
      throw asio::system_error(asio::error::make_error_code(asio::error::operation_aborted));
      co_return;
    }
  };
  auto body = [](TaskGroup& group) -> asio::awaitable<int> {
    group.spawn(Aborts::now());
    co_return 1;
  };
  Running main(loop, with_task_group(body));
  loop.settle();
  CHECK(main.aborted());
}

TEST_CASE("task group 100: an exception of the body cancels the tasks, and propagates")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  auto body = [&](TaskGroup& group) -> asio::awaitable<void> {
    group.spawn(quietly(slow_to_end(log, gates[0], gates[1], 0)));
    co_await turn();
    throw std::runtime_error("the body");
  };
  Running main(loop, with_task_group(body));
  loop.settle();
  CHECK_FALSE(main.done());
  gates[1].open();
  loop.settle();
  CHECK(main.message() == "the body");
  CHECK(log == Log{"cleaned 0"});
}

TEST_CASE("task group 100b: a body that throws instead of returning an awaitable")
{
  Loop loop;
  std::vector<std::exception_ptr> errors;
  auto body = [](TaskGroup&) -> asio::awaitable<void> { throw std::runtime_error("no body"); };
  Running main(loop, with_task_group(body, errors));
  loop.settle();
  CHECK(main.message() == "no body");
  CHECK(errors.size() == 1);
}

TEST_CASE("task group 101: spawn after a failure is refused, and the task destroyed unstarted")
{
  Loop loop;
  Gate gate(loop);
  const auto argument = std::make_shared<int>(0);
  bool refused = false;
  struct Late {
    static asio::awaitable<void> count(std::shared_ptr<int> calls)
    {
      ++*calls;
      co_return;
    }
  };
  auto body = [&](TaskGroup& group) -> asio::awaitable<void> {
    group.spawn(quietly(failing_at_once("broken")));
    try {
      group.spawn(Late::count(argument));
    } catch (const std::system_error& error) {
      refused = error.code() == asio::error::operation_aborted;
    }
    co_await gate.wait();
  };
  Running main(loop, with_task_group(body));
  loop.settle();
  CHECK(refused);
  CHECK(*argument == 0);
  CHECK(argument.use_count() == 1);
  CHECK(main.message() == "broken");
}

TEST_CASE("task group 101b: spawn after its end is wrong use")
{
  Loop loop;
  int refused = 0;
  auto body = [&](TaskGroup& group) -> asio::awaitable<void> {
    // Two turns on, everything has ended, and whoever waits for the group is not yet resumed.
    auto late = [&] {
      CHECK(group.running() == 0);
      CHECK_THROWS_AS(group.spawn(quietly(at_once(1))), std::logic_error);
      ++refused;
    };
    asio::post(loop.context, [&loop, late] { asio::post(loop.context, late); });
    co_return;
  };
  Running main(loop, with_task_group(body));
  loop.settle();
  CHECK(main.has_value());
  CHECK(refused == 1);
}

namespace {

asio::awaitable<void> tree(TaskGroup& group, Log& log, int depth)
{
  log.push_back(numbered("depth ", depth));
  if (depth > 0)
    group.spawn(tree(group, log, depth - 1));
  co_await turn();
  log.push_back(numbered("end ", depth));
}

}  // namespace

TEST_CASE("task group 102: a task may start tasks of the same group, also after the body's end")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  struct Later {
    static asio::awaitable<void> plant(TaskGroup& group, Log& log, Gate& gate)
    {
      co_await gate.wait();
      group.spawn(tree(group, log, 2));
    }
  };
  auto body = [&](TaskGroup& group) -> asio::awaitable<void> {
    group.spawn(Later::plant(group, log, gate));
    co_return;
  };
  Running main(loop, with_task_group(body));
  loop.settle();
  CHECK_FALSE(main.done());
  gate.open();
  loop.settle();
  CHECK(main.has_value());
  CHECK(log == Log{"depth 2", "depth 1", "depth 0", "end 0", "end 1", "end 2"});
}

TEST_CASE("task group 103: cancelled, it cancels the body and the tasks, waits, and is aborted")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  auto body = [&](TaskGroup& group) -> asio::awaitable<void> {
    group.spawn(quietly(slow_to_end(log, gates[0], gates[1], 0)));
    auto waiting = child(log, gates[2], 100);
    co_await std::move(waiting);
  };
  Running main(loop, with_task_group(body));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK(log == Log{"start 100", "cancel 100"});
  CHECK_FALSE(main.done());
  gates[1].open();
  loop.settle();
  CHECK(main.aborted());
  CHECK(log.back() == "cleaned 0");
}

TEST_CASE("task group 103b: cancelled too late to matter, it returns the body's value")
{
  Loop loop;
  Gate gate(loop);
  auto body = [&](TaskGroup& group) -> asio::awaitable<int> {
    group.spawn(quietly(stubborn(gate, 1)));
    co_return 5;
  };
  Running main(loop, with_task_group(body));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK(*main.outcome() == 5);
}

TEST_CASE("task group 104: a cancellation inside does not leak into what comes after it")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  struct After {
    static asio::awaitable<int> group(Gates& gates, Log& log)
    {
      auto body = [&](TaskGroup& group) -> asio::awaitable<void> {
        group.spawn(quietly(failing_at_once("broken")));
        co_await gates[0].wait();
      };
      try {
        auto running = with_task_group(body);
        co_await std::move(running);
      } catch (const std::runtime_error&) {
        log.push_back("caught");
      }
      co_await gates[1].wait();
      co_return 1;
    }
  };
  gates[1].open();
  Running main(loop, After::group(gates, log));
  loop.settle();
  CHECK(*main.outcome() == 1);
  CHECK(log == Log{"caught"});
}

TEST_CASE("task group 104b: cancel() ends the tasks without an error and spares the body")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  bool refused = false;
  auto body = [&](TaskGroup& group) -> asio::awaitable<int> {
    group.spawn(quietly(child(log, gates[0], 0)));
    group.cancel();
    try {
      group.spawn(quietly(at_once(1)));
    } catch (const std::system_error&) {
      refused = true;
    }
    co_await gates[1].wait();
    co_return 7;
  };
  Running main(loop, with_task_group(body));
  loop.settle();
  CHECK(log == Log{"start 0", "cancel 0"});
  CHECK(refused);
  gates[1].open();
  loop.settle();
  CHECK(*main.outcome() == 7);
}

TEST_CASE("task group 104c: the loop destroyed while body and tasks are suspended")
{
  const auto alive = std::make_shared<int>(0);
  struct Holding {
    static asio::awaitable<void> until(Gate& gate, std::shared_ptr<int> alive)
    {
      co_await gate.wait();
      ++*alive;
    }
  };
  {
    Loop loop;
    Gate gate(loop);
    auto body = [&gate, alive](TaskGroup& group) -> asio::awaitable<void> {
      group.spawn(Holding::until(gate, alive));
      group.spawn(Holding::until(gate, alive));
      co_await gate.wait();
    };
    Running main(loop, with_task_group(body));
    loop.settle();
    CHECK(alive.use_count() >= 4);
  }
  CHECK(alive.use_count() == 1);
}

namespace {

// Tasks of which each starts the next one, and suspends at no point.
struct Chain {
  TaskGroup& group;
  int left;
  std::vector<int> order;

  asio::awaitable<void> link(int number)
  {
    order.push_back(number);
    if (--left > 0)
      group.spawn(link(number + 1));
    co_return;
  }
};

}  // namespace

TEST_CASE("task group 104d: tasks that start the next one without suspending need no more stack")
{
  Loop loop;
  std::vector<int> order;
  auto body = [&order](TaskGroup& group) -> asio::awaitable<void> {
    auto chain = std::make_shared<Chain>(Chain{group, 200'000, {}});
    group.spawn(chain->link(0));
    while (group.running() > 0)
      co_await turn();
    order = std::move(chain->order);
  };
  Running main(loop, with_task_group(body));
  loop.settle();
  REQUIRE(main.has_value());
  CHECK(order.size() == 200'000);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("task group 104e: a task whose start was put off is destroyed unstarted by a failure")
{
  Loop loop;
  std::vector<int> started;
  const auto alive = std::make_shared<int>(0);
  struct Deep {
    static asio::awaitable<void> start(
        TaskGroup& group, std::vector<int>& started, int depth, std::shared_ptr<int> alive)
    {
      started.push_back(depth);
      if (depth < 64)
        group.spawn(start(group, started, depth + 1, alive));
      if (depth == 0)
        throw std::runtime_error("the first one");
      co_return;
    }
  };
  auto body = [&](TaskGroup& group) -> asio::awaitable<void> {
    group.spawn(Deep::start(group, started, 0, alive));
    co_return;
  };
  Running main(loop, with_task_group(body));
  loop.settle();
  CHECK(main.message() == "the first one");
  CHECK(started.size() == 64);
  CHECK(alive.use_count() == 1);
}
