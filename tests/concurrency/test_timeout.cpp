// with_timeout. No test depends on how long something takes: what must end in time ends by an
// event, what must time out waits for something that never comes.
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/timeout.hpp>
#include <asyncllm/core/error.hpp>

#include "harness.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

using namespace harness;
using asyncllm::Error;
using asyncllm::ErrorKind;
using asyncllm::with_timeout;
using namespace std::chrono_literals;

namespace {

template <class T>
bool timed_out(Running<T>& running)
{
  if (!running.done())
    return false;
  const auto* error = running.outcome().template error_as<Error>();
  return error && error->kind() == ErrorKind::timeout && error->code() == std::errc::timed_out;
}

template <class T>
void finish(Loop& loop, Running<T>& running)
{
  loop.run_until([&] { return running.done(); });
}

asio::awaitable<int> fails_when_cancelled(Gate& gate)
{
  try {
    co_await gate.wait();
  } catch (const std::system_error&) {
    throw std::runtime_error("instead");
  }
  co_return 0;
}

asio::awaitable<int> throws_our_cancelled(Gate& gate)
{
  try {
    co_await gate.wait();
  } catch (const std::system_error&) {
    throw Error(ErrorKind::cancelled, "the request was cancelled");
  }
  co_return 0;
}

}  // namespace

TEST_CASE("with_timeout 88: in time it returns the value and leaves no timer")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  Running main(loop, with_timeout(child(log, gate, 5), 1h));
  Running at_once_in_time(loop, with_timeout(at_once(6), 1h));
  loop.settle();
  CHECK(*at_once_in_time.outcome() == 6);
  CHECK_FALSE(main.done());
  gate.open();
  loop.settle();
  CHECK(*main.outcome() == 5);
  CHECK(loop.empty());
}

TEST_CASE("with_timeout 89: expired, it cancels the task, waits for its end and throws timeout")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  Running main(loop, with_timeout(slow_to_end(log, gates[0], gates[1], 0), 1ms));
  Running short_one(loop, with_timeout(child(log, gates[0], 1), 1ms));
  finish(loop, short_one);
  CHECK(timed_out(short_one));
  loop.settle();
  CHECK_FALSE(main.done());
  gates[1].open();
  finish(loop, main);
  CHECK(timed_out(main));
  CHECK(main.message().find("1 ms") != std::string::npos);
  CHECK(log == Log{"start 1", "cancel 1", "cleaned 0"});
}

TEST_CASE("with_timeout 89b: a task that answers with our own cancelled has timed out too")
{
  Loop loop;
  Gate gate(loop);
  Running main(loop, with_timeout(throws_our_cancelled(gate), 1ms));
  finish(loop, main);
  CHECK(timed_out(main));
}

TEST_CASE("with_timeout 90: a task that ignores the cancellation returns its value")
{
  Loop loop;
  Gate gate(loop);
  Running main(loop, with_timeout(stubborn(gate, 9), 1ms));
  finish(loop, main);
  CHECK(*main.outcome() == 9);
}

TEST_CASE("with_timeout 91: a task that throws something else when cancelled throws just that")
{
  Loop loop;
  Gate gate(loop);
  Running main(loop, with_timeout(fails_when_cancelled(gate), 1ms));
  finish(loop, main);
  CHECK(main.message() == "instead");
}

TEST_CASE("with_timeout 92: with no time at all the task is not started")
{
  for (const auto limit : {0ms, -1ms}) {
    Loop loop;
    Log log;
    Gate gate(loop);
    Running main(loop, with_timeout(child(log, gate, 0), limit));
    loop.settle();
    CHECK(timed_out(main));
    CHECK(log.empty());
    CHECK(loop.empty());
  }
}

TEST_CASE("with_timeout 93: the longest durations are no limit")
{
  using std::chrono::steady_clock;
  for (const auto limit : {steady_clock::duration::max(), steady_clock::duration::max() - 1h}) {
    Loop loop;
    Log log;
    Gate gate(loop);
    Running main(loop, with_timeout(child(log, gate, 3), limit));
    loop.settle();
    CHECK_FALSE(main.done());
    gate.open();
    loop.settle();
    CHECK(*main.outcome() == 3);
    CHECK(loop.empty());
  }
}

TEST_CASE("with_timeout 94: cancelled from outside it is operation_aborted, not a timeout")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  Running main(loop, with_timeout(child(log, gate, 0), 1h));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK(main.aborted());
  CHECK(log == Log{"start 0", "cancel 0"});
  CHECK(loop.empty());
}

TEST_CASE("with_timeout 94b: cancelled from outside after it has expired, it is not a timeout")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  bool expired = false;
  struct Tell {
    static asio::awaitable<int> when_cancelled(Gate& gate, Gate& after, bool& expired)
    {
      std::exception_ptr cancelled;
      try {
        co_await gate.wait();
      } catch (...) {
        cancelled = std::current_exception();
      }
      expired = true;
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
      co_await after.wait();
      std::rethrow_exception(cancelled);
    }
  };
  Running main(loop, with_timeout(Tell::when_cancelled(gates[0], gates[1], expired), 1ms));
  loop.run_until([&] { return expired; });
  main.cancel();
  gates[1].open();
  loop.settle();
  CHECK(main.aborted());
}

TEST_CASE("with_timeout 95: nested, only the limit that expired becomes a timeout")
{
  {
    Loop loop;
    Log log;
    Gate gate(loop);
    Running outer_expires(loop, with_timeout(with_timeout(child(log, gate, 0), 1h), 1ms));
    finish(loop, outer_expires);
    CHECK(timed_out(outer_expires));
    CHECK(outer_expires.message().find("1 ms") != std::string::npos);
  }
  {
    Loop loop;
    Log log;
    Gate gate(loop);
    Running inner_expires(loop, with_timeout(with_timeout(child(log, gate, 0), 1ms), 1h));
    finish(loop, inner_expires);
    CHECK(timed_out(inner_expires));
    CHECK(inner_expires.message().find("1 ms") != std::string::npos);
    CHECK(loop.empty());
  }
}

TEST_CASE("with_timeout 95b: around a gather, its children are cancelled and joined")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  Running main(
      loop,
      with_timeout(asyncllm::gather(tasks(child(log, gates[0], 0), child(log, gates[1], 1))), 1ms));
  finish(loop, main);
  CHECK(timed_out(main));
  CHECK(log == Log{"start 0", "start 1", "cancel 0", "cancel 1"});
}

namespace {

asio::awaitable<int> go_on_after_a_timeout(Gate& never, Gate& later)
{
  Log log;
  bool late = false;
  try {
    auto limited = with_timeout(child(log, never, 0), std::chrono::milliseconds(1));
    co_await std::move(limited);
  } catch (const Error& error) {
    late = error.kind() == ErrorKind::timeout;
  }
  co_await later.wait();
  co_return late ? 1 : 0;
}

}  // namespace

TEST_CASE("with_timeout 96: after a timeout the caller is not cancelled and can go on")
{
  Loop loop;
  Gates gates(loop, 2);
  gates[1].open();
  Running main(loop, go_on_after_a_timeout(gates[0], gates[1]));
  finish(loop, main);
  CHECK(*main.outcome() == 1);
}

TEST_CASE("with_timeout 97: another exception passes unchanged")
{
  Loop loop;
  Gate gate(loop);
  Running main(loop, with_timeout(failing(gate, "broken"), 1h));
  gate.open();
  loop.settle();
  CHECK(main.message() == "broken");
  CHECK(loop.empty());
}

TEST_CASE("with_timeout 97b: void, move-only and not default constructible results")
{
  struct NoDefault {
    explicit NoDefault(int v) : value(v) {}
    int value;
  };
  struct Make {
    static asio::awaitable<void> nothing() { co_return; }
    static asio::awaitable<std::unique_ptr<int>> owned() { co_return std::make_unique<int>(1); }
    static asio::awaitable<NoDefault> no_default() { co_return NoDefault(2); }
  };
  Loop loop;
  Running nothing(loop, with_timeout(Make::nothing(), 1h));
  Running owned(loop, with_timeout(Make::owned(), 1h));
  Running special(loop, with_timeout(Make::no_default(), 1h));
  loop.settle();
  CHECK(nothing.has_value());
  CHECK(**owned.outcome() == 1);
  CHECK(special.outcome()->value == 2);
}

TEST_CASE("with_timeout 97c: the loop destroyed while it waits, and while the task cleans up")
{
  const auto alive = std::make_shared<int>(0);
  struct Holding {
    static asio::awaitable<int> until(Gate& gate, std::shared_ptr<int> alive)
    {
      co_await gate.wait();
      co_return *alive;
    }
  };
  {
    Loop loop;
    Gate gate(loop);
    Running main(loop, with_timeout(Holding::until(gate, alive), 1h));
    loop.settle();
    CHECK(alive.use_count() > 1);
  }
  CHECK(alive.use_count() == 1);
  {
    Loop loop;
    Gate gate(loop);
    Running main(loop, with_timeout(Holding::until(gate, alive), 1h));
    loop.settle();
    main.cancel();
  }
  CHECK(alive.use_count() == 1);
}
