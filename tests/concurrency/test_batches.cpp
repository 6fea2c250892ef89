// batches: one after the other, each with all its outcomes.
#include <asyncllm/concurrency/batches.hpp>

#include "calls.hpp"

#include <cstddef>
#include <ranges>
#include <stdexcept>
#include <string>

using namespace harness;
using asyncllm::batches;

namespace {

template <class Stream>
asio::awaitable<void> next_batch(Stream& stream, Log& log)
{
  const auto outcomes = co_await stream.next();
  if (!outcomes) {
    log.push_back("end");
    co_return;
  }
  std::string line;
  for (const auto& outcome : *outcomes)
    line += outcome ? std::to_string(*outcome) + " " : outcome.error_message() + " ";
  log.push_back(line);
}

}  // namespace

TEST_CASE("batches: each batch ends before the next begins, the last may be smaller")
{
  Loop loop;
  Calls calls(loop, 5);
  Log seen;
  auto stream = batches(std::views::iota(0, 5), 2, calls.function());
  CHECK(calls.log.empty());
  Running first(loop, next_batch(stream, seen));
  loop.settle();
  CHECK(calls.log == Log{"start 0", "start 1"});
  calls.open(1);
  loop.settle();
  CHECK_FALSE(first.done());
  CHECK(calls.running == 1);
  calls.open(0);
  loop.settle();
  CHECK(seen == Log{"0 10 "});
  CHECK(calls.running == 0);  // nothing is started before it is asked for
  for (const std::size_t index : {2u, 3u, 4u})
    calls.open(index);
  Running second(loop, next_batch(stream, seen));
  loop.settle();
  Running third(loop, next_batch(stream, seen));
  loop.settle();
  Running fourth(loop, next_batch(stream, seen));
  loop.settle();
  CHECK(seen == Log{"0 10 ", "20 30 ", "40 ", "end"});
}

TEST_CASE("batches: failures are outcomes of their batch and do not end the stream")
{
  Loop loop;
  Log seen;
  auto call = [](int index) { return fail_at(index, 1); };
  auto stream = batches(std::vector<int>{0, 1, 2}, 2, call);
  for (int i = 0; i < 3; ++i) {
    Running next(loop, next_batch(stream, seen));
    loop.settle();
  }
  CHECK(seen == Log{"0 item 1 ", "2 ", "end"});
}

TEST_CASE("batches: two next() at once are refused, and the first is not disturbed")
{
  Loop loop;
  Calls calls(loop, 2);
  Log seen;
  auto stream = batches(std::views::iota(0, 2), 2, calls.function());
  Running first(loop, next_batch(stream, seen));
  loop.settle();
  Running second(loop, next_batch(stream, seen));
  loop.settle();
  REQUIRE(second.done());
  CHECK(second.outcome().error_as<std::logic_error>() != nullptr);
  calls.open(0);
  calls.open(1);
  loop.settle();
  CHECK(seen == Log{"0 10 "});
}

TEST_CASE("batches: what the input throws comes out, and then the stream is at its end")
{
  Loop loop;
  Log seen;
  auto read = [](int index) {
    if (index == 1)
      throw std::runtime_error("no second");
    return index;
  };
  auto stream = batches(std::views::iota(0, 4) | std::views::transform(read), 2, at_once);
  Running first(loop, next_batch(stream, seen));
  loop.settle();
  CHECK(first.message() == "no second");
  Running second(loop, next_batch(stream, seen));
  loop.settle();
  CHECK(seen == Log{"end"});
}

TEST_CASE("batches: cancelled, the batch is cancelled and joined")
{
  Loop loop;
  Log log, seen;
  Gates gates(loop, 2);
  auto call = [&](int) { return slow_to_end(log, gates[0], gates[1], 0); };
  auto stream = batches(std::views::iota(0, 4), 1, call);
  Running next(loop, next_batch(stream, seen));
  loop.settle();
  next.cancel();
  loop.settle();
  CHECK_FALSE(next.done());
  gates[1].open();
  loop.settle();
  CHECK(next.aborted());
  CHECK(log == Log{"cleaned 0"});
}
