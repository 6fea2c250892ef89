// wait_any, wait_any_success, and what asyncio.wait does otherwise.
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/timeout.hpp>
#include <asyncllm/concurrency/wait_any.hpp>
#include <asyncllm/core/error.hpp>

#include "harness.hpp"

#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <vector>

using namespace harness;
using asyncllm::wait_any;
using asyncllm::wait_any_success;

TEST_CASE("wait_any 59: returns the first to end, with its index and value or exception")
{
  {
    Loop loop;
    Log log;
    Gates gates(loop, 2);
    Running main(loop, wait_any(tasks(child(log, gates[0], 10), child(log, gates[1], 11))));
    loop.settle();
    gates[1].open();
    loop.settle();
    REQUIRE(main.has_value());
    CHECK(main.outcome()->index == 1);
    CHECK(*main.outcome()->result == 11);
  }
  {
    Loop loop;
    Log log;
    Gates gates(loop, 2);
    Running main(loop, wait_any(tasks(child(log, gates[0], 10), failing(gates[1], "broken"))));
    loop.settle();
    gates[1].open();
    loop.settle();
    REQUIRE(main.has_value());
    CHECK(main.outcome()->index == 1);
    CHECK(main.outcome()->result.error_message() == "broken");
  }
}

TEST_CASE("wait_any 60: the losers are cancelled and have ended before it returns")
{
  Loop loop;
  Log log;
  Gates gates(loop, 4);
  Running main(
      loop,
      wait_any(tasks(
          child(log, gates[0], 0),
          child(log, gates[1], 1),
          slow_to_end(log, gates[2], gates[3], 2))));
  loop.settle();
  gates[1].open();
  loop.settle();
  CHECK_FALSE(main.done());
  CHECK(log == Log{"start 0", "start 1", "end 1", "cancel 0"});
  gates[3].open();
  loop.settle();
  CHECK(main.outcome()->index == 1);
  CHECK(log.back() == "cleaned 2");
  CHECK(loop.empty());
}

TEST_CASE("wait_any 61: wait_any_success returns the first value, or throws the last error in time")
{
  {
    Loop loop;
    Log log;
    Gates gates(loop, 2);
    Running main(
        loop,
        wait_any_success(
            tasks(failing_at_once("no"), child(log, gates[0], 1), child(log, gates[1], 2))));
    loop.settle();
    CHECK_FALSE(main.done());
    gates[1].open();
    loop.settle();
    CHECK(main.outcome()->index == 2);
    CHECK(*main.outcome()->result == 2);
    CHECK(log.back() == "cancel 1");
  }
  {
    Loop loop;
    Gates gates(loop, 2);
    Running main(
        loop, wait_any_success(tasks(failing(gates[0], "last"), failing(gates[1], "first"))));
    loop.settle();
    gates[1].open();
    loop.settle();
    CHECK_FALSE(main.done());
    gates[0].open();
    loop.settle();
    CHECK(main.message() == "last");
  }
}

TEST_CASE("wait_any 62: without tasks it is refused when called")
{
  std::vector<asyncllm::ErrorKind> kinds;
  try {
    static_cast<void>(wait_any(std::vector<asio::awaitable<int>>()));
  } catch (const asyncllm::Error& error) {
    kinds.push_back(error.kind());
  }
  try {
    static_cast<void>(wait_any_success(std::vector<asio::awaitable<int>>()));
  } catch (const asyncllm::Error& error) {
    kinds.push_back(error.kind());
  }
  const auto invalid = asyncllm::ErrorKind::invalid_argument;
  CHECK(kinds == std::vector<asyncllm::ErrorKind>{invalid, invalid});
}

TEST_CASE("wait_any 63: what needs no suspension wins at once, the lowest index first")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  Running main(
      loop, wait_any(tasks(child(log, gate, 0), at_once(1), at_once(2), child(log, gate, 3))));
  loop.settle();
  CHECK(main.outcome()->index == 1);
  CHECK(log == Log{"start 0", "cancel 0"});  // those after the winner are not even started
}

TEST_CASE("wait_any 63b: a lazy input is read no further than the winner")
{
  Loop loop;
  int made = 0;
  auto make = [&](int index) {
    ++made;
    return at_once(index);
  };
  Running main(loop, wait_any(std::views::iota(0) | std::views::transform(make)));
  loop.settle();
  CHECK(main.outcome()->index == 0);
  CHECK(made == 1);
}

TEST_CASE("wait_any 63c: cancelled, it cancels and joins its children and is aborted")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  Running main(
      loop, wait_any(tasks(child(log, gates[0], 0), slow_to_end(log, gates[1], gates[2], 1))));
  Running success(loop, wait_any_success(tasks(child(log, gates[0], 2))));
  loop.settle();
  main.cancel();
  success.cancel();
  loop.settle();
  CHECK(success.aborted());
  CHECK_FALSE(main.done());
  gates[2].open();
  loop.settle();
  CHECK(main.aborted());
}

TEST_CASE("wait_any 63d: cancelled after a task has ended, it still returns that one")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  Running main(
      loop, wait_any(tasks(failing(gates[0], "won"), slow_to_end(log, gates[1], gates[2], 1))));
  loop.settle();
  gates[0].open();
  loop.settle();
  main.cancel();
  gates[2].open();
  loop.settle();
  REQUIRE(main.has_value());
  CHECK(main.outcome()->result.error_message() == "won");
}

TEST_CASE("wait_any 63e: a child that answers its cancellation with a value has won")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  Running main(loop, wait_any(tasks(child(log, gates[0], 0), stubborn(gates[1], 8))));
  loop.settle();
  main.cancel();
  loop.settle();
  REQUIRE(main.has_value());
  CHECK(main.outcome()->index == 1);
  CHECK(*main.outcome()->result == 8);
}

TEST_CASE("wait_any 63f: what the input throws comes out when the started children have ended")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  auto make = [&](int index) -> asio::awaitable<int> {
    if (index == 1)
      throw std::runtime_error("no second");
    return child(log, gate, index);
  };
  Running main(loop, wait_any(std::views::iota(0, 3) | std::views::transform(make)));
  loop.settle();
  CHECK(main.message() == "no second");
  CHECK(log == Log{"start 0", "cancel 0"});
}

TEST_CASE("wait_any 63g: void and move-only results, the loop destroyed meanwhile")
{
  struct Make {
    static asio::awaitable<void> nothing() { co_return; }
    static asio::awaitable<std::unique_ptr<int>> owned() { co_return std::make_unique<int>(6); }
    static asio::awaitable<int> holding(Gate& gate, std::shared_ptr<int> alive)
    {
      co_await gate.wait();
      co_return *alive;
    }
  };
  const auto alive = std::make_shared<int>(0);
  {
    Loop loop;
    Gate gate(loop);
    Running nothing(loop, wait_any(tasks(Make::nothing())));
    Running owned(loop, wait_any_success(tasks(Make::owned())));
    Running main(loop, wait_any(tasks(Make::holding(gate, alive), Make::holding(gate, alive))));
    loop.settle();
    CHECK(nothing.outcome()->result.has_value());
    CHECK(**owned.outcome()->result == 6);
    CHECK(alive.use_count() == 3);
  }
  CHECK(alive.use_count() == 1);
}

TEST_CASE("wait 64: asyncio.wait for the first exception is gather, which waits for the rest too")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  Running main(loop, asyncllm::gather(tasks(child(log, gates[0], 0), failing(gates[1], "broken"))));
  loop.settle();
  gates[1].open();
  loop.settle();
  CHECK(main.message() == "broken");
  CHECK(log.back() == "cancel 0");
}

TEST_CASE(
    "wait 65: asyncio.wait with a timeout is gather_outcomes of limited tasks: nothing raised")
{
  Loop loop;
  Log log;
  Gates gates(loop, 1);
  using std::chrono::hours, std::chrono::milliseconds;
  Running main(
      loop,
      asyncllm::gather_outcomes(tasks(
          asyncllm::with_timeout(at_once(1), hours(1)),
          asyncllm::with_timeout(child(log, gates[0], 2), milliseconds(1)))));
  loop.run_until([&] { return main.done(); });
  REQUIRE(main.has_value());
  CHECK(*main.outcome()->at(0) == 1);
  const auto* late = main.outcome()->at(1).error_as<asyncllm::Error>();
  REQUIRE(late != nullptr);
  CHECK(late->kind() == asyncllm::ErrorKind::timeout);
  CHECK(loop.empty());
}
