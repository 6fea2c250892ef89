// for_each_completed: as_completed with a scope.
#include <asyncllm/concurrency/for_each_completed.hpp>
#include <asyncllm/core/error.hpp>

#include "harness.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace harness;
using asyncllm::Completion;
using asyncllm::for_each_completed;

TEST_CASE("for_each_completed 52: it visits in completion order and returns at the end")
{
  Loop loop;
  Log log, seen;
  Gates gates(loop, 2);
  auto visit = [&](Completion<int> item) {
    seen.push_back(std::to_string(item.index) + ":" + std::to_string(*item.result));
  };
  Running main(
      loop, for_each_completed(tasks(child(log, gates[0], 5), child(log, gates[1], 6)), visit));
  loop.settle();
  gates[1].open();
  loop.settle();
  CHECK(seen == Log{"1:6"});
  gates[0].open();
  loop.settle();
  CHECK(main.has_value());
  CHECK(seen == Log{"1:6", "0:5"});
}

TEST_CASE("for_each_completed 52b: an exception of the visitor cancels and joins the others")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  auto visit = [](Completion<int> item) {
    if (*item.result == 0)
      throw std::runtime_error("seen enough");
  };
  Running main(
      loop,
      for_each_completed(
          tasks(at_once(0), child(log, gates[0], 1), slow_to_end(log, gates[1], gates[2], 2)),
          visit));
  loop.settle();
  CHECK_FALSE(main.done());
  gates[2].open();
  loop.settle();
  CHECK(main.message() == "seen enough");
  CHECK(log == Log{"start 1", "cancel 1", "cleaned 2"});
  CHECK(loop.empty());
}

TEST_CASE("for_each_completed 52c: a visitor may await, and cancelled there all is joined too")
{
  Loop loop;
  Log log;
  Gates gates(loop, 4);
  struct Visit {
    static asio::awaitable<void> slowly(Gate& gate, Log& log, Completion<int> item)
    {
      auto waiting = child(log, gate, 100 + static_cast<int>(item.index));
      co_await std::move(waiting);
    }
  };
  auto visit = [&](Completion<int> item) { return Visit::slowly(gates[0], log, std::move(item)); };
  Running main(
      loop, for_each_completed(tasks(at_once(0), slow_to_end(log, gates[1], gates[2], 1)), visit));
  loop.settle();
  CHECK(log == Log{"start 100"});
  main.cancel();
  loop.settle();
  CHECK(log == Log{"start 100", "cancel 100"});
  CHECK_FALSE(main.done());
  gates[2].open();
  loop.settle();
  CHECK(main.aborted());
  CHECK(log == Log{"start 100", "cancel 100", "cleaned 1"});
}

TEST_CASE("for_each_completed 52d: cancelled between two items it joins and is aborted")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  auto visit = [](Completion<int>) {};
  Running main(
      loop, for_each_completed(tasks(at_once(0), slow_to_end(log, gates[0], gates[1], 1)), visit));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK_FALSE(main.done());
  gates[1].open();
  loop.settle();
  CHECK(main.aborted());
}

TEST_CASE("for_each_completed 52e: with a limit, and failures that are outcomes")
{
  Loop loop;
  Log log, seen;
  Gate gate(loop);
  auto visit = [&](Completion<int> item) {
    seen.push_back(item.result ? "value" : item.result.error_message());
  };
  Running main(
      loop, for_each_completed(tasks(failing_at_once("broken"), child(log, gate, 1)), visit, 1));
  loop.settle();
  CHECK(seen == Log{"broken"});
  CHECK(log == Log{"start 1"});
  gate.open();
  loop.settle();
  CHECK(seen == Log{"broken", "value"});
  CHECK_THROWS_AS(for_each_completed(tasks(at_once(1)), visit, 0), asyncllm::Error);
}

TEST_CASE("for_each_completed 52f: the loop destroyed while it waits")
{
  const auto alive = std::make_shared<int>(0);
  struct Holding {
    static asio::awaitable<int> until(Gate& gate, std::shared_ptr<int> alive)
    {
      co_await gate.wait();
      co_return *alive;
    }
  };
  {
    Loop loop;
    Gate gate(loop);
    auto visit = [alive](Completion<int>) {};
    Running main(loop, for_each_completed(tasks(Holding::until(gate, alive), at_once(1)), visit));
    loop.settle();
    CHECK(alive.use_count() > 2);
  }
  CHECK(alive.use_count() == 1);
}
