// The ends of a CompletionStream: closed, cancelled, moved, destroyed.
#include <asyncllm/concurrency/as_completed.hpp>

#include "children.hpp"
#include "consume.hpp"

#include <memory>
#include <stdexcept>
#include <system_error>

using namespace harness;
using asyncllm::as_completed;

TEST_CASE("as_completed 50: destruction cancels what still runs and lets it end on the loop")
{
  Loop loop;
  Log log, seen;
  Gates gates(loop, 4);
  gates[0].open();
  std::optional<Stream> stream(as_completed(
      tasks(at_once(0), child(log, gates[1], 1), slow_to_end(log, gates[2], gates[3], 2))));
  Running main(loop, consume(*stream, seen, 1));
  loop.settle();
  stream.reset();
  CHECK(log == Log{"start 1"});
  loop.settle();
  CHECK(log == Log{"start 1", "cancel 1"});
  CHECK_FALSE(loop.empty());
  gates[3].open();
  loop.settle();
  CHECK(log == Log{"start 1", "cancel 1", "cleaned 2"});
  CHECK(loop.empty());
}

TEST_CASE("as_completed 51: close() cancels and joins")
{
  Loop loop;
  Log log, seen;
  Gates gates(loop, 3);
  auto stream = as_completed(
      tasks(at_once(0), child(log, gates[0], 1), slow_to_end(log, gates[1], gates[2], 2)));
  Running main(loop, consume(stream, seen, 1));
  loop.settle();
  CHECK(stream.in_flight() == 2);
  Running closing(loop, close(stream));
  loop.settle();
  CHECK_FALSE(closing.done());
  gates[2].open();
  loop.settle();
  CHECK(closing.has_value());
  CHECK(stream.in_flight() == 0);
  CHECK(log == Log{"start 1", "cancel 1", "cleaned 2"});
  Running after(loop, consume(stream, seen));
  loop.settle();
  CHECK(seen == Log{"0:0", "end"});
}

TEST_CASE("as_completed 51b: close() before the first next() starts nothing")
{
  Loop loop;
  Log log, seen;
  Gate gate(loop);
  auto stream = as_completed(tasks(child(log, gate, 0)));
  Running closing(loop, close(stream));
  loop.settle();
  CHECK(closing.has_value());
  Running after(loop, consume(stream, seen));
  loop.settle();
  CHECK(log.empty());
  CHECK(seen == Log{"end"});
}

TEST_CASE("as_completed 51c: close() drops completed results that were not taken")
{
  Loop loop;
  Log seen;
  Gate gate(loop);
  auto stream = as_completed(tasks(at_once(0), at_once(1), at_once(2)));
  Running main(loop, consume(stream, seen, 1));
  loop.settle();
  Running closing(loop, close(stream));
  loop.settle();
  Running after(loop, consume(stream, seen));
  loop.settle();
  CHECK(seen == Log{"0:0", "end"});
}

TEST_CASE("as_completed 51d: cancelled, close() still joins and then returns")
{
  Loop loop;
  Log log, seen;
  Gates gates(loop, 2);
  auto stream = as_completed(tasks(at_once(0), slow_to_end(log, gates[0], gates[1], 1)));
  Running main(loop, consume(stream, seen, 1));
  loop.settle();
  Running closing(loop, close(stream));
  loop.settle();
  closing.cancel();
  loop.settle();
  CHECK_FALSE(closing.done());
  gates[1].open();
  loop.settle();
  CHECK(closing.has_value());
}

namespace {

asio::awaitable<void> close_after_cancellation(Stream& stream, Log& seen)
{
  try {
    auto consuming = consume(stream, seen);
    co_await std::move(consuming);
  } catch (const std::system_error&) {
    seen.push_back(numbered("running ", static_cast<int>(stream.in_flight())));
  }
  co_await asio::this_coro::reset_cancellation_state();
  co_await stream.close();
  seen.push_back("closed");
}

}  // namespace

TEST_CASE("as_completed 53: a cancelled next() cancels the children and joins them, close() works")
{
  Loop loop;
  Log log, seen;
  Gates gates(loop, 3);
  auto stream =
      as_completed(tasks(child(log, gates[0], 0), slow_to_end(log, gates[1], gates[2], 1)));
  Running main(loop, close_after_cancellation(stream, seen));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK(log == Log{"start 0", "cancel 0"});
  CHECK(seen.empty());
  gates[2].open();
  loop.settle();
  CHECK(main.has_value());
  CHECK(log == Log{"start 0", "cancel 0", "cleaned 1"});
  CHECK(seen == Log{"running 0", "closed"});
}

TEST_CASE("as_completed 53b: what the children of a cancelled next() gave is still to be had")
{
  Loop loop;
  Log seen;
  Gates gates(loop, 2);
  auto stream = as_completed(tasks(stubborn(gates[0], 5), failing(gates[1], "never")));
  Running main(loop, consume(stream, seen));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK(main.aborted());
  Running after(loop, consume(stream, seen));
  loop.settle();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0] == "0:5");
  CHECK(seen[1].starts_with("1!"));
  CHECK(seen[2] == "end");
}

TEST_CASE("as_completed 54: next() cancelled when an item is just ready loses no item")
{
  Loop loop;
  Log log, seen;
  Gates gates(loop, 2);
  auto stream = as_completed(tasks(child(log, gates[0], 0), child(log, gates[1], 1)));
  Running main(loop, consume(stream, seen, 1));
  loop.settle();
  gates[0].open();
  loop.run_until([&] { return log.size() == 3; });  // ended; the consumer is not yet resumed
  CHECK(seen.empty());
  main.cancel();
  loop.settle();
  CHECK(main.has_value());
  CHECK(seen == Log{"0:0"});
  CHECK(stream.in_flight() == 1);  // and the other one was not touched
  gates[1].open();
  Running after(loop, consume(stream, seen));
  loop.settle();
  CHECK(seen == Log{"0:0", "1:1", "end"});
}

TEST_CASE("as_completed 58: a stream can be moved between calls")
{
  Loop loop;
  Log seen;
  auto stream = as_completed(tasks(at_once(0), at_once(1)));
  Running first(loop, consume(stream, seen, 1));
  loop.settle();
  Stream moved = std::move(stream);
  Running second(loop, consume(moved, seen));
  loop.settle();
  CHECK(seen == Log{"0:0", "1:1", "end"});
  Running stale(loop, consume(stream, seen));
  loop.settle();
  CHECK(stale.outcome().error_as<std::logic_error>() != nullptr);
}

TEST_CASE("as_completed 58b: moving another stream onto one cancels what that one runs")
{
  Loop loop;
  Log log, seen;
  Gate gate(loop);
  auto stream = as_completed(tasks(at_once(0), child(log, gate, 1)));
  Running first(loop, consume(stream, seen, 1));
  loop.settle();
  stream = as_completed(tasks(at_once(7)));
  Running second(loop, consume(stream, seen));
  loop.settle();
  CHECK(log == Log{"start 1", "cancel 1"});
  CHECK(seen == Log{"0:0", "0:7", "end"});
}

TEST_CASE("as_completed 58c: cancel() while a next() is pending delivers what the children come to")
{
  Loop loop;
  Log log, seen;
  Gates gates(loop, 2);
  auto stream = as_completed(tasks(stubborn(gates[0], 3), child(log, gates[1], 1)));
  Running main(loop, consume(stream, seen));
  loop.settle();
  stream.cancel();
  CHECK(stream.in_flight() == 2);
  loop.settle();
  CHECK(main.has_value());
  REQUIRE(seen.size() == 3);
  CHECK(seen[0] == "0:3");
  CHECK(seen[2] == "end");
}

namespace {

asio::awaitable<void> own_a_stream(Gate& gate, Gate& between, std::shared_ptr<int> alive, bool wait)
{
  auto stream = as_completed(tasks(at_once(0), holding(gate, alive), holding(gate, alive)));
  co_await stream.next();
  if (wait)
    co_await stream.next();
  else
    co_await between.wait();
}

}  // namespace

TEST_CASE("as_completed 58e: the loop destroyed while next() is pending, and between two calls")
{
  for (const bool wait : {true, false}) {
    const auto alive = std::make_shared<int>(0);
    {
      Loop loop;
      Gates gates(loop, 2);
      Running main(loop, own_a_stream(gates[0], gates[1], alive, wait));
      loop.settle();
      CHECK(alive.use_count() > 2);
    }
    CHECK(alive.use_count() == 1);
  }
}
