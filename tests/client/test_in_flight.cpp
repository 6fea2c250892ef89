// The limit of calls in flight: who waits, how long, and that no place is ever lost.
#include <asyncllm/agent/agent.hpp>
#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "cancel_after.hpp"
#include "error_of.hpp"
#include "on_loop.hpp"
#include "test.hpp"

#include <asio/co_spawn.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace asyncllm;
using testing::Answer;
using testing::ScriptedServer;
using namespace std::chrono_literals;

namespace {

ClientOptions options_of(const ScriptedServer& server, std::size_t places)
{
  return ClientOptions("openai").base_url(server.url() + "/v1").max_in_flight(places);
}

std::vector<asio::awaitable<Reply>> ask_often(const Client& client, int count)
{
  std::vector<asio::awaitable<Reply>> calls;
  for (int i = 0; i < count; ++i)
    calls.push_back(client.chat("m", Messages().user(std::to_string(i))));
  return calls;
}

}  // namespace

TEST_CASE("no more calls than allowed are in flight, served in their order", "[client]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(Answer::echo().after(2ms));
    const Client client(options_of(server, 3));
    const Client copy = client;  // shares the places
    auto calls = ask_often(client, 20);
    for (auto& call : ask_often(copy, 20))
      calls.push_back(std::move(call));
    const auto replies = co_await gather(std::move(calls));
    bool in_order = true;
    for (std::size_t i = 0; i < replies.size(); ++i)
      in_order = in_order && replies[i].text == std::to_string(i % 20);
    CHECK(in_order);
    CHECK(server.stats().max_in_flight == 3);
    CHECK(server.stats().connections == 3);
    for (std::size_t i = 3; i < 40; ++i) {  // three at a time may overtake each other on the way
      const auto asked = "\"" + std::to_string(i % 20) + "\"";
      bool near = false;
      for (std::size_t at = i - 2; at <= i + 2 && at < 40; ++at)
        near = near || server.bodies()[at].find(asked) != std::string::npos;
      CHECK(near);
    }
    server.stop();
  });
}

TEST_CASE("a limit of one is a queue: first come, first served", "[client]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    const Client client(options_of(server, 1));
    auto calls = ask_often(client, 10);
    co_await gather(std::move(calls));
    for (std::size_t i = 0; i < 10; ++i)
      CHECK(server.bodies()[i].find("\"" + std::to_string(i) + "\"") != std::string::npos);
    CHECK(server.stats().connections == 1);
    server.stop();
  });
}

TEST_CASE("Ollama gets sixty-four calls at once unless set otherwise, others all", "[client]")
{
  struct Case {
    const char* provider;
    std::optional<std::size_t> limit;
    std::size_t most;
  };
  const Case cases[] = {
      {"ollama", std::nullopt, 64},
      {"ollama", 0, 70},
      {"ollama", 2, 2},
      {"openai", std::nullopt, 70}};
  for (const auto& its : cases) {
    asio::io_context loop;
    asio::cancellation_signal signal;
    ScriptedServer server(loop.get_executor());
    server.always(Answer::text("x").after(1h));
    auto builder = LlmAgent::builder("a", server.spec(its.provider, "m"));
    if (its.limit)
      builder.with_max_in_flight(*its.limit);
    const auto agent = builder.build();
    std::vector<asio::awaitable<Reply>> calls;
    for (int i = 0; i < 70; ++i)
      calls.push_back(agent.send_message_async("x"));
    asio::co_spawn(
        loop,
        gather(std::move(calls)),
        asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr, std::vector<Reply>) {}));
    bool all_came = false, more_came = true;
    const auto look = [&]() -> asio::awaitable<void> {
      all_came = co_await server.until([&](const auto& now) { return now.in_flight == its.most; });
      more_came =
          co_await server.until([&](const auto& now) { return now.in_flight > its.most; }, 50ms);
      signal.emit(asio::cancellation_type::terminal);
      server.stop();
    };
    asio::co_spawn(loop, look(), [](std::exception_ptr) {});
    loop.run();
    INFO(its.provider << " " << its.most);
    CHECK(all_came);
    CHECK_FALSE(more_came);
  }
}

TEST_CASE("waiting for a permit ends by its own timeout or the total one", "[client]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    const Client client(options_of(server, 1));
    auto stream = client.stream("m", Messages().user("a b c"));
    co_await stream.next();  // holds the place
    for (const auto clock : {Timeout::pool_wait, Timeout::total}) {
      auto timeouts = Timeouts().pool_wait(clock == Timeout::pool_wait ? 30ms : 1h);
      timeouts.total(clock == Timeout::total ? 30ms : 1h);
      auto call = client.chat("m", Messages().user("x"), RequestOptions().timeouts(timeouts));
      const auto error = co_await support::awaited_error_of(std::move(call));
      REQUIRE(error);
      CHECK(error->kind() == ErrorKind::timeout);
      CHECK(error->timeout() == clock);
    }
    CHECK(server.stats().requests == 1);
    server.stop();
  });
}

TEST_CASE("a stream releases its permit at its end, and when it is destroyed", "[client]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    const Client client(options_of(server, 1));
    for (const bool to_the_end : {true, false}) {
      auto stream = std::make_unique<ReplyStream>(client.stream("m", Messages().user("a b c")));
      co_await stream->next();
      if (to_the_end)
        co_await stream->collect();
      else
        stream.reset();
      auto call = client.chat("m", Messages().user("next"));
      const auto reply = co_await std::move(call);
      CHECK(reply.text == "next");
    }
    server.stop();
  });
}

TEST_CASE("waiting for a permit uses no timeout but its own and the total one", "[client]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.push(Answer::text("slow").after(600ms));
    const Client client(options_of(server, 1));
    const auto timeouts =
        Timeouts().connect(500ms).write(500ms).first_byte(500ms).first_token(500ms).idle(500ms);
    std::vector<asio::awaitable<Reply>> calls;
    calls.push_back(client.chat("m", Messages().user("a")));
    auto second = client.chat("m", Messages().user("b"), RequestOptions().timeouts(timeouts));
    calls.push_back(std::move(second));
    const auto replies = co_await gather(std::move(calls));
    CHECK(replies[1].text == "b");
    server.stop();
  });
}

TEST_CASE(
    "a call cancelled after any step, waiting or not, leaves its permit to others", "[client]")
{
  int cancelled = 0;
  bool was_whole = false;
  for (int steps = 0; !was_whole && steps < 1000; ++steps) {
    asio::io_context loop;
    asio::cancellation_signal signal;
    ScriptedServer server(loop.get_executor());
    const Client client(options_of(server, 1));
    bool done = false;
    int others = 0;
    const auto count = [&](std::exception_ptr failure, Reply) { others += failure ? 0 : 1; };
    asio::co_spawn(loop, client.chat("m", Messages().user("1")), count);
    asio::co_spawn(
        loop,
        client.chat("m", Messages().user("2")),
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr failure, Reply) {
          done = true;
          cancelled += failure ? 1 : 0;
        }));
    asio::co_spawn(loop, client.chat("m", Messages().user("3")), count);
    was_whole = support::cancel_after(steps, loop, signal, done);
    while (others < 2)
      loop.run_one();
    server.stop();
    loop.run();
    CHECK(others == 2);
  }
  CHECK(was_whole);
  CHECK(cancelled > 10);
}

TEST_CASE("a loop may be destroyed while calls wait for a permit", "[client]")
{
  auto loop = std::make_unique<asio::io_context>();
  ScriptedServer server(loop->get_executor());
  server.always(Answer::text("late").after(1h));
  int finished = 0;
  {
    const Client client(options_of(server, 2));
    for (int i = 0; i < 5; ++i)
      asio::co_spawn(*loop, client.chat("m", Messages().user("x")), [&](std::exception_ptr, Reply) {
        ++finished;
      });
  }
  while (server.stats().in_flight < 2)
    loop->run_one();
  loop.reset();
  CHECK(finished == 0);
}

TEST_CASE("two loops do not share permits", "[client]")
{
  asio::io_context server_loop, first, second;
  ScriptedServer server(server_loop.get_executor());
  server.always(Answer::text("late").after(1h));
  const Client client(options_of(server, 1));
  for (auto* loop : {&first, &second})
    asio::co_spawn(*loop, client.chat("m", Messages().user("x")), [](std::exception_ptr, Reply) {});
  while (server.stats().in_flight < 2) {
    server_loop.poll();
    first.poll();
    second.poll();
  }
  CHECK(server.stats().in_flight == 2);
}
