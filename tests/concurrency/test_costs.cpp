// What the helpers allocate. Where allocations cannot be counted (see bench/allocations.hpp) every
// number here is zero.
#include <asyncllm/concurrency/as_completed.hpp>
#include <asyncllm/concurrency/batch.hpp>
#include <asyncllm/concurrency/for_each_limit.hpp>
#include <asyncllm/concurrency/semaphore.hpp>

#include "bench/allocations.hpp"
#include "harness.hpp"

#include <cstddef>
#include <ranges>
#include <utility>

using namespace harness;

namespace {

/// What the second of two runs on one loop allocates: the first one fills Asio's caches.
template <class Make>
Allocations allocated_by(Make make)
{
  Loop loop;
  Running first(loop, make());
  loop.settle();
  allocations = Allocations();
  count_allocations = true;
  Running second(loop, make());
  loop.settle();
  count_allocations = false;
  CHECK(second.has_value());
  return allocations;
}

asio::awaitable<int> one_turn(int value)
{
  co_await turn();
  co_return value;
}

asio::awaitable<void> consume_all(asyncllm::CompletionStream<int> stream)
{
  while (const auto item = co_await stream.next())
    static_cast<void>(item);
}

asio::awaitable<void> take_and_give_back(asyncllm::Semaphore& semaphore, int times)
{
  for (int i = 0; i < times; ++i)
    const auto permit = co_await semaphore.acquire();
}

}  // namespace

TEST_CASE("for_each_limit 68d: items allocate nothing, however many they are")
{
  auto run = [](int items) {
    return allocated_by([items] {
      auto sink = [](std::size_t, const asyncllm::Outcome<int>&) {};
      return asyncllm::for_each_limit(std::views::iota(0, items), 16, at_once, sink);
    });
  };
  const auto few = run(100);
  const auto many = run(20'000);
  CHECK(many.count == few.count);
  CHECK(many.peak == few.peak);
}

TEST_CASE("batch 68e: items allocate nothing but the growing room of their results")
{
  auto run = [](int items) {
    return allocated_by(
        [items] { return asyncllm::batch(std::views::iota(0, items), 16, at_once); });
  };
  const auto few = run(1000);
  const auto many = run(16'000);
  CHECK(many.count <= few.count + 4);  // the room doubles, so four times
}

TEST_CASE("as_completed 57d: with a limit the memory does not grow with the number of tasks")
{
  auto run = [](int items) {
    return allocated_by([=] {
      auto all = std::views::iota(0, items) | std::views::transform(one_turn);
      return consume_all(asyncllm::as_completed(all, 16));
    });
  };
  const auto few = run(200);
  const auto many = run(10'000);
  CHECK(many.peak <= few.peak + few.peak / 4);
}

TEST_CASE("semaphore 87: a permit that is free costs at most a coroutine frame, and no timer")
{
  asyncllm::Semaphore semaphore(1);
  auto run = [&](int times) {
    return allocated_by([&semaphore, times] { return take_and_give_back(semaphore, times); });
  };
  const auto few = run(10);
  const auto many = run(1010);
  CHECK(many.count <= few.count + 1000);
  CHECK(many.peak == few.peak);
}
