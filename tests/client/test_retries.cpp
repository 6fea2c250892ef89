// Calls that are tried again, over a socket.
#include <asyncllm/agent/agent.hpp>
#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "on_loop.hpp"
#include "served.hpp"
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
using support::Served;
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
    std::vector<std::string> told;
    Served served;
    served.server.push(Answer::error(503, "Loading model"));
    served.server.push(Answer::error(429, "Slow down").header("retry-after-ms", "1.5"));
    served.server.push(Answer::text("Hi"));
    auto options = RequestOptions().retries(at_once).on_retry([&](const Retry& retry) {
      told.push_back(std::to_string(retry.attempt) + retry.error.server_message());
    });
    const auto result = served.run(ask(client_of(served.server), options, streamed));
    const auto connections = served.server.stats().connections;
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
    Served served;
    served.server.always(Answer::error(500, "Out of luck"));
    const auto result =
        served.run(ask(client_of(served.server), RequestOptions().retries(at_once), streamed));
    const auto requests = served.server.stats().requests;
    REQUIRE(result.error);
    CHECK(result.error->kind() == ErrorKind::server_error);
    CHECK(result.error->attempts() == 3);
    CHECK(requests == 3);
  }
}

TEST_CASE("an exhausted quota and a long retry-after fail at once", "[client]")
{
  for (const bool streamed : {false, true}) {
    Served served;
    const std::string body =
        R"({"error":{"message":"Pay","type":"insufficient_quota","code":"insufficient_quota"}})";
    served.server.push(Answer::status(429, body).header("x-should-retry", "true"));
    served.server.push(Answer::error(429, "Slow down").header("retry-after", "6840"));
    const auto quota =
        served.run(ask(client_of(served.server), RequestOptions().retries(at_once), streamed));
    const auto later =
        served.run(ask(client_of(served.server), RequestOptions().retries(at_once), streamed));
    const auto requests = served.server.stats().requests;
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
  Served served;
  served.server.push(Answer::error(400, "odd").header("x-should-retry", "true"));
  served.server.push(Answer::text("Hi"));
  served.server.push(Answer::error(503, "down").header("x-should-retry", "false"));
  const auto yes =
      served.run(ask(client_of(served.server), RequestOptions().retries(at_once), false));
  const auto no =
      served.run(ask(client_of(served.server), RequestOptions().retries(at_once), false));
  CHECK(yes.reply.text == "Hi");
  CHECK(yes.reply.attempts == 2);
  REQUIRE(no.error);
  CHECK(no.error->attempts() == 1);
}

TEST_CASE("an error inside a 200 is not tried again, whatever its code", "[client]")
{
  for (const bool streamed : {false, true}) {
    Served served;
    served.server.always(Answer::status(200, R"({"error":{"code":503,"message":"busy"}})"));
    const auto result =
        served.run(ask(client_of(served.server), RequestOptions().retries(at_once), streamed));
    const auto requests = served.server.stats().requests;
    REQUIRE(result.error);
    CHECK(result.error->kind() == ErrorKind::overloaded);
    CHECK(requests == 1);
  }
}

TEST_CASE("calls of one client share the budget of retries", "[client]")
{
  Served served;
  served.server.always(Answer::error(500, "down"));
  const auto client = client_of(served.server);
  auto policy = at_once;
  const auto options = RequestOptions().retries(policy.budget(0, 5));
  std::vector<asio::awaitable<Tried>> calls;
  for (int i = 0; i < 50; ++i)
    calls.push_back(ask(client, options, i % 2 == 0));
  served.run(gather(std::move(calls)));
  const auto requests = served.server.stats().requests;
  CHECK(requests == 55);
}

TEST_CASE("a busy server's calls all get their retries, whatever the budget", "[client]")
{
  for (const auto& busy :
       {Answer::error(429, "slow down").header("retry-after-ms", "10"),
        Answer::error(503, "busy")}) {
    int answered = 0;
    Served served;
    for (int i = 0; i < 50; ++i)
      served.server.push(busy);
    served.server.always(Answer::text("ok"));
    const auto client = client_of(served.server);
    auto policy = at_once;
    // One call may by chance get all of the refusals.
    const auto options = RequestOptions().retries(policy.max_retries(50).budget(0, 0));
    std::vector<asio::awaitable<Tried>> calls;
    for (int i = 0; i < 50; ++i)
      calls.push_back(ask(client, options, i % 2 == 0));
    const auto results = served.run(gather(std::move(calls)));
    for (const auto& result : results)
      answered += result.error ? 0 : 1;
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
  Served served;
  served.server.push(Answer::error(503, "down"));
  const auto options = RequestOptions().retries(at_once).on_retry(
      [](const Retry&) { throw std::runtime_error("enough"); });
  const Client client = client_of(served.server);
  auto stream = client.stream("m", Messages().user("x"), options);
  for (int i = 0; i < 3; ++i) {
    try {
      (void)served.run(stream.next());
    } catch (const std::runtime_error& error) {
      thrown += std::string(error.what()) == "enough" ? 1 : 0;
    }
  }
  const auto requests = served.server.stats().requests;
  CHECK(thrown == 3);
  CHECK(requests == 1);
}
