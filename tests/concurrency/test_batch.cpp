// batch, batch_outcomes and for_each_limit: limits, order, failures, cancellation.
#include <asyncllm/concurrency/batch.hpp>
#include <asyncllm/concurrency/batches.hpp>
#include <asyncllm/concurrency/for_each_limit.hpp>
#include <asyncllm/core/error.hpp>

#include "calls.hpp"
#include "children.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <sstream>
#include <string>
#include <vector>

using namespace harness;
using asyncllm::batch;
using asyncllm::batch_outcomes;
using asyncllm::batches;
using asyncllm::for_each_limit;
using asyncllm::Outcome;

namespace {
asyncllm::ErrorKind kind_of(const std::function<void()>& call)
{
  try {
    call();
  } catch (const asyncllm::Error& error) {
    return error.kind();
  }
  return asyncllm::ErrorKind::cancelled;
}

}  // namespace

TEST_CASE("batch 66: never more than the limit run, and never fewer while there is input")
{
  Loop loop;
  Calls calls(loop, 6);
  Running main(loop, batch(std::views::iota(0, 6), 2, calls.function()));
  loop.settle();
  CHECK(calls.running == 2);
  for (const std::size_t index : {1u, 0u, 2u, 3u}) {
    calls.open(index);
    loop.settle();
    CHECK(calls.running == 2);
  }
  calls.open(5);
  loop.settle();
  CHECK(calls.running == 1);
  calls.open(4);
  loop.settle();
  CHECK(calls.most == 2);
  CHECK(main.has_value());
}

TEST_CASE("batch 67 and 75: items start in input order and results are in input order")
{
  Loop loop;
  Calls calls(loop, 4);
  Running main(loop, batch(std::views::iota(0, 4), 2, calls.function()));
  loop.settle();
  for (const std::size_t index : {1u, 2u, 3u, 0u}) {
    calls.open(index);
    loop.settle();
  }
  CHECK(*main.outcome() == std::vector<int>{0, 10, 20, 30});
  CHECK(
      calls.log ==
      Log{"start 0", "start 1", "end 1", "start 2", "end 2", "start 3", "end 3", "end 0"});
}

TEST_CASE("batch 68: the input is read only when the next item may start")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  auto show = [&](int index) {
    log.push_back(numbered("read ", index));
    return index;
  };
  auto call = [&](int index) { return child(log, gates[static_cast<std::size_t>(index)], index); };
  Running main(loop, batch(std::views::iota(0, 3) | std::views::transform(show), 1, call));
  loop.settle();
  CHECK(log == Log{"read 0", "start 0"});
  gates[0].open();
  loop.settle();
  CHECK(log == Log{"read 0", "start 0", "end 0", "read 1", "start 1"});
}

TEST_CASE("batch 68b: a single-pass input, whose items the work takes over")
{
  Loop loop;
  std::istringstream words("one two three four");
  struct Word {
    static asio::awaitable<std::string> later(const std::string& word)
    {
      co_await turn();  // the input has moved on meanwhile
      co_return word + "!";
    }
  };
  Running main(loop, batch(std::ranges::istream_view<std::string>(words), 2, Word::later));
  loop.settle();
  CHECK(*main.outcome() == std::vector<std::string>{"one!", "two!", "three!", "four!"});
}

TEST_CASE("for_each_limit 68c: a million lazy items, never more than the limit of them alive")
{
  Loop loop;
  struct Item {
    explicit Item(int v, int& a, int& m) : value(v), alive(&a) { m = std::max(m, ++*alive); }
    Item(Item&& other) noexcept : value(other.value), alive(std::exchange(other.alive, nullptr)) {}
    ~Item() { *(alive ? alive : &value) -= 1; }
    int value;
    int* alive;
  };
  int alive = 0, most = 0;
  long sum = 0;
  auto make = [&](int number) { return Item(number, alive, most); };
  auto call = [](const Item& item) { return at_once(item.value); };
  auto sink = [&](std::size_t, Outcome<int> outcome) { sum += *outcome; };
  Running main(
      loop,
      for_each_limit(std::views::iota(0, 1'000'000) | std::views::transform(make), 64, call, sink));
  loop.settle();
  CHECK(*main.outcome() == 1'000'000);
  CHECK(sum == 499'999'500'000);
  CHECK(most <= 64);
  CHECK(alive == 0);
}

TEST_CASE(
    "batch 69: a limit of 0 is refused when called, a greater one than needed and no items work")
{
  auto nothing = [](std::size_t, Outcome<int>) {};
  const std::vector<int> items{1, 2};
  const auto invalid = asyncllm::ErrorKind::invalid_argument;
  CHECK(kind_of([&] { static_cast<void>(batch(items, 0, at_once)); }) == invalid);
  CHECK(kind_of([&] { static_cast<void>(batch_outcomes(items, 0, at_once)); }) == invalid);
  CHECK(kind_of([&] { static_cast<void>(for_each_limit(items, 0, at_once, nothing)); }) == invalid);
  CHECK(kind_of([&] { static_cast<void>(batches(items, 0, at_once)); }) == invalid);

  Loop loop;
  Running wide(loop, batch(items, asyncllm::unlimited, at_once));
  Running none(loop, batch(std::vector<int>(), 3, at_once));
  Running none_outcomes(loop, batch_outcomes(std::vector<int>(), 3, at_once));
  Running none_each(loop, for_each_limit(std::vector<int>(), 3, at_once, nothing));
  loop.settle();
  CHECK(*wide.outcome() == items);
  CHECK(none.outcome()->empty());
  CHECK(none_outcomes.outcome()->empty());
  CHECK(*none_each.outcome() == 0);
}

TEST_CASE("batch 70: the first failure stops the input, cancels what runs, waits and is thrown")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  auto call = [&](int index) -> asio::awaitable<int> {
    log.push_back(numbered("call ", index));
    if (index == 0)
      return slow_to_end(log, gates[0], gates[1], 0);
    if (index == 1)
      return failing(gates[2], "broken");
    return at_once(index);
  };
  Running main(loop, batch(std::views::iota(0, 100), 2, call));
  loop.settle();
  gates[2].open();
  loop.settle();
  CHECK_FALSE(main.done());
  gates[1].open();
  loop.settle();
  CHECK(main.message() == "broken");
  CHECK(log == Log{"call 0", "call 1", "cleaned 0"});
}

TEST_CASE("batch 70b: a function that throws instead of returning an awaitable fails its item")
{
  Loop loop;
  auto call = [](int index) -> asio::awaitable<int> {
    if (index == 1)
      throw std::runtime_error("no awaitable");
    return at_once(index);
  };
  Running failed(loop, batch(std::views::iota(0, 3), 2, call));
  Running outcomes(loop, batch_outcomes(std::views::iota(0, 3), 2, call));
  loop.settle();
  CHECK(failed.message() == "no awaitable");
  REQUIRE(outcomes.has_value());
  CHECK(outcomes.outcome()->at(1).error_message() == "no awaitable");
  CHECK(*outcomes.outcome()->at(2) == 2);
}

TEST_CASE("batch 71: as outcomes, failures do not stop the feed")
{
  Loop loop;
  auto call = [](int index) { return fail_at(index, index % 3); };
  Running main(loop, batch_outcomes(std::views::iota(0, 7), 2, call));
  loop.settle();
  const auto& outcomes = *main.outcome();
  REQUIRE(outcomes.size() == 7);
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(outcomes[i].has_value() == (i > 2));
  }
  CHECK(outcomes[2].error_message() == "item 2");
}

TEST_CASE("batch 72: what the input throws comes out when what was started has ended")
{
  for (const bool as_outcomes : {false, true}) {
    Loop loop;
    Log log;
    Gates gates(loop, 2);
    auto read = [](int index) {
      if (index == 1)
        throw std::runtime_error("no second");
      return index;
    };
    auto call = [&](int) { return slow_to_end(log, gates[0], gates[1], 0); };
    auto items = std::views::iota(0, 3) | std::views::transform(read);
    std::optional<Running<std::vector<int>>> plain;
    std::optional<Running<std::vector<Outcome<int>>>> outcomes;
    if (as_outcomes)
      outcomes.emplace(loop, batch_outcomes(items, 2, call));
    else
      plain.emplace(loop, batch(items, 2, call));
    loop.settle();
    CHECK(log.empty());
    gates[1].open();
    loop.settle();
    CHECK(log == Log{"cleaned 0"});
    CHECK((as_outcomes ? outcomes->message() : plain->message()) == "no second");
  }
}

TEST_CASE("batch 73: cancelled, it starts nothing more, cancels what runs and waits for it")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  auto call = [&](int index) -> asio::awaitable<int> {
    log.push_back(numbered("call ", index));
    return slow_to_end(log, gates[static_cast<std::size_t>(index)], gates[2], index);
  };
  Running main(loop, batch_outcomes(std::views::iota(0, 2'000'000'000), 2, call));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK_FALSE(main.done());
  gates[2].open();
  loop.settle();
  CHECK(main.aborted());
  CHECK(log == Log{"call 0", "call 1", "cleaned 0", "cleaned 1"});
}

TEST_CASE("batch 73b: cancelled when every item has its value, it keeps the values")
{
  Loop loop;
  Gates gates(loop, 2);
  auto call = [&](int index) { return stubborn(gates[static_cast<std::size_t>(index)], index); };
  Running complete(loop, batch(std::views::iota(0, 2), 2, call));
  Running partial(loop, batch(std::views::iota(0, 2), 1, call));
  loop.settle();
  complete.cancel();
  partial.cancel();
  loop.settle();
  CHECK(complete.has_value());
  CHECK(partial.aborted());  // its second item was never started
}

TEST_CASE("batch 73c: what one item does to its cancellation is not felt by the next")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  struct Deaf {
    static asio::awaitable<int> item(Log& log, Gates& gates, int index)
    {
      if (index == 0) {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_await asio::this_coro::throw_if_cancelled(false);
        co_return 0;
      }
      auto work = child(log, gates[1], index);
      co_return co_await std::move(work);
    }
  };
  auto call = [&](int index) { return Deaf::item(log, gates, index); };
  Running main(loop, batch(std::views::iota(0, 2), 1, call));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK(main.aborted());
  CHECK(log == Log{"start 1", "cancel 1"});
}

TEST_CASE("batch 73d: an item that was cancelled is cancelled at its next co_await again")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  struct Items {
    static asio::awaitable<int> item(Log& log, Gate& gate, int index)
    {
      if (index == 0) {
        co_await asio::this_coro::throw_if_cancelled(false);
        co_return 0;
      }
      try {
        co_await gate.wait();
      } catch (const std::system_error&) {
        log.push_back("cancelled");
      }
      co_await turn();
      log.push_back("went on");
      co_return 1;
    }
  };
  auto call = [&](int index) { return Items::item(log, gate, index); };
  Running main(loop, batch(std::views::iota(0, 2), 1, call));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK(main.aborted());
  CHECK(log == Log{"cancelled"});
}

namespace {

/// A range that can be read once, and shows each element where it keeps it.
class OnePass {
 public:
  class Iterator {
   public:
    using value_type = std::unique_ptr<int>;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(OnePass& range) : range_(&range) {}
    Iterator(Iterator&&) = default;
    Iterator& operator=(Iterator&&) = default;
    std::unique_ptr<int>& operator*() const { return range_->shown_; }
    Iterator& operator++()
    {
      range_->show(*range_->number_ + 1);
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return *range_->number_ == 4; }

   private:
    OnePass* range_;
  };

  OnePass() { show(0); }
  Iterator begin() { return Iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  void show(int number)
  {
    number_ = std::make_unique<int>(number);
    shown_ = std::make_unique<int>(number * 10);
  }

  std::unique_ptr<int> number_, shown_;
};

asio::awaitable<int> later(const std::unique_ptr<int>& number)
{
  co_await turn();
  co_return *number;
}

}  // namespace

TEST_CASE("batch 75a: items of a single-pass input are moved out of it, even if they only move")
{
  Loop loop;
  Running main(loop, batch(OnePass(), 3, later));
  loop.settle();
  REQUIRE(main.has_value());
  CHECK(*main.outcome() == std::vector<int>{0, 10, 20, 30});
}

namespace {

asio::awaitable<void> count_calls(int& calls)
{
  ++calls;
  co_return;
}

asio::awaitable<std::unique_ptr<std::string>> own(const std::string& text)
{
  co_return std::make_unique<std::string>(text);
}

}  // namespace

TEST_CASE("batch 75b: void, move-only, not default constructible and bool results")
{
  Loop loop;
  int calls = 0;
  auto nothing = [&](int) { return count_calls(calls); };
  auto no_default = [](int value) -> asio::awaitable<NoDefault> { co_return NoDefault(value); };
  auto truth = [](int value) -> asio::awaitable<bool> { co_return value % 2 == 1; };
  const std::vector<std::string> words{"a", "b"};
  Running voids(loop, batch(std::views::iota(0, 3), 2, nothing));
  Running void_outcomes(loop, batch_outcomes(std::views::iota(0, 3), 2, nothing));
  Running owned(loop, batch(std::views::all(words), 2, own));
  Running special(loop, batch(std::views::iota(0, 2), 2, no_default));
  Running bools(loop, batch(std::views::iota(0, 2), 2, truth));
  loop.settle();
  CHECK(voids.has_value());
  CHECK(void_outcomes.outcome()->size() == 3);
  CHECK(calls == 6);
  CHECK(*owned.outcome()->at(1) == "b");
  CHECK(special.outcome()->at(1).value == 1);
  CHECK(*bools.outcome() == std::vector<bool>{false, true});
}

TEST_CASE("batch 75c: the loop destroyed while the items are suspended")
{
  const auto alive = std::make_shared<int>(0);
  {
    Loop loop;
    Gate gate(loop);
    struct Holding {
      static asio::awaitable<int> until(Gate& gate, std::shared_ptr<int> alive)
      {
        co_await gate.wait();
        co_return *alive;
      }
    };
    auto call = [&gate, alive](int) { return Holding::until(gate, alive); };
    Running main(loop, batch(std::views::iota(0, 9), 3, call));
    loop.settle();
    CHECK(alive.use_count() > 4);
  }
  CHECK(alive.use_count() == 1);
}
