// What a call does next, by what has happened to it: every step, without a socket.
#include <asyncllm/impl/client/call_machine.hpp>

#include "test.hpp"

#include <chrono>
#include <optional>
#include <string>

using namespace asyncllm;
using namespace std::chrono_literals;
using client::CallMachine;
using provider::Delivery;

namespace {

using Next = CallMachine::Next;

ResponseHead head_of(int status, const std::string& type = "text/event-stream")
{
  ResponseHead head;
  head.status = status;
  head.headers.emplace_back("Content-Type", type);
  return head;
}

Error refusal(int status, const std::string& words = "no")
{
  Error error(status == 503 ? ErrorKind::overloaded : ErrorKind::server_error, words);
  error.with_http_status(status).with_server_message(words);
  return error;
}

// A machine, and the conditions under which it decides.
struct Driven {
  explicit Driven(Delivery delivery = Delivery::whole) : machine(delivery) {}

  // Up to where an answer with this status is read as a whole.
  Next answered(int status)
  {
    machine.on_written();
    machine.on_head(head_of(status, "application/json"));
    return machine.on_body();
  }
  Next fails(Error error)
  {
    last = std::move(error);
    const CallMachine::Conditions conditions{policy, budget, random, time_left, queue_patience};
    return machine.on_failure(*last, conditions);
  }

  RetryPolicy policy;
  client::RetryBudget budget{policy};
  double random = 1;
  CallMachine::Duration time_left = 1h, queue_patience{};
  CallMachine machine;
  std::optional<Error> last;
};

}  // namespace

TEST_CASE("a whole call writes, sends, reads and decodes", "[client]")
{
  CallMachine machine(Delivery::whole);
  CHECK(machine.start() == Next::write);
  CHECK(machine.attempts() == 0);
  CHECK(machine.on_written() == Next::admit);
  CHECK(machine.on_admitted() == Next::send);
  CHECK(machine.attempts() == 1);
  CHECK(machine.status() == 0);
  CHECK(machine.on_head(head_of(200)) == Next::read_whole);
  CHECK(machine.status() == 200);
  CHECK(machine.on_body() == Next::decode);
  CHECK(machine.on_decoded() == Next::done);
  CHECK_FALSE(machine.stays_admitted());
}

TEST_CASE("an answer is read piece by piece if a stream was requested and arrived", "[client]")
{
  struct Case {
    Delivery delivery;
    int status;
    const char* type;
    Next next;
  };
  for (const auto& [delivery, status, type, next] :
       {Case{Delivery::streamed, 200, "text/event-stream", Next::open_stream},
        Case{Delivery::streamed, 200, "application/x-ndjson", Next::open_stream},
        Case{Delivery::streamed, 200, "", Next::open_stream},
        Case{Delivery::streamed_without_options, 206, "text/plain", Next::open_stream},
        Case{Delivery::streamed, 200, "application/json; charset=utf-8", Next::read_whole},
        Case{Delivery::streamed, 200, "Application/JSON", Next::read_whole},
        Case{Delivery::streamed, 200, "text/html", Next::read_whole},
        Case{Delivery::streamed, 404, "text/event-stream", Next::read_whole},
        Case{Delivery::streamed, 302, "text/event-stream", Next::read_whole},
        Case{Delivery::whole, 200, "text/event-stream", Next::read_whole}}) {
    INFO(status << ' ' << type);
    CallMachine machine(delivery);
    machine.on_written();
    CHECK(machine.on_head(head_of(status, type)) == next);
  }
}

TEST_CASE("a redirect is followed, and is not another attempt", "[client]")
{
  for (const int status : {301, 302, 303, 307, 308}) {
    Driven call;
    CHECK(call.answered(status) == Next::follow);
    CHECK(call.machine.on_followed() == Next::send);
    CHECK(call.machine.attempts() == 1);
    CHECK(call.machine.status() == 0);
  }
  for (const int status : {200, 204, 300, 304, 400, 404, 500})
    CHECK(Driven().answered(status) == Next::decode);
}

TEST_CASE("a failure that may pass is waited for and tried again, as often as allowed", "[client]")
{
  Driven call;
  call.policy.max_retries(2).backoff(100ms, 1s);
  for (const auto pause : {100ms, 200ms}) {
    call.answered(500);
    CHECK(call.fails(refusal(500)) == Next::wait);
    CHECK(call.machine.pause() == pause);
    CHECK_FALSE(call.machine.stays_admitted());
  }
  CHECK(call.machine.on_waited() == Next::admit);
  CHECK(call.machine.attempts() == 3);
  CHECK(call.machine.status() == 0);
  call.machine.on_head(head_of(500));
  CHECK(call.fails(refusal(500)) == Next::fail);
  CHECK(call.machine.attempts() == 3);
}

TEST_CASE("what ends a call at once", "[client]")
{
  const auto next = [](int status, const Error& error, auto prepare) {
    Driven call;
    prepare(call);
    if (status == 0)
      call.machine.on_written();
    else
      call.answered(status);
    return call.fails(error);
  };
  const auto as_it_is = [](Driven&) {};
  const Error lost(ErrorKind::connection_lost, "lost");
  CHECK(next(0, lost, as_it_is) == Next::wait);
  CHECK(next(0, Error(ErrorKind::cancelled, "x"), as_it_is) == Next::fail);
  CHECK(next(0, Error(ErrorKind::tls_failed, "x"), as_it_is) == Next::fail);
  CHECK(next(400, refusal(400).with_retryable(false), as_it_is) == Next::fail);
  CHECK(
      next(200, Error(ErrorKind::incomplete, "x"), as_it_is) == Next::fail);  // it began to succeed
  CHECK(next(0, lost, [](Driven& call) { call.policy.max_retries(0); }) == Next::fail);
  CHECK(next(0, lost, [](Driven& call) { call.policy.retry_unanswered(false); }) == Next::fail);
  CHECK(next(0, lost, [](Driven& call) { call.time_left = 10ms; }) == Next::fail);
  CHECK(
      next(503, refusal(503).with_retry_after(2min), as_it_is) ==
      Next::fail);  // longer than allowed
}

TEST_CASE("a request that cannot be written is not a failed attempt", "[client]")
{
  Driven call;
  CHECK(call.fails(Error(ErrorKind::invalid_argument, "x")) == Next::fail);
  CHECK(call.machine.attempts() == 0);
  CHECK(call.last->http_status() == 0);
}

TEST_CASE("an error gets the status of the answer that it came with", "[client]")
{
  Driven call;
  call.answered(200);
  call.fails(Error(ErrorKind::incomplete, "x"));
  CHECK(call.last->http_status() == 200);
  call.answered(502);
  call.fails(refusal(504));
  CHECK(call.last->http_status() == 504);
}

TEST_CASE(
    "the budget pays for tries against a server that fails, and says when it is spent", "[client]")
{
  Driven call;
  call.policy.max_retries(9).budget(0, 1);
  call.budget.add_call(call.policy);
  REQUIRE(call.budget.take());
  while (call.budget.take()) {
  }
  call.answered(500);
  CHECK(call.fails(refusal(500)) == Next::fail);
  CHECK(std::string(call.last->what()).find("RetryPolicy::budget") != std::string::npos);
  call.answered(503);
  CHECK(call.fails(refusal(503)) == Next::wait);  // alive: it needs no budget
  call.answered(500);
  CHECK(call.fails(refusal(500).with_retry_after(1s)) == Next::wait);
  CHECK(call.machine.pause() == 1s);
}

TEST_CASE(
    "a server that does not know stream_options is asked at once without, and once", "[client]")
{
  const auto unknown = refusal(400, "unknown field stream_options");
  Driven call(Delivery::streamed);
  call.answered(400);
  CHECK(call.fails(unknown) == Next::write);
  CHECK(call.machine.delivery() == Delivery::streamed_without_options);
  CHECK(call.machine.on_written() == Next::admit);
  CHECK(call.machine.attempts() == 2);
  call.machine.on_head(head_of(400));
  CHECK(call.fails(Error(unknown).with_retryable(false)) == Next::fail);

  Driven whole;
  whole.answered(400);
  CHECK(whole.fails(Error(unknown).with_retryable(false)) == Next::fail);
  CHECK(whole.machine.delivery() == Delivery::whole);
}

TEST_CASE("reasoning that a server can no longer read is left out at once, and once", "[client]")
{
  const auto stale = refusal(400, "cannot be verified")
                         .with_server_code("invalid_encrypted_content")
                         .with_retryable(false);
  for (const auto& [delivery, without] :
       {std::pair(Delivery::whole, Delivery::whole_without_reasoning),
        std::pair(Delivery::streamed, Delivery::streamed_without_reasoning)}) {
    Driven call(delivery);
    call.answered(400);
    CHECK(call.fails(stale) == Next::write);
    CHECK(call.machine.delivery() == without);
    CHECK(call.machine.on_written() == Next::admit);
    call.machine.on_head(head_of(400));
    CHECK(call.fails(stale) == Next::fail);
  }
  Driven other;
  other.answered(400);
  CHECK(other.fails(refusal(400, "x").with_retryable(false)) == Next::fail);
}

TEST_CASE(
    "a full queue is waited for with the place kept, and however often it refuses", "[client]")
{
  const auto full =
      refusal(503, "server busy, please try again.  maximum pending requests exceeded");
  Driven call;
  call.queue_patience = 1min;
  call.policy.max_retries(1);
  for (int i = 0; i < 20; ++i) {
    call.answered(503);
    CHECK(call.fails(full) == Next::wait);
    CHECK(call.machine.stays_admitted());
  }
  CHECK(call.machine.attempts() == 20);
  call.answered(500);
  CHECK(call.fails(refusal(500)) == Next::fail);
  CHECK_FALSE(call.machine.stays_admitted());

  Driven other;  // no server that has a queue, or one that was waited for long enough
  other.policy.max_retries(1);
  other.answered(503);
  CHECK(other.fails(full) == Next::wait);
  CHECK_FALSE(other.machine.stays_admitted());
  other.answered(503);
  CHECK(other.fails(full) == Next::fail);

  Driven none;
  none.queue_patience = 1min;
  none.policy.max_retries(0);
  none.answered(503);
  CHECK(none.fails(full) == Next::fail);
}

namespace {

// A machine whose answer has begun to stream.
CallMachine streaming()
{
  CallMachine machine(Delivery::streamed);
  machine.start();
  machine.on_written();
  machine.on_head(head_of(200));
  machine.on_opened();
  return machine;
}

}  // namespace

TEST_CASE("a stream is read piece by piece, on request", "[client]")
{
  CallMachine machine(Delivery::streamed);
  CHECK(machine.on_asked(false) == Next::write);
  CHECK(machine.start() == Next::write);
  machine.on_written();
  CHECK(machine.on_head(head_of(200)) == Next::open_stream);
  CHECK(machine.on_opened() == Next::done);
  CHECK(machine.on_asked(false) == Next::read_piece);
  CHECK(machine.on_piece(false, false) == Next::read_piece);  // nothing in it for the caller
  CHECK(machine.on_piece(true, false) == Next::deliver);
  CHECK(machine.on_asked(true) == Next::deliver);
  CHECK(machine.on_asked(false) == Next::read_piece);
  CHECK(machine.on_piece(true, true) == Next::deliver);
  CHECK(machine.on_asked(false) == Next::complete);
  CHECK_FALSE(machine.is_over());
  CHECK(machine.on_completed() == Next::done);
  CHECK(machine.is_over());
  CHECK(machine.on_asked(false) == Next::done);
  CHECK_FALSE(machine.stop());
}

TEST_CASE("a stream whose answer came as a whole is delivered all the same", "[client]")
{
  CallMachine machine(Delivery::streamed);
  machine.start();
  machine.on_written();
  CHECK(machine.on_head(head_of(200, "application/json")) == Next::read_whole);
  CHECK(machine.on_body() == Next::decode);
  CHECK(machine.on_decoded() == Next::done);
  CHECK(machine.on_asked(true) == Next::deliver);
  CHECK(machine.on_asked(false) == Next::complete);
}

TEST_CASE("what breaks a stream comes after the pieces that were read", "[client]")
{
  auto broken = streaming();
  CHECK(broken.on_broken(ErrorKind::connection_lost, true, false) == Next::deliver);
  CHECK(broken.is_over());
  CHECK(broken.on_asked(true) == Next::deliver);
  CHECK(broken.on_asked(false) == Next::fail);
  CHECK(broken.on_asked(false) == Next::fail);

  auto at_once = streaming();
  CHECK(at_once.on_broken(ErrorKind::connection_lost, false, false) == Next::fail);

  CallMachine unopened(Delivery::streamed);
  unopened.start();
  CHECK(unopened.on_broken(ErrorKind::connect_failed, false, true) == Next::fail);
}

TEST_CASE(
    "a failure after a complete reply does not matter, unless the caller caused it", "[client]")
{
  auto whole = streaming();
  CHECK(whole.on_broken(ErrorKind::connection_lost, false, true) == Next::complete);
  auto with_pieces = streaming();
  CHECK(with_pieces.on_broken(ErrorKind::incomplete, true, true) == Next::deliver);
  CHECK(with_pieces.on_asked(false) == Next::complete);
  // And the reply itself may turn out to be none.
  CHECK(with_pieces.on_broken(ErrorKind::incomplete, false, true) == Next::fail);

  auto cancelled = streaming();
  CHECK(cancelled.on_broken(ErrorKind::cancelled, false, true) == Next::fail);
}

TEST_CASE("a stream that was stopped fails, whenever that was", "[client]")
{
  CallMachine unsent(Delivery::streamed);
  CHECK(unsent.stop());
  CHECK(unsent.on_asked(false) == Next::fail);

  CallMachine running(Delivery::streamed);
  running.start();
  running.on_written();
  CHECK(running.stop());
  running.on_head(head_of(200));
  running.on_opened();  // too late
  CHECK(running.on_asked(false) == Next::fail);

  auto open = streaming();
  CHECK(open.stop());
  CHECK(open.is_stopped());
  CHECK(open.on_asked(true) == Next::deliver);
  CHECK(open.on_broken(ErrorKind::cancelled, false, true) == Next::fail);
  CHECK(open.is_stopped());
  CHECK_FALSE(open.is_over());
}
