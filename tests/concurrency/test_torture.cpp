// Everything at once, cancelled at every step, and its loop destroyed at every step: whatever the
// moment, nothing leaks, nothing hangs, nothing is destroyed twice, and no child is left behind.
#include <asyncllm/concurrency/as_completed.hpp>
#include <asyncllm/concurrency/batch.hpp>
#include <asyncllm/concurrency/batches.hpp>
#include <asyncllm/concurrency/for_each_completed.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/semaphore.hpp>
#include <asyncllm/concurrency/task_group.hpp>
#include <asyncllm/concurrency/timeout.hpp>
#include <asyncllm/concurrency/wait_any.hpp>

#include "harness.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

using namespace harness;

namespace {

struct Machine {
  explicit Machine(Loop& l) : loop(l), places(2) {}
  Loop& loop;
  asyncllm::Semaphore places;
  int alive = 0;
  std::function<void()> at_every_turn = [] {};
};

/// Counts the coroutines that live.
class Alive {
 public:
  explicit Alive(Machine& world) : world_(world) { ++world_.alive; }
  Alive(const Alive&) = delete;
  Alive& operator=(const Alive&) = delete;
  ~Alive() { --world_.alive; }

 private:
  Machine& world_;
};

asio::awaitable<int> work(Machine& world, int number)
{
  const Alive alive(world);
  for (int i = 0; i <= number % 3; ++i) {
    co_await turn();
    world.at_every_turn();
  }
  if (number % 5 == 4)
    throw std::runtime_error("work " + std::to_string(number));
  co_return number;
}

/// Two more turns before a cancellation is believed.
asio::awaitable<int> reluctant(Machine& world, int number)
{
  const Alive alive(world);
  std::exception_ptr cancelled;
  try {
    auto working = work(world, number);
    co_return co_await std::move(working);
  } catch (...) {
    cancelled = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await turn();
  co_await turn();
  std::rethrow_exception(cancelled);
}

auto several(Machine& world, int from, int to)
{
  return std::views::iota(from, to) |
         std::views::transform([&world](int number) { return work(world, number); });
}

asio::awaitable<void> with_permits(Machine& world)
{
  const Alive alive(world);
  auto call = [&world](int number) {
    return asyncllm::with_semaphore(world.places, reluctant(world, number));
  };
  auto batching = asyncllm::batch_outcomes(std::views::iota(0, 6), 4, call);
  co_await std::move(batching);
}

asio::awaitable<void> with_streams(Machine& world)
{
  const Alive alive(world);
  auto stream = asyncllm::as_completed(several(world, 0, 6), 3);
  co_await stream.next();
  co_await stream.next();
  auto abandoned = asyncllm::as_completed(several(world, 0, 3));
  co_await abandoned.next();
  co_await stream.close();
  auto visit = [](asyncllm::Completion<int>) { return turn(); };
  auto visiting = asyncllm::for_each_completed(several(world, 0, 4), visit);
  co_await std::move(visiting);
  auto batches = asyncllm::batches(
      std::views::iota(0, 3), 2, [&world](int number) { return work(world, number); });
  while (const auto outcomes = co_await batches.next())
    static_cast<void>(outcomes);
}

asio::awaitable<int> with_groups(Machine& world)
{
  const Alive alive(world);
  auto body = [&world](asyncllm::TaskGroup& group) -> asio::awaitable<int> {
    group.spawn(with_permits(world));
    group.spawn(with_streams(world));
    auto waiting = asyncllm::wait_any(several(world, 1, 4));
    const auto first = co_await std::move(waiting);
    co_return static_cast<int>(first.index);
  };
  auto grouping = asyncllm::with_task_group(body);
  co_return co_await std::move(grouping);
}

asio::awaitable<void> everything(Machine& world)
{
  const Alive alive(world);
  auto inner = asyncllm::gather_outcomes(several(world, 0, 5));
  auto limited = asyncllm::with_timeout(with_groups(world), std::chrono::hours(1));
  auto all = asyncllm::gather(std::move(limited), std::move(inner), reluctant(world, 2));
  co_await std::move(all);
}

int steps_in_all()
{
  Loop loop;
  Machine world(loop);
  Running main(loop, everything(world));
  const int steps = step(loop, forever);
  CHECK(main.has_value());
  CHECK(world.alive == 0);
  return steps;
}

}  // namespace

TEST_CASE("torture: cancelled after every number of steps, all ends and nothing is left")
{
  const int last = steps_in_all();
  CHECK(last > 50);
  for (int steps = 0; steps <= last; ++steps) {
    Loop loop;
    Machine world(loop);
    Running main(loop, everything(world));
    step(loop, steps);
    main.cancel();
    step(loop, forever);
    REQUIRE(main.done());
    CHECK((main.has_value() || main.aborted()));
    CHECK(world.alive == 0);
    CHECK(world.places.available() == 2);
    CHECK(loop.empty());
  }
}

TEST_CASE("torture: the loop destroyed after every number of steps, all is freed")
{
  const int last = steps_in_all();
  for (int steps = 0; steps <= last; ++steps) {
    auto loop = std::make_unique<Loop>();
    Machine world(*loop);
    std::optional<Running<void>> main;
    main.emplace(*loop, everything(world));
    step(*loop, steps);
    if (steps % 2 == 0)
      main.reset();  // its cancellation signal goes before the loop
    loop.reset();
    if (main)
      main->cancel();  // reaches nobody
    CHECK(world.alive == 0);
    CHECK(world.places.available() == 2);
  }
}

TEST_CASE("torture: cancelled, and the loop destroyed some steps later")
{
  const int last = steps_in_all();
  for (int steps = 0; steps <= last; steps += 3) {
    for (const int more : {0, 1, 2, 5}) {
      auto loop = std::make_unique<Loop>();
      Machine world(*loop);
      Running main(*loop, everything(world));
      step(*loop, steps);
      main.cancel();
      step(*loop, more);
      loop.reset();
      CHECK(world.alive == 0);
      CHECK(world.places.available() == 2);
    }
  }
}

TEST_CASE("torture: cancelled from inside a child, at every one of its turns")
{
  int turns = 0;
  {
    Loop loop;
    Machine world(loop);
    world.at_every_turn = [&] { ++turns; };
    Running main(loop, everything(world));
    step(loop, forever);
  }
  CHECK(turns > 20);
  for (int at = 1; at <= turns; ++at) {
    Loop loop;
    Machine world(loop);
    std::optional<Running<void>> main;
    int turn = 0;
    world.at_every_turn = [&] {
      if (++turn == at)
        main->cancel();
    };
    main.emplace(loop, everything(world));
    step(loop, forever);
    REQUIRE(main->done());
    CHECK((main->has_value() || main->aborted()));
    CHECK(world.alive == 0);
    CHECK(world.places.available() == 2);
    CHECK(loop.empty());
  }
}
