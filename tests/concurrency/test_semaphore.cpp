// Semaphore and with_semaphore.
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/semaphore.hpp>

#include "harness.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace harness;
using asyncllm::Semaphore;
using asyncllm::with_semaphore;

namespace {

/// Takes a permit, holds it until the gate opens, gives it back.
asio::awaitable<void> hold(Semaphore& semaphore, Log& log, Gate& gate, int number)
{
  log.push_back(numbered("ask ", number));
  auto acquiring = semaphore.acquire();
  const auto permit = co_await std::move(acquiring);
  log.push_back(numbered("got ", number));
  co_await gate.wait();
}

asio::awaitable<Semaphore::Permit> take(Semaphore& semaphore)
{
  co_return co_await semaphore.acquire();
}

}  // namespace

TEST_CASE("semaphore 76: without permits it is locked and try_acquire returns nothing")
{
  Loop loop;
  Semaphore semaphore(0);
  CHECK(semaphore.available() == 0);
  CHECK_FALSE(semaphore.try_acquire());
  Running waiting(loop, take(semaphore));
  loop.settle();
  CHECK_FALSE(waiting.done());
  CHECK(semaphore.waiting() == 1);
}

namespace {

asio::awaitable<bool> acquire_in_one_step(Semaphore& semaphore)
{
  bool step_over = false;
  asio::post(co_await asio::this_coro::executor, [&step_over] { step_over = true; });
  const auto permit = co_await semaphore.acquire();
  const bool suspended = step_over;
  co_await turn();
  co_return !suspended && step_over;
}

}  // namespace

TEST_CASE("semaphore 77: acquire does not suspend while a permit is free")
{
  Loop loop;
  Semaphore semaphore(1);
  Running main(loop, acquire_in_one_step(semaphore));
  loop.settle();
  CHECK(*main.outcome());
}

TEST_CASE("semaphore 78: permits are granted in the order of the requests")
{
  Loop loop;
  Log log;
  Gates gates(loop, 4);
  Semaphore semaphore(1);
  Running first(loop, hold(semaphore, log, gates[0], 0));
  Running second(loop, hold(semaphore, log, gates[1], 1));
  Running third(loop, hold(semaphore, log, gates[2], 2));
  loop.settle();
  CHECK(semaphore.waiting() == 2);
  for (const std::size_t index : {0u, 1u, 2u}) {
    gates[index].open();
    loop.settle();
  }
  CHECK(log == Log{"ask 0", "got 0", "ask 1", "ask 2", "got 1", "got 2"});
  CHECK(semaphore.available() == 1);
  CHECK(semaphore.waiting() == 0);
}

TEST_CASE(
    "semaphore 79: a newcomer cannot overtake, a place is handed to the first waiter directly")
{
  Loop loop;
  Semaphore semaphore(1);
  std::optional<Semaphore::Permit> held = semaphore.try_acquire();
  Running waiting(loop, take(semaphore));
  loop.settle();
  held.reset();
  CHECK(semaphore.available() == 0);  // granted already, though the waiter has not yet run
  CHECK_FALSE(semaphore.try_acquire());
  loop.settle();
  CHECK(waiting.has_value());
}

TEST_CASE("semaphore 80: a cancelled waiter leaves the queue and the next one gets the permit")
{
  Loop loop;
  Semaphore semaphore(1);
  std::optional<Semaphore::Permit> held = semaphore.try_acquire();
  Running first(loop, take(semaphore));
  Running second(loop, take(semaphore));
  loop.settle();
  first.cancel();
  loop.settle();
  CHECK(first.aborted());
  CHECK(semaphore.waiting() == 1);
  held.reset();
  loop.settle();
  CHECK(second.has_value());
}

TEST_CASE("semaphore 80b: each type of cancellation ends a wait that admits it")
{
  struct Wait {
    static asio::awaitable<void> for_place(Semaphore& semaphore)
    {
      co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
      co_await semaphore.acquire();
    }
  };
  for (const auto type :
       {asio::cancellation_type::terminal,
        asio::cancellation_type::partial,
        asio::cancellation_type::total}) {
    Loop loop;
    Semaphore semaphore(0);
    Running main(loop, Wait::for_place(semaphore));
    loop.settle();
    main.cancel(type);
    loop.settle();
    CHECK(main.aborted());
    CHECK(semaphore.waiting() == 0);
  }
}

TEST_CASE("semaphore 81: the first waiter cancelled, then a release at once: the second is woken")
{
  Loop loop;
  Semaphore semaphore(1);
  std::optional<Semaphore::Permit> held = semaphore.try_acquire();
  Running first(loop, take(semaphore));
  Running second(loop, take(semaphore));
  loop.settle();
  first.cancel();
  held.reset();
  loop.settle();
  CHECK(first.aborted());
  CHECK(second.has_value());
}

TEST_CASE("semaphore 82: cancelled after the grant and before it runs, the permit is not lost")
{
  Loop loop;
  Semaphore semaphore(1);
  std::optional<Semaphore::Permit> held = semaphore.try_acquire();
  std::optional<Running<Semaphore::Permit>> waiting;
  waiting.emplace(loop, take(semaphore));
  loop.settle();
  held.reset();
  waiting->cancel();
  loop.settle();
  REQUIRE(waiting->has_value());  // delivered
  waiting.reset();
  CHECK(semaphore.available() == 1);

  Log log;
  Gate gate(loop);
  held = semaphore.try_acquire();
  Running holding(loop, hold(semaphore, log, gate, 1));
  loop.settle();
  held.reset();
  holding.cancel();
  loop.settle();
  CHECK(log == Log{"ask 1", "got 1"});
  CHECK(holding.aborted());  // at its next co_await, which gave the permit back
  CHECK(semaphore.available() == 1);
}

TEST_CASE("semaphore 83: a permit is released once, a moved-from one not at all")
{
  Semaphore semaphore(2);
  {
    auto first = semaphore.try_acquire();
    auto second = semaphore.try_acquire();
    CHECK(semaphore.available() == 0);
    Semaphore::Permit moved = std::move(*first);
    first.reset();
    CHECK(semaphore.available() == 0);
    moved = std::move(*second);  // gives the first place back
    CHECK(semaphore.available() == 1);
    second.reset();
    CHECK(semaphore.available() == 1);
  }
  CHECK(semaphore.available() == 2);
}

TEST_CASE("semaphore 84: a permit may outlive the semaphore, and so may a waiter")
{
  Loop loop;
  auto semaphore = std::make_unique<Semaphore>(1);
  std::optional<Semaphore::Permit> held = semaphore->try_acquire();
  Running waiting(loop, take(*semaphore));
  loop.settle();
  semaphore.reset();
  held.reset();
  loop.settle();
  CHECK(waiting.has_value());
}

TEST_CASE("semaphore 85: with_semaphore releases the permit when the task throws")
{
  Loop loop;
  Gate gate(loop);
  Semaphore semaphore(1);
  Running main(loop, with_semaphore(semaphore, failing(gate, "broken")));
  loop.settle();
  CHECK(semaphore.available() == 0);
  gate.open();
  loop.settle();
  CHECK(main.message() == "broken");
  CHECK(semaphore.available() == 1);
}

TEST_CASE("semaphore 85b: with_semaphore runs the task under a permit and returns its result")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  Semaphore semaphore(2);
  Running main(
      loop,
      asyncllm::gather(tasks(
          with_semaphore(semaphore, child(log, gates[0], 0)),
          with_semaphore(semaphore, child(log, gates[1], 1)),
          with_semaphore(semaphore, child(log, gates[2], 2)))));
  loop.settle();
  CHECK(log == Log{"start 0", "start 1"});
  gates[1].open();
  loop.settle();
  CHECK(log == Log{"start 0", "start 1", "end 1", "start 2"});
  gates[0].open();
  gates[2].open();
  loop.settle();
  CHECK(*main.outcome() == std::vector<int>{0, 1, 2});
  CHECK(semaphore.available() == 2);
}

TEST_CASE("semaphore 85c: with_semaphore cancelled while it waits never starts the task")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  Semaphore semaphore(0);
  Running main(loop, with_semaphore(semaphore, child(log, gate, 0)));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK(main.aborted());
  CHECK(log.empty());
  CHECK(semaphore.waiting() == 0);
}

namespace {

// The semaphore lives in the frame of a coroutine that waits for it: nothing else owns either.
asio::awaitable<void> wait_for_itself(std::shared_ptr<int> alive)
{
  Semaphore semaphore(1);
  const auto held = co_await semaphore.acquire();
  co_await semaphore.acquire();
  ++*alive;
}

}  // namespace

TEST_CASE("semaphore 86: the loop destroyed with waiters destroys them too")
{
  const auto alive = std::make_shared<int>(0);
  Semaphore semaphore(1);
  {
    Loop loop;
    Log log;
    Gate gate(loop);
    Running itself(loop, wait_for_itself(alive));
    Running holder(loop, hold(semaphore, log, gate, 0));
    Running waiter(loop, hold(semaphore, log, gate, 1));
    loop.settle();
    CHECK(semaphore.waiting() == 1);
    CHECK(alive.use_count() == 2);
  }
  CHECK(alive.use_count() == 1);
  CHECK(semaphore.waiting() == 0);
  CHECK(semaphore.available() == 1);
}

TEST_CASE("semaphore 86b: the loop destroyed between a grant and its delivery loses no permit")
{
  Semaphore semaphore(1);
  {
    Loop loop;
    auto held = semaphore.try_acquire();
    Running waiter(loop, take(semaphore));
    loop.settle();
    held.reset();
  }
  CHECK(semaphore.available() == 1);
}
