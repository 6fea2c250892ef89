// gather and gather_outcomes when somebody cancels, or when the loop goes away.
#include <asyncllm/concurrency/gather.hpp>

#include "children.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace harness;
using asyncllm::gather;
using asyncllm::gather_outcomes;

TEST_CASE("gather 9: a cancellation reaches every unfinished child")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  Running main(
      loop,
      gather(tasks(child(log, gates[0], 0), child(log, gates[1], 1), child(log, gates[2], 2))));
  loop.settle();
  gates[1].open();
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK(main.aborted());
  CHECK(log == Log{"start 0", "start 1", "start 2", "end 1", "cancel 0", "cancel 2"});
  CHECK(loop.empty());
}

TEST_CASE("gather 10: cancelled, it waits until every child has really ended")
{
  Loop loop;
  Log log;
  Gates gates(loop, 4);
  Running main(
      loop,
      gather(
          tasks(slow_to_end(log, gates[0], gates[2], 0), slow_to_end(log, gates[1], gates[3], 1))));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK_FALSE(main.done());
  gates[3].open();
  loop.settle();
  CHECK_FALSE(main.done());
  gates[2].open();
  loop.settle();
  CHECK(main.aborted());
  CHECK(log == Log{"cleaned 1", "cleaned 0"});
}

TEST_CASE("gather 10b: the children get the type of cancellation that the parent got")
{
  struct Types {
    static asio::awaitable<int> record(Gate& gate, asio::cancellation_type_t& seen)
    {
      co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
      try {
        co_await gate.wait();
      } catch (const std::system_error&) {
      }
      const auto state = co_await asio::this_coro::cancellation_state;
      seen = state.cancelled();
      co_return 1;
    }
    static asio::awaitable<int> parent(Gate& gate, asio::cancellation_type_t& seen)
    {
      co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
      auto gathering = gather(tasks(record(gate, seen)));
      const auto values = co_await std::move(gathering);
      co_return values.at(0);
    }
  };
  for (const auto type :
       {asio::cancellation_type::terminal,
        asio::cancellation_type::partial,
        asio::cancellation_type::total}) {
    Loop loop;
    Gate gate(loop);
    auto seen = asio::cancellation_type::none;
    Running main(loop, Types::parent(gate, seen));
    loop.settle();
    main.cancel(type);
    loop.settle();
    CHECK(main.has_value());
    CHECK(seen == type);
  }
}

TEST_CASE("gather 11: cancelled, gather_outcomes too throws operation_aborted")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  Running main(loop, gather_outcomes(tasks(at_once(0), child(log, gate, 1))));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK(main.aborted());
}

TEST_CASE("gather 12: a cancellation after the last value comes too late to lose the values")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  Running main(loop, gather(tasks(child(log, gates[0], 0), child(log, gates[1], 1))));
  loop.settle();
  gates[0].open();
  gates[1].open();
  loop.run_until([&] { return log.size() == 4; });
  CHECK_FALSE(main.done());  // the values are there, the parent is not yet resumed
  main.cancel();
  loop.settle();
  REQUIRE(main.has_value());
  CHECK(*main.outcome() == std::vector<int>{0, 1});
}

TEST_CASE("gather 12a: a cancellation after the last end comes too late to lose the outcomes")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  Running main(loop, gather_outcomes(tasks(failing_at_once("broken"), child(log, gate, 1))));
  loop.settle();
  gate.open();
  loop.run_until([&] { return log.size() == 2; });
  CHECK_FALSE(main.done());
  main.cancel();
  loop.settle();
  REQUIRE(main.has_value());
  CHECK(main.outcome()->at(0).error_message() == "broken");
}

TEST_CASE("gather 12b: an error before the cancellation stays the error")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  Running main(
      loop, gather(tasks(failing(gates[0], "first"), slow_to_end(log, gates[1], gates[2], 1))));
  loop.settle();
  gates[0].open();
  loop.settle();
  main.cancel();
  gates[2].open();
  loop.settle();
  CHECK(main.message() == "first");
}

TEST_CASE("gather 12c: an error after the cancellation does not hide the cancellation")
{
  struct Fails {
    static asio::awaitable<int> when_cancelled(Gate& gate)
    {
      try {
        co_await gate.wait();
      } catch (const std::system_error&) {
        throw std::runtime_error("instead");
      }
      co_return 0;
    }
  };
  Loop loop;
  Gate gate(loop);
  Running main(loop, gather(tasks(Fails::when_cancelled(gate))));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK(main.aborted());
}

TEST_CASE("gather 13: a child that swallows its cancellation is waited for, and its value counts")
{
  Loop loop;
  Gates gates(loop, 2);
  Running main(loop, gather(tasks(stubborn(gates[0], 0), stubborn(gates[1], 1))));
  loop.settle();
  main.cancel();
  loop.settle();
  REQUIRE(main.has_value());
  CHECK(*main.outcome() == std::vector<int>{0, 1});
}

TEST_CASE("gather 13b: a child that takes no notice of its cancellation is never abandoned")
{
  struct Deaf {
    static asio::awaitable<int> child(Gate& gate)
    {
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
      co_await gate.wait();
      co_return 1;
    }
  };
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  Running main(loop, gather(tasks(Deaf::child(gates[0]), child(log, gates[1], 1))));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK_FALSE(main.done());
  gates[0].open();
  loop.settle();
  CHECK(main.aborted());
}

TEST_CASE("gather 14: cancelling twice does no harm")
{
  Loop loop;
  Log log;
  Gates gates(loop, 3);
  Running main(
      loop, gather(tasks(slow_to_end(log, gates[0], gates[1], 0), child(log, gates[2], 1))));
  loop.settle();
  main.cancel();
  main.cancel();
  loop.settle();
  main.cancel();
  gates[1].open();
  loop.settle();
  main.cancel();
  CHECK(main.aborted());
}

TEST_CASE("gather 15: cancelled before it is started, it starts no child")
{
  struct Cancelled {
    static asio::awaitable<std::vector<int>> gather_late(Gate& gate, Log& log)
    {
      co_await asio::this_coro::throw_if_cancelled(false);
      try {
        co_await gate.wait();
      } catch (const std::system_error&) {
      }
      co_await asio::this_coro::throw_if_cancelled(true);
      co_return co_await gather(tasks(child(log, gate, 0)));
    }
  };
  Loop loop;
  Log log;
  Gate gate(loop);
  Running main(loop, Cancelled::gather_late(gate, log));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK(main.aborted());
  CHECK(log.empty());
}

TEST_CASE("gather 15b: cancelled while its children start, it starts no more of them")
{
  Loop loop;
  Log log;
  Gate gate(loop);
  std::optional<Running<std::vector<int>>> main;
  auto make = [&](int index) {
    if (index == 1)
      main->cancel();
    return child(log, gate, index);
  };
  main.emplace(loop, gather(std::views::iota(0, 5) | std::views::transform(make)));
  loop.settle();
  CHECK(main->aborted());
  CHECK(log == Log{"start 0", "start 1", "cancel 0", "cancel 1"});
}

TEST_CASE("gather 15c: cancelled while its first child is made, it waits for that one all the same")
{
  Loop loop;
  Log log;
  Gates gates(loop, 2);
  std::optional<Running<std::vector<int>>> main;
  auto make = [&](int index) {
    main->cancel();
    return slow_to_end(log, gates[0], gates[1], index);
  };
  main.emplace(loop, gather(std::views::iota(0, 5) | std::views::transform(make)));
  loop.settle();
  if (log.empty()) {  // not cancelled: it was started when nobody would cancel it again
    CHECK_FALSE(main->done());
    main->cancel();
    loop.settle();
  }
  CHECK_FALSE(main->done());
  gates[1].open();
  loop.settle();
  CHECK(main->aborted());
  CHECK(log == Log{"cleaned 0"});
}

TEST_CASE(
    "gather 15d: cancelled while children start, the values of those that did start are no result")
{
  Loop loop;
  std::optional<Running<std::vector<int>>> main;
  auto make = [&](int index) {
    if (index == 1)
      main->cancel();
    return at_once(index);
  };
  main.emplace(loop, gather(std::views::iota(0, 5) | std::views::transform(make)));
  loop.settle();
  CHECK(main->aborted());
}

namespace {

asio::awaitable<std::vector<int>> gather_again_after_a_cancellation(Gate& first, Gate& second)
{
  bool cancelled = false;
  try {
    Log log;
    auto gathering = gather(tasks(child(log, first, 0)));
    co_await std::move(gathering);
  } catch (const std::system_error&) {
    cancelled = true;
  }
  if (!cancelled)
    co_return std::vector<int>();
  co_await asio::this_coro::reset_cancellation_state();
  auto gathering = gather(tasks(stubborn(second, 7), at_once(8)));
  co_return co_await std::move(gathering);
}

}  // namespace

TEST_CASE("gather 27: after a caught cancellation and reset_cancellation_state it works again")
{
  Loop loop;
  Gates gates(loop, 2);
  Running main(loop, gather_again_after_a_cancellation(gates[0], gates[1]));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK_FALSE(main.done());
  gates[1].open();
  loop.settle();
  REQUIRE(main.has_value());
  CHECK(*main.outcome() == std::vector<int>{7, 8});
}

namespace {

asio::awaitable<void> hold_and_gather(Gate& gate, std::shared_ptr<int> alive)
{
  auto inner = gather_outcomes(tasks(holding(gate, alive), holding(gate, alive)));
  auto outer = gather(holding(gate, alive), std::move(inner));
  co_await std::move(outer);
}

}  // namespace

TEST_CASE("gather 29: the loop destroyed while all are suspended destroys everything once")
{
  const auto alive = std::make_shared<int>(1);
  {
    Loop loop;
    Gate gate(loop);
    Running main(loop, hold_and_gather(gate, alive));
    loop.settle();
    CHECK(alive.use_count() > 3);
  }
  CHECK(alive.use_count() == 1);
}

TEST_CASE("gather 29b: the loop destroyed in the middle of a cancellation")
{
  const auto alive = std::make_shared<int>(1);
  {
    Loop loop;
    Gate gate(loop);
    Running main(loop, hold_and_gather(gate, alive));
    loop.settle();
    main.cancel();  // nothing runs any more
  }
  CHECK(alive.use_count() == 1);
}

TEST_CASE("gather 30: a signal emitted after the loop is gone reaches nothing")
{
  asio::cancellation_signal signal;
  {
    Loop loop;
    Gate gate(loop);
    Log log;
    asio::co_spawn(
        loop.context,
        gather(tasks(child(log, gate, 0))),
        asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr, std::vector<int>) {}));
    loop.settle();
    CHECK(log == Log{"start 0"});
  }
  signal.emit(asio::cancellation_type::terminal);
}

TEST_CASE("gather 30b: the signal may be gone before the loop")
{
  Loop loop;
  Gate gate(loop);
  Log log;
  {
    asio::cancellation_signal signal;
    asio::co_spawn(
        loop.context,
        gather(tasks(child(log, gate, 0))),
        asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr, std::vector<int>) {}));
    loop.settle();
  }
  CHECK(log == Log{"start 0"});
}

TEST_CASE("gather 31: a signal emitted after it is done does nothing")
{
  Loop loop;
  Running main(loop, gather(tasks(at_once(1))));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK(main.has_value());
}

TEST_CASE("gather 32: a child that cancels its own gather, at once or later")
{
  struct Own {
    static asio::awaitable<int> cancel(
        Gate& gate, std::optional<Running<std::vector<int>>>& main, bool suspend)
    {
      if (suspend)
        co_await gate.wait();
      main->cancel();
      co_await turn();  // throws: this child is cancelled too
      co_return 1;
    }
  };
  for (const bool suspend : {false, true}) {
    Loop loop;
    Log log;
    Gates gates(loop, 3);
    std::optional<Running<std::vector<int>>> main;
    main.emplace(
        loop,
        gather(tasks(
            child(log, gates[0], 0),
            Own::cancel(gates[1], main, suspend),
            child(log, gates[2], 2))));
    loop.settle();
    gates[1].open();
    loop.settle();
    CHECK(main->aborted());
    CHECK(log.back().starts_with("cancel "));
    CHECK(loop.empty());
  }
}

TEST_CASE("gather 32b: children whose cancellation completes inline, inside the emission")
{
  // An operation that completes from inside its cancellation handler, as some do.
  struct Inline {
    static asio::awaitable<int> wait(int& ended)
    {
      auto initiate = [&ended](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auto slot = asio::get_associated_cancellation_slot(*shared);
        slot.assign([shared, &ended](asio::cancellation_type_t) {
          ++ended;
          auto moved = std::move(*shared);
          std::move(moved)(asio::error::make_error_code(asio::error::operation_aborted));
        });
      };
      auto waiting = asio::async_initiate<const asio::use_awaitable_t<>, void(asio::error_code)>(
          initiate, asio::use_awaitable_t<>());
      co_await std::move(waiting);
      co_return 1;
    }
  };
  Loop loop;
  int ended = 0;
  Running main(loop, gather(tasks(Inline::wait(ended), Inline::wait(ended), Inline::wait(ended))));
  loop.settle();
  main.cancel();
  loop.settle();
  CHECK(main.aborted());
  CHECK(ended == 3);
}
