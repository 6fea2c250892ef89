// Who may close, destroy, move or outlive a stream, and when. Meant to be run with ASan too.
#include <asyncllm/agent/agent.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>
#include <asyncllm/testing/server_thread.hpp>

#include "on_loop.hpp"
#include "test.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;
using testing::Answer;
using testing::Fault;
using testing::Phase;
using testing::ScriptedServer;
using testing::ServerThread;

namespace {

LlmAgent agent_of(const std::string& spec)
{
  return LlmAgent::builder("test", spec).build();
}

Answer one_and_silence()
{
  return Answer::text("one two three").fault(Fault::stall(Phase::between_pieces));
}

struct End {
  bool has_come = false;
  std::optional<Delta> delta;
  std::exception_ptr error;
};

// A next() in a coroutine of its own.
std::shared_ptr<End> spawn_next(asio::io_context& loop, ReplyStream& stream)
{
  auto end = std::make_shared<End>();
  asio::co_spawn(loop, stream.next(), [end](std::exception_ptr error, std::optional<Delta> delta) {
    *end = End{true, std::move(delta), error};
  });
  return end;
}

asio::awaitable<void> turn(asio::io_context& loop)
{
  return asio::post(loop, asio::use_awaitable);
}

bool is_cancelled_error(const std::exception_ptr& error)
{
  try {
    if (error)
      std::rethrow_exception(error);
  } catch (const Error& thrown) {
    return thrown.kind() == ErrorKind::cancelled;
  } catch (...) {
  }
  return false;
}

// Awaits `next` on a loop of its own, which is gone afterwards.
template <class T>
std::exception_ptr run_alone(asio::awaitable<T> next)
{
  std::exception_ptr failure;
  asio::io_context loop;
  asio::co_spawn(
      loop, std::move(next), [&](std::exception_ptr error, const T&) { failure = error; });
  loop.run();
  return failure;
}

}  // namespace

TEST_CASE("close ends a next in another coroutine and waits for it", "[client]")
{
  for (int pieces = 0; pieces < 2; ++pieces) {
    std::shared_ptr<End> end;
    bool ended_before_close = false, is_aborted = false;
    std::string later;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      ScriptedServer server(loop.get_executor());
      server.always(pieces == 0 ? Answer::text("x").after(1h) : one_and_silence());
      auto stream = agent_of(server.spec("openai", "m")).stream_message("hi");
      for (int i = 0; i < pieces; ++i)
        co_await stream.next();
      end = spawn_next(loop, stream);
      co_await server.until([](const auto& stats) { return stats.in_flight == 1; });
      co_await stream.close();
      ended_before_close = end->has_come;
      try {
        co_await stream.next();
      } catch (const Error& error) {
        later = error.what();
      }
      is_aborted = co_await server.until([](const auto& stats) { return stats.aborted == 1; });
      server.stop();
    });
    CHECK(ended_before_close);
    CHECK(is_cancelled_error(end->error));
    CHECK(later.find("the stream was closed") != later.npos);
    CHECK(is_aborted);
  }
}

TEST_CASE("close ends a next that waits before its next attempt, or for a permit", "[client]")
{
  std::vector<std::shared_ptr<End>> ends;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.push(Answer::error(500, "not now"));
    server.always(one_and_silence());
    const auto agent =
        LlmAgent::builder("a", server.spec("openai", "m")).with_max_in_flight(1).build();
    bool is_waiting = false;
    auto retried = agent.stream_message(
        "x", RequestOptions().retries(RetryPolicy().backoff(1h, 1h)).on_retry([&](const Retry&) {
          is_waiting = true;
        }));
    ends.push_back(spawn_next(loop, retried));
    while (!is_waiting)
      co_await turn(loop);
    auto holder = agent.stream_message("x");
    co_await holder.next();
    auto queued = agent.stream_message("x");
    ends.push_back(spawn_next(loop, queued));
    for (int i = 0; i < 10; ++i)
      co_await turn(loop);
    co_await retried.close();
    co_await queued.close();
    server.stop();
  });
  for (const auto& end : ends)
    CHECK(is_cancelled_error(end->error));
}

TEST_CASE("several may close a stream; a cancelled close leaves it closed", "[client]")
{
  std::shared_ptr<End> end;
  std::exception_ptr of_close;
  int closed = 0;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(one_and_silence());
    auto stream = agent_of(server.spec("openai", "m")).stream_message("hi");
    co_await stream.next();
    end = spawn_next(loop, stream);
    co_await turn(loop);
    asio::cancellation_signal signal;
    asio::co_spawn(
        loop,
        stream.close(),
        asio::bind_cancellation_slot(
            signal.slot(), [&](std::exception_ptr error) { of_close = error; }));
    for (int i = 0; i < 2; ++i)
      asio::co_spawn(loop, stream.close(), [&](std::exception_ptr error) { closed += !error; });
    signal.emit(asio::cancellation_type::terminal);
    co_await stream.close();
    co_await turn(loop);
    co_await turn(loop);
    server.stop();
  });
  CHECK(is_cancelled_error(end->error));
  CHECK(closed == 2);
  CHECK((!of_close || is_cancelled(of_close)));
}

TEST_CASE("a stream may be a temporary", "[client]")
{
  std::string collected, kept, piece, kept_piece;
  bool is_aborted = false;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(Answer::text("one two"));
    const auto spec = server.spec("openai", "m");
    const auto reply = co_await agent_of(spec).stream_message("hi").collect();
    collected = reply.text;
    auto collecting = agent_of(spec).stream_message("hi").collect();
    const auto same = co_await std::move(collecting);
    kept = same.text;
    server.always(one_and_silence());
    const auto delta = co_await agent_of(spec).stream_message("hi").next();
    piece = delta->text;
    auto next = agent_of(spec).stream_message("hi").next();
    const auto other = co_await std::move(next);
    kept_piece = other->text;
    is_aborted = co_await server.until([](const auto& stats) { return stats.aborted == 2; });
    server.stop();
  });
  CHECK(collected == "one two");
  CHECK(kept == "one two");
  CHECK(piece == "one");
  CHECK(kept_piece == "one");
  CHECK(is_aborted);
}

TEST_CASE("a stream destroyed during its next ends it, during its collect does not", "[client]")
{
  std::shared_ptr<End> begun, late;
  std::string collected;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(one_and_silence());
    const auto agent = agent_of(server.spec("openai", "m"));
    {
      auto stream = agent.stream_message("hi");
      co_await stream.next();
      begun = spawn_next(loop, stream);
      co_await turn(loop);
    }
    auto reassigned = agent.stream_message("hi");
    late = spawn_next(loop, reassigned);  // starts when there is another stream in its place
    reassigned = agent.stream_message("hi");
    co_await server.until([](const auto& stats) { return stats.aborted == 1; });

    server.always(Answer::text("one two").after(10ms));
    std::optional<ReplyStream> stream(agent.stream_message("hi"));
    asio::co_spawn(loop, stream->collect(), [&](std::exception_ptr, const Reply& reply) {
      collected = reply.text;
    });
    co_await server.until([](const auto& stats) { return stats.in_flight == 1; });
    stream.reset();
    while (collected.empty())
      co_await turn(loop);
    server.stop();
  });
  CHECK(is_cancelled_error(begun->error));
  CHECK(is_cancelled_error(late->error));
  CHECK(collected == "one two");
}

TEST_CASE("a stream outlives its loop: the next call says so", "[client]")
{
  ServerThread server;
  server.always(one_and_silence());
  auto stream = agent_of(server.spec("openai", "m")).stream_message("hi");
  CHECK_FALSE(run_alone(stream.next()));
  CHECK(server.until([](const auto& stats) { return stats.aborted == 1; }));
  CHECK(stream.reply().text == "one");
  const auto failure = run_alone(stream.next());
  CHECK(is_cancelled_error(failure));
  CHECK_FALSE(stream.try_next());
}

TEST_CASE("a loop destroyed during a next or a close ends both", "[client]")
{
  for (const bool is_late : {false, true}) {
    ServerThread server;
    server.always(is_late ? one_and_silence() : Answer::text("x").after(1h));
    auto stream = agent_of(server.spec("openai", "m")).stream_message("hi");
    {
      asio::io_context loop;
      bool has_ended = false;
      if (is_late) {
        asio::co_spawn(loop, stream.next(), asio::detached);
        loop.run();
        loop.restart();
      }
      asio::co_spawn(
          loop, stream.next(), [&](std::exception_ptr, const auto&) { has_ended = true; });
      const auto is_there = [](const auto& stats) { return stats.in_flight == 1; };
      while (!server.until(is_there, 1ms))
        loop.run_for(1ms);
      loop.poll();
      CHECK_FALSE(has_ended);
      asio::co_spawn(loop, stream.close(), asio::detached);
    }
    CHECK(is_cancelled_error(run_alone(stream.next())));
  }
}

TEST_CASE("a complete reply stays complete when its loop is gone", "[client]")
{
  ServerThread server;
  server.always(Answer::text("one two"));
  auto stream = agent_of(server.spec("ollama", "m")).stream_message("hi");
  for (int i = 0; i < 5; ++i)
    CHECK_FALSE(run_alone(stream.next()));
  CHECK(stream.reply().text == "one two");
}

TEST_CASE(
    "a stream that was moved from throws logic_error, its next goes with the other", "[client]")
{
  ServerThread server;
  server.always(Answer::text("one two"));
  auto from = agent_of(server.spec("openai", "m")).stream_message("hi");
  auto next = from.next();
  auto stream = std::move(from);
  CHECK_THROWS_AS(from.next(), std::logic_error);
  CHECK_THROWS_AS(std::move(from).next(), std::logic_error);
  CHECK_THROWS_AS(from.try_next(), std::logic_error);
  CHECK_THROWS_AS(from.reply(), std::logic_error);
  CHECK_THROWS_AS(from.collect(), std::logic_error);
  CHECK_THROWS_AS(from.close(), std::logic_error);
  asio::io_context loop;
  std::string texts;
  asio::co_spawn(loop, std::move(next), [&](std::exception_ptr, const std::optional<Delta>& delta) {
    texts += delta.value().text;
  });
  loop.run();
  loop.restart();
  asio::co_spawn(loop, stream.collect(), [&](std::exception_ptr, const Reply& reply) {
    texts += "/" + reply.text;
  });
  loop.run();
  CHECK(texts == "one/one two");
  from = std::move(stream);
  CHECK(from.reply().text == "one two");
}

TEST_CASE("a second next while one is pending is a logic_error, the first continues", "[client]")
{
  bool is_refused = false;
  std::shared_ptr<End> first;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(Answer::text("one").after(20ms));
    auto stream = agent_of(server.spec("openai", "m")).stream_message("hi");
    first = spawn_next(loop, stream);
    co_await server.until([](const auto& stats) { return stats.in_flight == 1; });
    try {
      co_await stream.collect();
    } catch (const std::logic_error&) {
      is_refused = true;
    }
    while (!first->has_come)
      co_await turn(loop);
    server.stop();
  });
  CHECK(is_refused);
  CHECK_FALSE(first->error);
  CHECK(first->delta);
}
