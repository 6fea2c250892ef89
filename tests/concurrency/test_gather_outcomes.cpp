// gather_outcomes: every outcome, whatever becomes of the others.
#include <asyncllm/concurrency/gather.hpp>

#include "children.hpp"

#include <algorithm>
#include <ranges>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

using namespace harness;
using asyncllm::gather_outcomes;

TEST_CASE("gather_outcomes 33: one outcome for each input, in input order")
{
  Loop loop;
  Gates gates(loop, 3);
  Log log;
  Running main(
      loop,
      gather_outcomes(
          tasks(child(log, gates[0], 0), failing(gates[1], "broken"), child(log, gates[2], 2))));
  loop.settle();
  for (const std::size_t index : {2u, 1u, 0u}) {
    gates[index].open();
    loop.settle();
  }
  auto& outcomes = *main.outcome();
  REQUIRE(outcomes.size() == 3);
  CHECK(*outcomes[0] == 0);
  CHECK(outcomes[1].error_message() == "broken");
  CHECK(*outcomes[2] == 2);
}

TEST_CASE("gather_outcomes 34 and 36: a failure cancels nothing, and all tasks are awaited")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  Running main(loop, gather_outcomes(tasks(failing_at_once("broken"), child(log, gate, 1))));
  loop.settle();
  CHECK_FALSE(main.done());
  CHECK(log == Log{"start 1"});
  gate.open();
  loop.settle();
  REQUIRE(main.has_value());
  CHECK(log == Log{"start 1", "end 1"});
}

TEST_CASE("gather_outcomes 35: operation_aborted of one child is the outcome of that child")
{
  Loop loop;
  Gate gate(loop);
  Running main(loop, gather_outcomes(tasks(at_once(0), aborts_by_itself(gate), at_once(2))));
  gate.open();
  loop.settle();
  auto& outcomes = *main.outcome();
  CHECK(*outcomes[0] == 0);
  CHECK(outcomes[1].error_as<std::system_error>()->code() == asio::error::operation_aborted);
  CHECK(*outcomes[2] == 2);
}

TEST_CASE("gather_outcomes 37: value() rethrows the original exception each time")
{
  Loop loop;
  Gate gate(loop);
  const auto error = std::make_exception_ptr(Special());
  Running main(loop, gather_outcomes(tasks(throw_this(gate, error))));
  gate.open();
  loop.settle();
  auto& outcome = main.outcome()->at(0);
  CHECK(outcome.error() == error);
  CHECK_THROWS_AS(outcome.value(), Special);
  CHECK_THROWS_AS(outcome.value(), Special);
}

TEST_CASE("gather_outcomes 38: void children give outcomes of void")
{
  Loop loop;
  Gate gate(loop);
  int ended = 0;
  Running main(loop, gather_outcomes(tasks(gives_nothing(gate, ended))));
  gate.open();
  loop.settle();
  const std::vector<asyncllm::Outcome<void>>& outcomes = *main.outcome();
  CHECK(outcomes.at(0).has_value());
  CHECK(ended == 1);
}

TEST_CASE("gather_outcomes 39: when all fail it returns as usual")
{
  Loop loop;
  Running main(loop, gather_outcomes(tasks(failing_at_once("one"), failing_at_once("two"))));
  loop.settle();
  REQUIRE(main.has_value());
  CHECK(main.outcome()->at(0).error_message() == "one");
  CHECK(main.outcome()->at(1).error_message() == "two");
}

TEST_CASE("gather_outcomes 39b: a pack of different types")
{
  Loop loop;
  Gate gate(loop);
  int ended = 0;
  Running main(
      loop,
      gather_outcomes(
          gives_text(gate, "text"), failing_at_once("broken"), gives_nothing(gate, ended)));
  gate.open();
  loop.settle();
  auto& [text, broken, nothing] = *main.outcome();
  CHECK(*text == "text");
  CHECK(broken.error_message() == "broken");
  CHECK(nothing.has_value());
}

TEST_CASE("gather_outcomes 40: what the input throws is not an outcome but is thrown")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  auto make = [&](int index) -> asio::awaitable<int> {
    if (index == 1)
      throw std::runtime_error("no second");
    return child(log, gate, index);
  };
  Running main(loop, gather_outcomes(std::views::iota(0, 3) | std::views::transform(make)));
  loop.settle();
  CHECK(main.message() == "no second");
  CHECK(log == Log{"start 0", "cancel 0"});
}
