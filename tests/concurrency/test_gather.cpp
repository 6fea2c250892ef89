// gather: order, results, failures.
#include <asyncllm/concurrency/gather.hpp>

#include "children.hpp"

#include <asio/any_io_executor.hpp>

#include <algorithm>
#include <ranges>
#include <string>
#include <type_traits>
#include <vector>

using namespace harness;
using asyncllm::gather;
using asyncllm::gather_outcomes;

TEST_CASE("gather 1: results are in input order, whatever the order in which they come")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  Running main(
      loop,
      gather(tasks(child(log, gates[0], 0), child(log, gates[1], 1), child(log, gates[2], 2))));
  loop.settle();
  for (const std::size_t index : {1u, 2u, 0u}) {
    gates[index].open();
    loop.settle();
  }
  REQUIRE(main.has_value());
  CHECK(*main.outcome() == std::vector<int>{0, 1, 2});
  CHECK(log == Log{"start 0", "start 1", "start 2", "end 1", "end 2", "end 0"});
}

TEST_CASE("gather 2: it is done when its last child is, and not before")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  Running main(loop, gather(tasks(child(log, gates[0], 0), child(log, gates[1], 1))));
  loop.settle();
  gates[0].open();
  loop.settle();
  CHECK_FALSE(main.done());
  gates[1].open();
  loop.settle();
  CHECK(main.has_value());
  CHECK(loop.empty());
}

namespace {

asio::awaitable<bool> gather_nothing_in_one_step(bool& step_over)
{
  asio::post(co_await asio::this_coro::executor, [&] { step_over = true; });
  auto gathering = gather(std::vector<asio::awaitable<int>>());
  const auto values = co_await std::move(gathering);
  auto outcomes = gather_outcomes(std::vector<asio::awaitable<int>>());
  co_await std::move(outcomes);
  auto voids = gather(std::vector<asio::awaitable<void>>());
  co_await std::move(voids);
  co_return values.empty() && !step_over;
}

}  // namespace

TEST_CASE("gather 3: gathering nothing returns nothing, without a turn of the loop")
{
  Loop loop;
  bool step_over = false;
  Running main(loop, gather_nothing_in_one_step(step_over));
  loop.settle();
  REQUIRE(main.has_value());
  CHECK(*main.outcome());
}

TEST_CASE("gather 4: it throws the very exception object that a child threw")
{
  Loop loop;
  Gate gate(loop);
  const auto error = std::make_exception_ptr(Special());
  Running main(loop, gather(tasks(throw_this(gate, error))));
  gate.open();
  loop.settle();
  REQUIRE(main.done());
  CHECK(main.outcome().error() == error);
  CHECK(main.outcome().error_as<Special>() != nullptr);
}

TEST_CASE("gather 5: a failure cancels the other children and waits for them")
{
  Loop loop;
  Log log;
  Gates gates(loop, 4);
  Running main(
      loop,
      gather(tasks(
          child(log, gates[0], 0),
          failing(gates[1], "broken"),
          slow_to_end(log, gates[2], gates[3], 2))));
  loop.settle();
  gates[1].open();
  loop.settle();
  CHECK(log == Log{"start 0", "cancel 0"});
  CHECK_FALSE(main.done());  // child 2 still cleans up
  gates[3].open();
  loop.settle();
  CHECK(log == Log{"start 0", "cancel 0", "cleaned 2"});
  CHECK(main.message() == "broken");
}

TEST_CASE("gather 6: of several errors the first in time wins, the others are dropped")
{
  Loop loop;
  Gates gates(loop, 3);
  Running main(
      loop,
      gather(tasks(
          failing(gates[0], "by index"),
          failing(gates[1], "in time"),
          failing(gates[2], "later"))));
  loop.settle();
  gates[1].open();
  gates[2].open();
  gates[0].open();
  loop.settle();
  CHECK(main.message() == "in time");
  CHECK(loop.empty());
}

TEST_CASE("gather 7: a child that fails before it suspends fails it in the same way")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  Running main(
      loop, gather(tasks(child(log, gate, 0), failing_at_once("at once"), child(log, gate, 2))));
  loop.settle();
  CHECK(main.message() == "at once");
  CHECK(log == Log{"start 0", "cancel 0"});  // the third is not even started
  CHECK(loop.empty());
}

TEST_CASE(
    "gather 8: operation_aborted out of a child that nobody cancelled is an error like others")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  Running main(loop, gather(tasks(child(log, gates[0], 0), aborts_by_itself(gates[1]))));
  loop.settle();
  gates[1].open();
  loop.settle();
  CHECK(main.aborted());
  CHECK(log == Log{"start 0", "cancel 0"});
}

namespace {

asio::awaitable<int> counted(int& started, std::shared_ptr<int> argument)
{
  ++started;
  co_return *argument;
}

}  // namespace

TEST_CASE("gather 16: created and dropped, it starts no child and destroys their arguments")
{
  Loop loop;
  int started = 0;
  const auto argument = std::make_shared<int>(1);
  {
    const auto dropped = gather(tasks(counted(started, argument), counted(started, argument)));
    CHECK(argument.use_count() == 3);
  }
  CHECK(argument.use_count() == 1);
  CHECK(started == 0);
}

TEST_CASE("gather 17: children start in input order, each up to its first suspension")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  Running main(loop, gather(tasks(child(log, gate, 0), child(log, gate, 1), child(log, gate, 2))));
  CHECK(log.empty());
  loop.settle();
  CHECK(log == Log{"start 0", "start 1", "start 2"});
  gate.open();
  loop.settle();
}

TEST_CASE("gather 18: what the input throws comes out when the started children have ended")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  auto make = [&](int index) -> asio::awaitable<int> {
    if (index == 2)
      throw std::runtime_error("no third");
    return slow_to_end(log, gates[static_cast<std::size_t>(index)], gates[2], index);
  };
  Running main(loop, gather(std::views::iota(0, 4) | std::views::transform(make)));
  loop.settle();
  CHECK_FALSE(main.done());
  gates[2].open();
  loop.settle();
  CHECK(main.message() == "no third");
  CHECK(log == Log{"cleaned 0", "cleaned 1"});
  CHECK(loop.empty());
}

TEST_CASE("gather 19: a lazy input is read element by element, each once")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  auto make = [&](int index) {
    log.push_back(numbered("make ", index));
    return child(log, gate, index);
  };
  Running main(loop, gather(std::views::iota(0, 2) | std::views::transform(make)));
  loop.settle();
  CHECK(log == Log{"make 0", "start 0", "make 1", "start 1"});
  gate.open();
  loop.settle();
  CHECK(*main.outcome() == std::vector<int>{0, 1});
}

namespace {

asio::awaitable<std::unique_ptr<int>> move_only(Gate& gate, int value)
{
  co_await gate.wait();
  co_return std::make_unique<int>(value);
}

asio::awaitable<NoDefault> no_default(Gate& gate, int value)
{
  co_await gate.wait();
  co_return NoDefault(value);
}

asio::awaitable<bool> gives_bool(Gate& gate, bool value)
{
  co_await gate.wait();
  co_return value;
}

}  // namespace

TEST_CASE("gather 20: results that can only be moved")
{
  Loop loop;
  Gate gate(loop);
  Running main(loop, gather(tasks(move_only(gate, 1), move_only(gate, 2))));
  Running outcomes(loop, gather_outcomes(tasks(move_only(gate, 3))));
  gate.open();
  loop.settle();
  CHECK(*main.outcome()->at(1) == 2);
  CHECK(**outcomes.outcome()->at(0) == 3);
}

TEST_CASE("gather 21: results without a default constructor")
{
  Loop loop;
  Gate gate(loop);
  Running main(loop, gather(tasks(no_default(gate, 1), no_default(gate, 2))));
  Running pack(loop, gather(no_default(gate, 3), no_default(gate, 4)));
  gate.open();
  loop.settle();
  CHECK(main.outcome()->at(1).value == 2);
  CHECK(std::get<1>(*pack.outcome()).value == 4);
}

TEST_CASE("gather 22: void children give void, and keep their position among others")
{
  Loop loop;
  Gate gate(loop);
  int ended = 0;
  auto voids = gather(tasks(gives_nothing(gate, ended), gives_nothing(gate, ended)));
  static_assert(std::is_same_v<decltype(voids), asio::awaitable<void>>);
  Running main(loop, std::move(voids));
  auto mixed = gather(gives_nothing(gate, ended), at_once(5));
  static_assert(std::is_same_v<decltype(mixed), asio::awaitable<std::tuple<std::monostate, int>>>);
  Running pack(loop, std::move(mixed));
  gate.open();
  loop.settle();
  CHECK(main.has_value());
  CHECK(std::get<1>(*pack.outcome()) == 5);
  CHECK(ended == 3);
}

namespace {

asio::awaitable<std::string> bind_from_a_pack(Gate& gate)
{
  auto gathering = gather(gives_text(gate, "text"), at_once(7), gives_bool(gate, true));
  auto results = co_await std::move(gathering);
  auto& [text, number, yes] = results;
  co_return text + std::to_string(number) + (yes ? "yes" : "no");
}

}  // namespace

TEST_CASE("gather 23: children of different types give a tuple that can be bound")
{
  Loop loop;
  Gate gate(loop);
  Running main(loop, bind_from_a_pack(gate));
  gate.open();
  loop.settle();
  CHECK(*main.outcome() == "text7yes");
}

TEST_CASE("gather 23b: a failure in a pack cancels its other children")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  Running main(loop, gather(child(log, gates[0], 0), failing(gates[1], "broken"), at_once(2)));
  loop.settle();
  gates[1].open();
  loop.settle();
  CHECK(main.message() == "broken");
  CHECK(log == Log{"start 0", "cancel 0"});
}

TEST_CASE("gather 24: bool results")
{
  Loop loop;
  Gate gate(loop);
  Running main(loop, gather(tasks(gives_bool(gate, true), gives_bool(gate, false))));
  Running outcomes(loop, gather_outcomes(tasks(gives_bool(gate, true))));
  gate.open();
  loop.settle();
  CHECK(*main.outcome() == std::vector<bool>{true, false});
  CHECK(*outcomes.outcome()->at(0));
}

TEST_CASE("gather 25: ten thousand children that never suspend do not grow the stack")
{
  Loop loop;
  Running main(loop, gather(std::views::iota(0, 10'000) | std::views::transform(at_once)));
  loop.settle();
  REQUIRE(main.has_value());
  CHECK(main.outcome()->size() == 10'000);
  CHECK(main.outcome()->back() == 9'999);
}

namespace {

asio::awaitable<int> inner_failure(Gate& gate)
{
  try {
    auto inner = gather(tasks(failing(gate, "inner")));
    co_await std::move(inner);
  } catch (const std::runtime_error&) {
    co_return 1;
  }
  co_return 0;
}

}  // namespace

TEST_CASE("gather 26: a failure caught around an inner gather does not touch the outer one")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  Running main(loop, gather(tasks(inner_failure(gates[0]), child(log, gates[1], 5))));
  loop.settle();
  gates[0].open();
  loop.settle();
  CHECK_FALSE(main.done());
  gates[1].open();
  loop.settle();
  CHECK(*main.outcome() == std::vector<int>{1, 5});
}

TEST_CASE("gather 28: an awaitable cannot be given twice, since it only moves")
{
  static_assert(!std::is_copy_constructible_v<asio::awaitable<int>>);
  static_assert(!std::is_copy_constructible_v<std::tuple<asio::awaitable<int>>>);
}
