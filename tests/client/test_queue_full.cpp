// A server whose queue is full, and requests that must not go out twice.
#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "error_of.hpp"
#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;
using support::Peer;
using support::SocketServer;
using testing::Answer;
using testing::ScriptedServer;

namespace {

const auto no_pause = RetryPolicy().backoff(1ms, 1ms);

// An Ollama that refuses so many requests, and what it saw until then.
struct Busy {
  int left;
  std::string words = "server busy, please try again.  maximum pending requests exceeded";
  std::set<std::string> asked = {};

  Answer operator()(std::string_view, const nlohmann::json& body)
  {
    if (left <= 0)
      return Answer::echo();
    --left;
    asked.insert(body.at("messages").back().at("content"));
    return Answer::error(503, words);
  }
};

struct Round {
  int right = 0;
  std::optional<Error> error;
};

Round ask(
    Busy& busy, int calls, bool streamed, std::size_t places, const RetryPolicy& policy = no_pause)
{
  Round result;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.record(false).when([&](auto path, const auto& body) { return busy(path, body); });
    const Client client(ClientOptions("ollama").base_url(server.url()).max_in_flight(places));
    const auto options = RequestOptions().retries(policy).wire_streaming(streamed);
    std::vector<asio::awaitable<Reply>> all;
    for (int i = 0; i < calls; ++i)
      all.push_back(client.chat("m", Messages().user(std::to_string(i)), options));
    const auto outcomes = co_await gather_outcomes(std::move(all));
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      if (const auto* const error = outcomes[i].error_as<Error>())
        result.error = *error;
      else
        result.right += outcomes[i]->text == std::to_string(i);
    server.stop();
  });
  return result;
}

}  // namespace

TEST_CASE("while a model loads, all calls wait, and only those with a permit ask", "[client]")
{
  for (const bool streamed : {false, true}) {
    Busy busy{300};
    const auto round = ask(busy, 100, streamed, 10);
    CHECK(round.right == 100);
    CHECK(busy.asked.size() == 10);
  }
}

TEST_CASE("who allows no retries does not wait for a full queue either", "[client]")
{
  for (const bool streamed : {false, true}) {
    Busy busy{300};
    const auto round = ask(busy, 1, streamed, 10, RetryPolicy().max_retries(0));
    REQUIRE(round.error);
    CHECK(round.error->attempts() == 1);
    CHECK(round.error->kind() == ErrorKind::overloaded);
  }
}

TEST_CASE("other refusals count as tries", "[client]")
{
  Busy busy{300, "the service is down"};
  const auto round = ask(busy, 1, false, 10);
  REQUIRE(round.error);
  CHECK(round.error->attempts() == 3);
  CHECK(round.error->kind() == ErrorKind::overloaded);
}

TEST_CASE("a reset in the head of an answer is not retried", "[client]")
{
  for (const auto* const head : {"H", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Ty"}) {
    std::optional<Error> error;
    int connections = 0;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      asio::steady_timer seen(loop);
      SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
        co_await peer->read_request();
        co_await peer->write(head);
        seen.expires_after(20ms);  // the bytes are there before the reset
        co_await seen.async_wait(asio::use_awaitable);
        peer->reset();
      });
      const Client client(ClientOptions("openai").base_url(server.url()));
      auto options = RequestOptions().retries(no_pause);
      auto chat = client.chat("m", Messages().user("x"), std::move(options));
      error = co_await support::awaited_error_of(std::move(chat));
      connections = server.connections();
    });
    INFO(head);
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::connection_lost);
    CHECK(connections == 1);
  }
}

TEST_CASE("a request that a server kept for long is not sent again", "[client]")
{
  for (const bool at_close : {true, false}) {
    std::optional<Error> error;
    int requests = 0;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      asio::steady_timer work(loop);
      SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
        while (co_await peer->read_request()) {
          ++requests;
          if (requests == 2 && !at_close) {
            work.expires_after(1200ms);  // longer than the race between a request and a close
            co_await work.async_wait(asio::use_awaitable);
          }
          if (requests == 2)
            co_return peer->close();
          co_await peer->write(support::chat_response("hi"));
        }
      });
      const Client client(ClientOptions("openai").base_url(server.url()));
      const auto options = RequestOptions().retries(RetryPolicy().retry_unanswered(false));
      auto first = client.chat("m", Messages().user("x"), options);
      co_await std::move(first);
      auto second = client.chat("m", Messages().user("x"), options);
      error = co_await support::awaited_error_of(std::move(second));
    });
    CHECK(error.has_value() == !at_close);
    CHECK(requests == (at_close ? 3 : 2));
    if (error)
      CHECK(error->kind() == ErrorKind::connection_lost);
  }
}
