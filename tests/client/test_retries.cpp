// Calls that are tried again, over a socket.
#include <asyncllm/agent/agent.hpp>
#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "on_loop.hpp"
#include "test.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;
using testing::Answer;
using testing::ScriptedServer;

namespace {

const auto at_once = RetryPolicy().backoff(1ms, 1ms);

struct Tried {
  Reply reply;
  std::optional<Error> error;
};

// A call, whole or as a stream.
asio::awaitable<Tried> ask(Client client, RequestOptions options, bool streamed)
{
  Tried result;
  try {
    if (streamed) {
      auto stream = client.stream("m", Messages().user("x"), std::move(options));
      result.reply = co_await stream.collect();
    } else {
      auto chat = client.chat("m", Messages().user("x"), std::move(options));
      result.reply = co_await std::move(chat);
    }
  } catch (const Error& error) {
    result.error = error;
  }
  co_return result;
}

Client client_of(const ScriptedServer& server)
{
  return Client(ClientOptions("openai").base_url(server.url() + "/v1"));
}

}  // namespace

TEST_CASE("a busy server is retried, and the attempts are counted", "[client]")
{
  for (const bool streamed : {false, true}) {
    Tried result;
    std::vector<std::string> told;
    std::size_t connections = 0;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      ScriptedServer server(loop.get_executor());
      server.push(Answer::error(503, "Loading model"));
      server.push(Answer::error(429, "Slow down").header("retry-after-ms", "1.5"));
      server.push(Answer::text("Hi"));
      auto options = RequestOptions().retries(at_once).on_retry([&](const Retry& retry) {
        told.push_back(std::to_string(retry.attempt) + retry.error.server_message());
      });
      result = co_await ask(client_of(server), options, streamed);
      connections = server.stats().connections;
      server.stop();
    });
    REQUIRE_FALSE(result.error);
    CHECK(result.reply.text == "Hi");
    CHECK(result.reply.attempts == 3);
    CHECK(told == std::vector<std::string>{"1Loading model", "2Slow down"});
    CHECK(connections == 1);
  }
}

TEST_CASE("the last error is thrown when the tries are used up", "[client]")
{
  for (const bool streamed : {false, true}) {
    Tried result;
    std::size_t requests = 0;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      ScriptedServer server(loop.get_executor());
      server.always(Answer::error(500, "Out of luck"));
      result = co_await ask(client_of(server), RequestOptions().retries(at_once), streamed);
      requests = server.stats().requests;
      server.stop();
    });
    REQUIRE(result.error);
    CHECK(result.error->kind() == ErrorKind::server_error);
    CHECK(result.error->attempts() == 3);
    CHECK(requests == 3);
  }
}

TEST_CASE("an exhausted quota and a long retry-after fail at once", "[client]")
{
  for (const bool streamed : {false, true}) {
    Tried quota, later;
    std::size_t requests = 0;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      ScriptedServer server(loop.get_executor());
      const std::string body =
          R"({"error":{"message":"Pay","type":"insufficient_quota","code":"insufficient_quota"}})";
      server.push(Answer::status(429, body).header("x-should-retry", "true"));
      server.push(Answer::error(429, "Slow down").header("retry-after", "6840"));
      quota = co_await ask(client_of(server), RequestOptions().retries(at_once), streamed);
      later = co_await ask(client_of(server), RequestOptions().retries(at_once), streamed);
      requests = server.stats().requests;
      server.stop();
    });
    REQUIRE(quota.error);
    CHECK(quota.error->kind() == ErrorKind::quota_exceeded);
    CHECK(quota.error->attempts() == 1);
    REQUIRE(later.error);
    CHECK(later.error->retry_after() == 6840s);
    CHECK(requests == 2);
  }
}

TEST_CASE("x-should-retry is obeyed both ways", "[client]")
{
  Tried yes, no;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.push(Answer::error(400, "odd").header("x-should-retry", "true"));
    server.push(Answer::text("Hi"));
    server.push(Answer::error(503, "down").header("x-should-retry", "false"));
    yes = co_await ask(client_of(server), RequestOptions().retries(at_once), false);
    no = co_await ask(client_of(server), RequestOptions().retries(at_once), false);
    server.stop();
  });
  CHECK(yes.reply.text == "Hi");
  CHECK(yes.reply.attempts == 2);
  REQUIRE(no.error);
  CHECK(no.error->attempts() == 1);
}

TEST_CASE("an error inside a 200 is not tried again, whatever its code", "[client]")
{
  for (const bool streamed : {false, true}) {
    Tried result;
    std::size_t requests = 0;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      ScriptedServer server(loop.get_executor());
      server.always(Answer::status(200, R"({"error":{"code":503,"message":"busy"}})"));
      result = co_await ask(client_of(server), RequestOptions().retries(at_once), streamed);
      requests = server.stats().requests;
      server.stop();
    });
    REQUIRE(result.error);
    CHECK(result.error->kind() == ErrorKind::overloaded);
    CHECK(requests == 1);
  }
}

TEST_CASE("calls of one client share the budget of retries", "[client]")
{
  std::size_t requests = 0;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(Answer::error(500, "down"));
    const auto client = client_of(server);
    auto policy = at_once;
    const auto options = RequestOptions().retries(policy.budget(0, 5));
    std::vector<asio::awaitable<Tried>> calls;
    for (int i = 0; i < 50; ++i)
      calls.push_back(ask(client, options, i % 2 == 0));
    co_await gather(std::move(calls));
    requests = server.stats().requests;
    server.stop();
  });
  CHECK(requests == 55);
}

TEST_CASE("a busy server's calls all get their retries, whatever the budget", "[client]")
{
  for (const auto& busy :
       {Answer::error(429, "slow down").header("retry-after-ms", "10"),
        Answer::error(503, "busy")}) {
    int answered = 0;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      ScriptedServer server(loop.get_executor());
      for (int i = 0; i < 50; ++i)
        server.push(busy);
      server.always(Answer::text("ok"));
      const auto client = client_of(server);
      auto policy = at_once;
      const auto options = RequestOptions().retries(policy.max_retries(5).budget(0, 0));
      std::vector<asio::awaitable<Tried>> calls;
      for (int i = 0; i < 50; ++i)
        calls.push_back(ask(client, options, i % 2 == 0));
      const auto results = co_await gather(std::move(calls));
      for (const auto& result : results)
        answered += result.error ? 0 : 1;
      server.stop();
    });
    CHECK(answered == 50);
  }
}

TEST_CASE("a call that waits for its next try is cancelled at once", "[client]")
{
  for (const bool streamed : {false, true}) {
    asio::io_context io;
    asio::cancellation_signal signal;
    Tried result;
    bool ended = false;
    ScriptedServer server(io.get_executor());
    server.always(Answer::error(503, "down"));
    const auto options =
        RequestOptions().retries(RetryPolicy().backoff(1h, 1h)).on_retry([&](const Retry&) {
          asio::post(io, [&] { signal.emit(asio::cancellation_type::terminal); });
        });
    asio::co_spawn(
        io,
        ask(client_of(server), options, streamed),
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr, Tried its_result) {
          result = std::move(its_result);
          ended = true;
          server.stop();
        }));
    io.run();
    CHECK(ended);
    REQUIRE(result.error);
    CHECK(result.error->kind() == ErrorKind::cancelled);
  }
}

// The cancellation comes when nothing is awaited, and is seen when the wait begins.
TEST_CASE("a call cancelled by its own hook ends as cancelled, not as Asio's error", "[client]")
{
  for (const bool streamed : {false, true}) {
    std::exception_ptr failure;
    std::size_t requests = 0;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      ScriptedServer server(loop.get_executor());
      server.always(Answer::error(503, "down"));
      asio::cancellation_signal signal;
      const auto options = RequestOptions().retries(at_once).on_retry(
          [&](const Retry&) { signal.emit(asio::cancellation_type::terminal); });
      bool ended = false;
      const Client client = client_of(server);
      const auto call = [&]() -> asio::awaitable<void> {
        auto stream = client.stream("m", Messages().user("x"), options);
        auto reply = streamed ? stream.collect() : client.chat("m", Messages().user("x"), options);
        (void)co_await std::move(reply);
      };
      asio::co_spawn(
          loop, call(), asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error) {
            failure = error;
            ended = true;
          }));
      while (!ended)
        co_await asio::post(loop, asio::use_awaitable);
      requests = server.stats().requests;
      server.stop();
    });
    REQUIRE(failure);
    CHECK_THROWS_AS(std::rethrow_exception(failure), Error);
    CHECK(is_cancelled(failure));
    CHECK(requests == 1);
  }
}

TEST_CASE("what the hook throws ends a stream for good, nothing is sent again", "[client]")
{
  int thrown = 0;
  std::size_t requests = 0;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.push(Answer::error(503, "down"));
    const auto options = RequestOptions().retries(at_once).on_retry(
        [](const Retry&) { throw std::runtime_error("enough"); });
    const Client client = client_of(server);
    auto stream = client.stream("m", Messages().user("x"), options);
    for (int i = 0; i < 3; ++i) {
      try {
        (void)co_await stream.next();
      } catch (const std::runtime_error& error) {
        thrown += std::string(error.what()) == "enough" ? 1 : 0;
      }
    }
    requests = server.stats().requests;
    server.stop();
  });
  CHECK(thrown == 3);
  CHECK(requests == 1);
}
