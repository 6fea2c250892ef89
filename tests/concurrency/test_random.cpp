// Random trees of helpers, cancelled at random, against what must hold whatever they are: a result
// is the right one in its right place, no child outlives the helper that started it, nothing hangs
// and nothing is left. A failure names its seed.
#include <asyncllm/concurrency/as_completed.hpp>
#include <asyncllm/concurrency/batch.hpp>
#include <asyncllm/concurrency/batches.hpp>
#include <asyncllm/concurrency/for_each_completed.hpp>
#include <asyncllm/concurrency/for_each_limit.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/semaphore.hpp>
#include <asyncllm/concurrency/task_group.hpp>
#include <asyncllm/concurrency/timeout.hpp>
#include <asyncllm/concurrency/wait_any.hpp>

#include "harness.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using namespace harness;

namespace {

/// The same numbers from the same seed with every compiler and library.
class Random {
 public:
  explicit Random(unsigned seed) : state_(seed * 2654435761u + 12345u) {}

  unsigned below(unsigned bound)
  {
    state_ = state_ * 1664525u + 1013904223u;
    return (state_ >> 8) % bound;
  }

 private:
  unsigned state_;
};

struct World {
  asyncllm::Semaphore places{2};
  int alive = 0;
  std::function<void()> cancel_everything = [] {};
  std::set<std::string> broken;

  void expect(bool holds, const char* promise)
  {
    if (!holds)
      broken.insert(promise);
  }
};

/// What one call of a helper has started.
struct Family {
  int alive = 0;
  int most = 0;
};

class Member {
 public:
  Member(World& world, Family& family) : world_(world), family_(family)
  {
    ++world_.alive;
    family_.most = std::max(family_.most, ++family_.alive);
  }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  ~Member()
  {
    --world_.alive;
    --family_.alive;
  }

 private:
  World& world_;
  Family& family_;
};

/// One helper call, and from which seeds its children grow.
struct Call {
  World* world;
  std::shared_ptr<Family> family;
  unsigned seed;
  int depth;

  unsigned seed_of(int child) const { return seed * 31 + static_cast<unsigned>(child) + 1; }
  int value_of(int child) const { return static_cast<int>(seed_of(child) % 1'000'000); }
};

asio::awaitable<int> node(World& world, unsigned seed, int depth);

asio::awaitable<int> member(std::shared_ptr<Call> call, int number)
{
  const auto family = call->family;
  const Member here(*call->world, *family);
  auto growing = node(*call->world, call->seed_of(number), call->depth - 1);
  co_await std::move(growing);
  co_return call->value_of(number);
}

auto members(const std::shared_ptr<Call>& call, int count)
{
  return std::views::iota(0, count) |
         std::views::transform([call](int number) { return member(call, number); });
}

// ---------------------------------------------------------------------------------- the helpers

asio::awaitable<void> call_gather(std::shared_ptr<Call> call, int count)
{
  auto gathering = asyncllm::gather(members(call, count));
  const auto values = co_await std::move(gathering);
  call->world->expect(static_cast<int>(values.size()) == count, "gather gives all");
  for (int i = 0; i < count; ++i)
    call->world->expect(
        values[static_cast<std::size_t>(i)] == call->value_of(i), "gather keeps the order");
}

asio::awaitable<void> call_gather_outcomes(std::shared_ptr<Call> call, int count)
{
  auto gathering = asyncllm::gather_outcomes(members(call, count));
  const auto outcomes = co_await std::move(gathering);
  call->world->expect(static_cast<int>(outcomes.size()) == count, "gather_outcomes gives all");
  for (int i = 0; i < count; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    call->world->expect(!outcome || *outcome == call->value_of(i), "outcomes keep the order");
  }
}

/// Takes some items; leaves by the end, by close(), or by abandoning the rest.
asio::awaitable<void> call_as_completed(
    std::shared_ptr<Call> call, int count, std::size_t limit, unsigned leave)
{
  auto stream = asyncllm::as_completed(members(call, count), limit);
  std::set<std::size_t> seen;
  while (const auto item = co_await stream.next()) {
    call->world->expect(seen.insert(item->index).second, "an item comes once");
    call->world->expect(
        !item->result || *item->result == call->value_of(static_cast<int>(item->index)),
        "an item has its index");
    if (leave == 1 && seen.size() == 2)
      stream.cancel();
    if (leave == 2 && seen.size() == 2) {
      co_await stream.close();
      call->world->expect(call->family->alive == 0, "close() joins");
      co_return;
    }
    if (leave == 3 && seen.size() == 2)
      co_return;
  }
  call->world->expect(
      leave == 1 || static_cast<int>(seen.size()) == count, "as_completed gives all");
  call->world->expect(
      call->family->most <= static_cast<int>(std::min<std::size_t>(limit, 1000)),
      "as_completed keeps the limit");
}

asio::awaitable<void> call_for_each_completed(std::shared_ptr<Call> call, int count, bool fail)
{
  int visited = 0;
  auto visit = [&visited, fail](asyncllm::Completion<int>) -> asio::awaitable<void> {
    if (++visited == 2 && fail)
      throw std::runtime_error("a visitor");
    return turn();
  };
  auto visiting = asyncllm::for_each_completed(members(call, count), visit, 3);
  co_await std::move(visiting);
  call->world->expect(visited == count, "for_each_completed visits all");
}

asio::awaitable<void> call_wait_any(std::shared_ptr<Call> call, int count, bool success)
{
  std::optional<asyncllm::Completion<int>> first;
  if (success) {
    auto waiting = asyncllm::wait_any_success(members(call, count));
    first.emplace(co_await std::move(waiting));
    call->world->expect(first->result.has_value(), "wait_any_success gives a value");
  } else {
    auto waiting = asyncllm::wait_any(members(call, count));
    first.emplace(co_await std::move(waiting));
  }
  call->world->expect(
      !first->result || *first->result == call->value_of(static_cast<int>(first->index)),
      "the winner has its index");
}

asio::awaitable<void> call_batch(std::shared_ptr<Call> call, int count, int limit)
{
  auto work = [call](int number) { return member(call, number); };
  auto working = asyncllm::batch(std::views::iota(0, count), static_cast<std::size_t>(limit), work);
  const auto values = co_await std::move(working);
  call->world->expect(static_cast<int>(values.size()) == count, "batch gives all");
  for (int i = 0; i < count; ++i)
    call->world->expect(
        values[static_cast<std::size_t>(i)] == call->value_of(i), "batch keeps the order");
  call->world->expect(call->family->most <= limit, "batch keeps the limit");
}

asio::awaitable<void> call_for_each_limit(std::shared_ptr<Call> call, int count, int limit)
{
  std::set<std::size_t> seen;
  auto work = [call](int number) { return member(call, number); };
  auto sink = [&](std::size_t index, const asyncllm::Outcome<int>& outcome) {
    call->world->expect(seen.insert(index).second, "a sink hears of an item once");
    call->world->expect(
        !outcome || *outcome == call->value_of(static_cast<int>(index)), "a sink hears the index");
  };
  auto working = asyncllm::for_each_limit(
      std::views::iota(0, count), static_cast<std::size_t>(limit), work, sink);
  const std::size_t done = co_await std::move(working);
  call->world->expect(done == seen.size(), "for_each_limit counts what it has done");
  call->world->expect(static_cast<int>(done) == count, "for_each_limit does all");
  call->world->expect(call->family->most <= limit, "for_each_limit keeps the limit");
}

asio::awaitable<void> call_batches(std::shared_ptr<Call> call, int count, int size)
{
  auto work = [call](int number) { return member(call, number); };
  auto stream = asyncllm::batches(std::views::iota(0, count), static_cast<std::size_t>(size), work);
  std::size_t got = 0;
  while (const auto outcomes = co_await stream.next()) {
    call->world->expect(call->family->alive == 0, "a batch has ended when it is given");
    got += outcomes->size();
  }
  call->world->expect(static_cast<int>(got) == count, "batches give all");
}

asio::awaitable<void> discard(asio::awaitable<int> task)
{
  co_await std::move(task);
}

asio::awaitable<void> call_task_group(std::shared_ptr<Call> call, int count, bool cancel)
{
  auto body = [&](asyncllm::TaskGroup& group) -> asio::awaitable<void> {
    for (int i = 0; i < count; ++i) {
      group.spawn(discard(member(call, i)));
      if (i % 2 == 1)
        co_await turn();
    }
    if (cancel)
      group.cancel();
  };
  auto grouping = asyncllm::with_task_group(body);
  co_await std::move(grouping);
}

asio::awaitable<void> call_limited(std::shared_ptr<Call> call, bool no_time)
{
  const auto limit = std::chrono::hours(no_time ? 0 : 1);
  auto limited =
      asyncllm::with_timeout(asyncllm::with_semaphore(call->world->places, member(call, 0)), limit);
  const int value = co_await std::move(limited);
  call->world->expect(value == call->value_of(0), "a limited task gives its value");
}

asio::awaitable<void> any_helper(const std::shared_ptr<Call>& call, unsigned kind, Random& random)
{
  const int count = static_cast<int>(1 + random.below(4));
  const int limit = static_cast<int>(1 + random.below(3));
  const bool coin = random.below(3) == 0;
  switch (kind) {
    case 0: return call_gather(call, count);
    case 1: return call_gather_outcomes(call, count);
    case 2: return call_as_completed(call, count, asyncllm::unlimited, random.below(3));
    case 3: return call_as_completed(call, count, static_cast<std::size_t>(limit), random.below(3));
    case 4: return call_for_each_completed(call, count, coin);
    case 5: return call_wait_any(call, count, coin);
    case 6: return call_batch(call, count, limit);
    case 7: return call_for_each_limit(call, count, limit);
    case 8: return call_batches(call, count, limit);
    case 9: return call_task_group(call, count, coin);
    case 10: return call_limited(call, coin);
    default: return call_as_completed(call, count, 2, 3);
  }
}
constexpr unsigned abandons = 11;  // the kind whose children may outlive it

asio::awaitable<void> for_ever()
{
  asio::steady_timer timer(
      co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

/// Ends as a child may: with a value or an error, before or after it is cancelled, soon or late.
asio::awaitable<void> leaf(World& world, Random random)
{
  std::exception_ptr cancelled;
  try {
    for (unsigned turns = random.below(4); turns > 0; --turns) {
      co_await turn();
      if (random.below(80) == 0)
        world.cancel_everything();
    }
    const unsigned end = random.below(12);
    if (end == 0)
      throw std::runtime_error("a leaf");
    if (end == 1)
      throw asio::system_error(asio::error_code(asio::error::operation_aborted));
    if (end == 2)
      co_await for_ever();
    if (end == 3) {
      const auto permit = co_await world.places.acquire();
      co_await turn();
    }
  } catch (const std::system_error&) {
    cancelled = std::current_exception();
  }
  if (!cancelled)
    co_return;
  const unsigned answer = random.below(4);
  if (answer == 0)
    co_return;  // in spite of it
  if (answer == 1)
    throw std::runtime_error("a leaf that was cancelled");
  if (answer == 2) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await turn();
    co_await turn();
  }
  std::rethrow_exception(cancelled);
}

asio::awaitable<int> node(World& world, unsigned seed, int depth)
{
  Random random(seed);
  if (depth == 0 || random.below(4) == 0) {
    auto growing = leaf(world, random);
    co_await std::move(growing);
    co_return 0;
  }
  const auto call = std::make_shared<Call>(Call{&world, std::make_shared<Family>(), seed, depth});
  const unsigned kind = random.below(abandons + 1);
  std::exception_ptr error;
  try {
    auto helping = any_helper(call, kind, random);
    co_await std::move(helping);
  } catch (...) {
    error = std::current_exception();
  }
  // A stream that an exception leaves cancels its children and does not wait for them.
  const bool stream = kind == 2 || kind == 3 || kind == abandons;
  world.expect(
      call->family->alive == 0 || (stream && (error || kind == abandons)),
      "no child outlives its helper");
  if (error)
    std::rethrow_exception(error);
  co_return 0;
}

std::string all_of(const std::set<std::string>& broken, unsigned seed)
{
  std::string text;
  for (const std::string& promise : broken)
    text += "seed " + std::to_string(seed) + ": " + promise + "; ";
  return text;
}

}  // namespace

TEST_CASE("random trees of helpers, cancelled at random, keep every promise and end")
{
  for (unsigned seed = 1; seed <= 600; ++seed) {
    World world;
    Loop loop;
    std::optional<Running<int>> main;
    world.cancel_everything = [&] { main->cancel(); };
    Random random(seed);
    main.emplace(loop, node(world, seed, 3));
    const bool soon = random.below(2) == 0;
    step(loop, soon ? static_cast<int>(random.below(60)) : forever);
    if (soon)
      main->cancel();
    step(loop, forever);
    main->cancel();  // wakes what waits for ever
    step(loop, forever);
    CHECK(all_of(world.broken, seed) == "");
    CHECK((main->done() ? 0 : seed) == 0);
    CHECK((world.alive == 0 ? 0 : seed) == 0);
    CHECK((world.places.available() == 2 ? 0 : seed) == 0);
    CHECK(loop.empty());
  }
}

TEST_CASE("random trees of helpers are freed whenever their loop is destroyed")
{
  for (unsigned seed = 1; seed <= 600; ++seed) {
    World world;
    auto loop = std::make_unique<Loop>();
    std::optional<Running<int>> main;
    world.cancel_everything = [&] { main->cancel(); };
    Random random(seed + 1000);
    main.emplace(*loop, node(world, seed, 3));
    step(*loop, static_cast<int>(random.below(60)));
    if (random.below(2) == 0)
      main->cancel();
    step(*loop, static_cast<int>(random.below(6)));
    loop.reset();
    CHECK(all_of(world.broken, seed) == "");
    CHECK((world.alive == 0 ? 0 : seed) == 0);
    CHECK((world.places.available() == 2 ? 0 : seed) == 0);
  }
}
