// The progress callback of batch, batch_outcomes and for_each_limit, and their sinks.
#include <asyncllm/concurrency/batch.hpp>
#include <asyncllm/concurrency/for_each_limit.hpp>

#include "calls.hpp"

#include <cstddef>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace harness;
using asyncllm::batch_outcomes;
using asyncllm::BatchOptions;
using asyncllm::for_each_limit;
using asyncllm::Outcome;
using asyncllm::Progress;

TEST_CASE("batch 74: progress is reported once for each item, on the loop's thread, counting up")
{
  Loop loop;
  Calls calls(loop, 3);
  std::vector<Progress> seen;
  const auto here = std::this_thread::get_id();
  bool elsewhere = false;
  const auto options = BatchOptions().on_progress([&](const Progress& progress) {
    seen.push_back(progress);
    elsewhere = elsewhere || std::this_thread::get_id() != here;
  });
  Running main(loop, batch_outcomes(std::views::iota(0, 3), 3, calls.function(), options));
  loop.settle();
  for (const std::size_t index : {2u, 0u, 1u}) {
    calls.open(index);
    loop.settle();
  }
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].index == 2);
  CHECK(seen[1].index == 0);
  CHECK(seen[2].index == 1);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(seen[i].done == i + 1);
    CHECK(seen[i].total == std::optional<std::size_t>(3));
    CHECK(seen[i].ok);
  }
  CHECK_FALSE(elsewhere);
  CHECK(main.has_value());
}

TEST_CASE(
    "batch 74b: progress comes after the result is stored, failures are told, totals if known")
{
  Loop loop;
  std::vector<Outcome<int>> stored;
  bool in_time = true;
  std::vector<Progress> seen;
  auto sink = [&](std::size_t, Outcome<int> outcome) { stored.push_back(std::move(outcome)); };
  const auto options = BatchOptions().on_progress([&](const Progress& progress) {
    in_time = in_time && stored.size() == progress.done;
    seen.push_back(progress);
  });
  auto call = [](int index) { return fail_at(index, 1); };
  auto odd = [](int index) { return index != 7; };
  Running main(
      loop,
      for_each_limit(std::views::iota(0, 3) | std::views::filter(odd), 2, call, sink, options));
  loop.settle();
  CHECK(main.has_value());
  CHECK(in_time);
  REQUIRE(seen.size() == 3);
  CHECK_FALSE(seen[0].total.has_value());
  CHECK(seen[0].ok);
  CHECK_FALSE(seen[1].ok);
}

TEST_CASE("batch 74c: an exception from the progress callback or the sink fails the whole")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  auto call = [&](int index) -> asio::awaitable<int> {
    if (index == 0)
      return child(log, gate, 0);
    return at_once(index);
  };
  const auto options = BatchOptions().on_progress([](const Progress& progress) {
    if (progress.index == 2)
      throw std::runtime_error("enough");
  });
  auto sink = [](std::size_t index, Outcome<int>) {
    if (index == 1)
      throw std::runtime_error("full");
  };
  Running by_progress(loop, batch_outcomes(std::views::iota(0, 9), 2, call, options));
  Running by_sink(loop, for_each_limit(std::views::iota(0, 9), 2, call, sink));
  loop.settle();
  CHECK(by_progress.message() == "enough");
  CHECK(by_sink.message() == "full");
  CHECK(log == Log{"start 0", "start 0", "cancel 0", "cancel 0"});
}

TEST_CASE("batch 74d: after a failure of the whole, neither sink nor progress hear of other items")
{
  Loop loop;
  Gate gate(loop);
  int heard = 0;
  auto call = [&](int index) -> asio::awaitable<int> {
    if (index == 0)
      return stubborn(gate, 0);
    return at_once(index);
  };
  auto sink = [&](std::size_t index, Outcome<int>) {
    ++heard;
    if (index == 1)
      throw std::runtime_error("full");
  };
  const auto options = BatchOptions().on_progress([&](const Progress&) { ++heard; });
  Running main(loop, for_each_limit(std::views::iota(0, 9), 2, call, sink, options));
  loop.settle();
  CHECK(main.message() == "full");
  CHECK(heard == 1);
}
