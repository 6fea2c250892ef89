// as_completed: completion order, deadlines, windows.
#include <asyncllm/concurrency/as_completed.hpp>
#include <asyncllm/concurrency/timeout.hpp>
#include <asyncllm/core/error.hpp>

#include "consume.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <vector>

using namespace harness;
using asyncllm::as_completed;
using asyncllm::Completion;

TEST_CASE("as_completed 41 and 42: items come in completion order, each with its input index")
{
  Loop loop;
  Log log, seen;
  Gates gates(loop, 3);
  auto stream = as_completed(
      tasks(child(log, gates[0], 10), child(log, gates[1], 11), child(log, gates[2], 12)));
  Running main(loop, consume(stream, seen));
  loop.settle();
  for (const std::size_t index : {2u, 0u, 1u}) {
    gates[index].open();
    loop.settle();
  }
  CHECK(main.has_value());
  CHECK(seen == Log{"2:12", "0:10", "1:11", "end"});
}

TEST_CASE("as_completed 41b: children that never suspend come in input order")
{
  Loop loop;
  Log seen;
  auto stream = as_completed(tasks(at_once(0), at_once(1), at_once(2)));
  Running main(loop, consume(stream, seen));
  loop.settle();
  CHECK(seen == Log{"0:0", "1:1", "2:2", "end"});
}

TEST_CASE("as_completed 43: after the end every call returns the end")
{
  Loop loop;
  Log seen;
  auto stream = as_completed(tasks(at_once(0)));
  Running first(loop, consume(stream, seen));
  loop.settle();
  Running again(loop, consume(stream, seen));
  loop.settle();
  CHECK(again.has_value());
  CHECK(seen == Log{"0:0", "end", "end"});
}

TEST_CASE("as_completed 44: a failure is the outcome of its item, and the stream continues")
{
  Loop loop;
  Log seen;
  auto stream = as_completed(tasks(at_once(0), failing_at_once("broken"), at_once(2)));
  Running main(loop, consume(stream, seen));
  loop.settle();
  CHECK(seen == Log{"0:0", "1!broken", "2:2", "end"});
}

TEST_CASE("as_completed 45: a second loop over the same stream gets the rest")
{
  Loop loop;
  Log seen;
  auto stream = as_completed(tasks(at_once(0), at_once(1), at_once(2)));
  Running first(loop, consume(stream, seen, 1));
  loop.settle();
  CHECK(seen == Log{"0:0"});
  Running second(loop, consume(stream, seen));
  loop.settle();
  CHECK(seen == Log{"0:0", "1:1", "2:2", "end"});
}

namespace {

asio::awaitable<void> consume_slowly(Stream& stream, Log& seen, Gate& busy)
{
  auto taking = consume(stream, seen, 1);
  co_await std::move(taking);
  co_await busy.wait();
  auto rest = consume(stream, seen);
  co_await std::move(rest);
}

}  // namespace

TEST_CASE("as_completed 46: what completes while the consumer is busy is kept")
{
  Loop loop;
  Log log, seen;
  Gates gates(loop, 4);
  auto stream = as_completed(
      tasks(child(log, gates[0], 0), child(log, gates[1], 1), child(log, gates[2], 2)));
  Running main(loop, consume_slowly(stream, seen, gates[3]));
  loop.settle();
  for (const std::size_t index : {1u, 2u, 0u}) {
    gates[index].open();
    loop.settle();
  }
  CHECK(seen == Log{"1:1"});
  CHECK(stream.in_flight() == 0);
  gates[3].open();
  loop.settle();
  CHECK(seen == Log{"1:1", "2:2", "0:0", "end"});
}

namespace {

asio::awaitable<void> consume_until_deadline(
    std::vector<asio::awaitable<int>> all, Log& seen, asio::steady_timer::duration limit)
{
  auto stream = as_completed(std::move(all));
  auto first = consume(stream, seen, 1);  // on a slow machine the limit could be over before it
  co_await std::move(first);
  try {
    auto consuming = asyncllm::with_timeout(consume(stream, seen), limit);
    co_await std::move(consuming);
  } catch (const asyncllm::Error& error) {
    seen.push_back(std::string(to_string(error.kind())));
    seen.push_back(numbered("running ", static_cast<int>(stream.in_flight())));
  }
}

}  // namespace

TEST_CASE("as_completed 47: a deadline over the stream is raised once and leaves nothing running")
{
  Loop loop;
  Log log, seen;
  Gates gates(loop, 2);
  gates[0].open();
  Running main(
      loop,
      consume_until_deadline(
          tasks(child(log, gates[0], 0), child(log, gates[1], 1)),
          seen,
          std::chrono::milliseconds(1)));
  loop.run_until([&] { return main.done(); });
  CHECK(main.has_value());
  CHECK(seen == Log{"0:0", "timeout", "running 0"});
  CHECK(log == Log{"start 0", "end 0", "start 1", "cancel 1"});
  CHECK(loop.empty());
}

TEST_CASE("as_completed 48: a deadline that is not reached leaves no timer")
{
  Loop loop;
  Log seen;
  Running main(loop, consume_until_deadline(tasks(at_once(0)), seen, std::chrono::hours(1)));
  loop.settle();
  CHECK(seen == Log{"0:0", "end"});
  CHECK(loop.empty());
}

TEST_CASE("as_completed 49: an empty input is at its end at once")
{
  Loop loop;
  Log seen;
  auto stream = as_completed(std::vector<asio::awaitable<int>>());
  Running main(loop, consume(stream, seen));
  loop.settle();
  CHECK(seen == Log{"end"});
}

TEST_CASE("as_completed 49b: it starts nothing before the first next()")
{
  const auto alive = std::make_shared<int>(0);
  Loop loop;
  Log log;
  Gate gate(loop);
  {
    auto make = [&log, &gate, alive](int index) { return child(log, gate, index); };
    auto stream = as_completed(std::views::iota(0, 3) | std::views::transform(make));
    CHECK(stream.in_flight() == 0);
    CHECK(alive.use_count() > 1);
  }
  CHECK(log.empty());
  CHECK(alive.use_count() == 1);
}

TEST_CASE("as_completed 55: two next() at once are refused, and the first is not disturbed")
{
  Loop loop;
  Log log, seen;
  Gate gate(loop);
  auto stream = as_completed(tasks(child(log, gate, 0)));
  Running first(loop, consume(stream, seen));
  loop.settle();
  Running second(loop, consume(stream, seen));
  Running closing(loop, close(stream));
  loop.settle();
  REQUIRE(second.done());
  CHECK(second.outcome().error_as<std::logic_error>() != nullptr);
  REQUIRE(closing.done());
  CHECK(closing.outcome().error_as<std::logic_error>() != nullptr);
  gate.open();
  loop.settle();
  CHECK(first.has_value());
  CHECK(seen == Log{"0:0", "end"});
}

TEST_CASE("as_completed 56: with a limit no more are running, or finished and not taken")
{
  Loop loop;
  Log log, seen;
  Gates gates(loop, 4);
  auto stream = as_completed(
      tasks(
          child(log, gates[0], 0),
          child(log, gates[1], 1),
          child(log, gates[2], 2),
          child(log, gates[3], 3)),
      2);
  Running first(loop, consume(stream, seen, 1));
  loop.settle();
  CHECK(log == Log{"start 0", "start 1"});
  gates[1].open();
  loop.settle();
  CHECK(seen == Log{"1:1"});
  CHECK(log == Log{"start 0", "start 1", "end 1", "start 2"});  // its place was taken at once
  gates[0].open();
  gates[2].open();
  loop.settle();
  CHECK(stream.in_flight() == 0);  // two finished, none taken: no place is free
  CHECK(log.back() == "end 2");
  Running second(loop, consume(stream, seen, 1));
  loop.settle();
  CHECK(log.back() == "start 3");
  gates[3].open();
  Running third(loop, consume(stream, seen));
  loop.settle();
  CHECK(seen == Log{"1:1", "0:0", "2:2", "3:3", "end"});
}

TEST_CASE("as_completed 57: with a limit a lazy input is read only when the next task may start")
{
  Loop loop;
  Log log, seen;
  auto make = [&](int index) {
    log.push_back(numbered("make ", index));
    return at_once(index);
  };
  auto stream = as_completed(std::views::iota(0, 3) | std::views::transform(make), 1);
  Running first(loop, consume(stream, seen, 1));
  loop.settle();
  CHECK(log == Log{"make 0", "make 1"});
  Running second(loop, consume(stream, seen, 1));
  loop.settle();
  CHECK(log == Log{"make 0", "make 1", "make 2"});
  CHECK(seen == Log{"0:0", "1:1"});
}

TEST_CASE("as_completed 57b: what the input throws comes after the results of what had started")
{
  Loop loop;
  Log log, seen;
  Gate gate(loop);
  auto make = [&](int index) -> asio::awaitable<int> {
    if (index == 1)
      throw std::runtime_error("no second");
    return child(log, gate, index);
  };
  auto stream = as_completed(std::views::iota(0, 3) | std::views::transform(make));
  Running main(loop, consume(stream, seen));
  loop.settle();
  CHECK(log == Log{"start 0"});
  gate.open();
  loop.settle();
  CHECK(seen == Log{"0:0"});
  CHECK(main.message() == "no second");
  Running again(loop, consume(stream, seen));
  loop.settle();
  CHECK(again.message() == "no second");  // never an end that is none
}

TEST_CASE("as_completed 57c: a window frees what was taken")
{
  Loop loop;
  const auto alive = std::make_shared<int>(0);
  struct Holding {
    static asio::awaitable<std::shared_ptr<int>> once(std::shared_ptr<int> alive)
    {
      co_return alive;
    }
    static asio::awaitable<long> consume_all(
        asyncllm::CompletionStream<std::shared_ptr<int>> stream, const std::shared_ptr<int>& alive)
    {
      long most = 0;
      while (const auto item = co_await stream.next())
        most = std::max(most, alive.use_count());
      co_return most;
    }
  };
  auto make = [&](int) { return Holding::once(alive); };
  Running main(
      loop,
      Holding::consume_all(
          as_completed(std::views::iota(0, 1000) | std::views::transform(make), 4), alive));
  loop.settle();
  REQUIRE(main.has_value());
  CHECK(*main.outcome() <= 1 + 1 + 4);  // here, the item in hand, the window
}

TEST_CASE("as_completed 58d: a limit of 0 is refused when it is called")
{
  try {
    as_completed(tasks(at_once(0)), 0);
    CHECK(false);
  } catch (const asyncllm::Error& error) {
    CHECK(error.kind() == asyncllm::ErrorKind::invalid_argument);
  }
}
