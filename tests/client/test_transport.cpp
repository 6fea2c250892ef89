// The client against servers that close, stall, lie or are not there.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "cancel_after.hpp"
#include "error_of.hpp"
#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/this_coro.hpp>

#include <optional>
#include <string>

using namespace asyncllm;
using support::chat_response;
using support::Peer;
using support::says;
using support::SocketServer;
using testing::Answer;
using testing::ScriptedServer;
using namespace std::chrono_literals;

namespace {

struct Answered {
  std::string text;
  std::optional<Error> error;
};

asio::awaitable<Answered> ask_at(std::string url, RequestOptions options = RequestOptions())
{
  Answered result;
  try {
    const Client client(ClientOptions("openai").base_url(url));
    auto chat = client.chat("m", Messages().user("x"), options);
    const auto reply = co_await std::move(chat);
    result.text = reply.text;
  } catch (const Error& error) {
    result.error = error;
  }
  co_return result;
}

// What a chat gets from a server that answers every request by `response` and closes.
Answered answered_by(std::string response, bool reset = false)
{
  Answered result;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
      co_await peer->read_request();
      co_await peer->write(response);
      reset ? peer->reset() : peer->close();
    });
    result = co_await ask_at(server.url());
  });
  return result;
}

// A port of 127.0.0.1 where nobody listens.
std::string dead_url(asio::io_context& loop)
{
  asio::ip::tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
  return "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
}

}  // namespace

TEST_CASE("if nothing listens the error names the address and what to do", "[client]")
{
  Answered result;
  std::string url;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    url = dead_url(loop);
    result = co_await ask_at(url);
  });
  REQUIRE(result.error);
  CHECK(result.error->kind() == ErrorKind::connect_failed);
  CHECK(says(result.error, url.substr(7)));
  CHECK(says(result.error, "is the server running"));
}

TEST_CASE("a body without a length ends with the connection", "[client]")
{
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
  CHECK(answered_by(head + R"({"choices":[{"message":{"content":"a"}}]})").text == "a");
  const auto cut = answered_by(head + R"({"choices":[{"message":{"content":"a")");
  REQUIRE(cut.error);
  CHECK(cut.error->kind() == ErrorKind::bad_response);
}

TEST_CASE(
    "a connection that breaks gives incomplete after an orderly end, connection_lost otherwise",
    "[client]")
{
  const auto kind = [](const std::string& response, bool reset) {
    const auto result = answered_by(response, reset);
    REQUIRE(result.error);
    CHECK(result.text.empty());
    return result.error->kind();
  };
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
  const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
  CHECK(kind("", false) == ErrorKind::connection_lost);
  CHECK(kind("", true) == ErrorKind::connection_lost);
  CHECK(kind("HTTP/1.1 20", false) == ErrorKind::incomplete);
  CHECK(kind(head, false) == ErrorKind::incomplete);
  CHECK(kind(head + "half", false) == ErrorKind::incomplete);
  CHECK(kind(chunks, false) == ErrorKind::incomplete);
  CHECK(kind("220 smtp ready\r\n", false) == ErrorKind::bad_response);
}

TEST_CASE("a refusal counts although its page breaks off", "[client]")
{
  for (const bool reset : {false, true}) {
    const auto result =
        answered_by("HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\n<html>", reset);
    REQUIRE(result.error);
    CHECK(result.error->kind() == ErrorKind::authentication);
    CHECK(result.error->http_status() == 401);
  }
}

TEST_CASE(
    "a reused connection that was closed meanwhile is replaced and the request sent once more",
    "[client]")
{
  std::string texts;
  int connections = 0;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    // Closes each connection when it sees the second request, without a byte of an answer.
    SocketServer server(loop, [](std::shared_ptr<Peer> peer, int number) -> asio::awaitable<void> {
      co_await peer->read_request();
      co_await peer->write(chat_response(std::to_string(number)));
      co_await peer->read_request();
      peer->close();
    });
    for (int i = 0; i < 3; ++i) {
      const auto result = co_await ask_at(server.url());
      texts += result.error ? result.error->what() : result.text;
    }
    connections = server.connections();
  });
  CHECK(texts == "123");
  CHECK(connections == 3);
}

TEST_CASE(
    "a fresh connection that closes without an answer is an error, asked again if that is allowed",
    "[client]")
{
  Answered result, again;
  int connections = 0, connections_once = 0;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    SocketServer server(loop, [](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
      co_await peer->read_request();
      peer->close();
    });
    auto policy = RetryPolicy().backoff(1ms, 1ms);
    const auto allowed = RequestOptions().retries(policy);
    result = co_await ask_at(server.url(), allowed);
    connections = server.connections();
    const auto forbidden = RequestOptions().retries(policy.retry_unanswered(false));
    again = co_await ask_at(server.url(), forbidden);
    connections_once = server.connections() - connections;
  });
  REQUIRE(result.error);
  CHECK(result.error->kind() == ErrorKind::connection_lost);
  CHECK(says(result.error, "before the answer began"));
  CHECK(result.error->attempts() == 3);
  CHECK(connections == 3);
  REQUIRE(again.error);
  CHECK(again.error->attempts() == 1);
  CHECK(connections_once == 1);
}

TEST_CASE(
    "a connection is not used again when the server says so, or sends more than its answer",
    "[client]")
{
  const std::string again[] = {
      chat_response("a", "Connection: close\r\n"),
      chat_response("a", "Keep-Alive: timeout=5, max=1\r\n"),
      chat_response("a") + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  };
  for (const auto& response : again) {
    int connections = 0;
    std::string texts;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
        while (co_await peer->read_request())
          co_await peer->write(response);
      });
      for (int i = 0; i < 2; ++i) {
        const auto result = co_await ask_at(server.url());
        texts += result.text;
      }
      connections = server.connections();
    });
    INFO(response);
    CHECK(texts == "aa");
    CHECK(connections == 2);
  }
}

TEST_CASE("an answer that comes before the request was read counts", "[client]")
{
  Answered result;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    SocketServer server(loop, [](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
      const std::string refusal = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
      co_await peer->write(refusal);
      while (co_await peer->read_request()) {
      }
    });
    result = co_await ask_at(server.url());
  });
  REQUIRE(result.error);
  CHECK(result.error->kind() == ErrorKind::request_too_large);
}

TEST_CASE("a server that does not answer in time is ended by the total timeout", "[client]")
{
  Answered result;
  ScriptedServer::Stats stats;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(Answer::text("late").after(1h));
    const auto options = RequestOptions().timeouts(Timeouts().total(30ms));
    result = co_await ask_at(server.url() + "/v1", options);
    co_await server.until([](const ScriptedServer::Stats& now) { return now.aborted == 1; });
    stats = server.stats();
    server.stop();
  });
  REQUIRE(result.error);
  CHECK(result.error->kind() == ErrorKind::timeout);
  CHECK(result.error->timeout() == Timeout::total);
  CHECK(says(result.error, "within 30 ms"));
  CHECK(stats.aborted == 1);
}

TEST_CASE("timeouts that are off or far away do not end a call", "[client]")
{
  for (const auto limit : {0ms, -1ms, std::chrono::milliseconds::max()}) {
    Answered result;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      ScriptedServer server(loop.get_executor());
      const auto options = RequestOptions().timeouts(Timeouts().total(limit).connect(limit));
      result = co_await ask_at(server.url() + "/v1", options);
      server.stop();
    });
    CHECK(result.text == "x");
  }
}

TEST_CASE("a cancelled chat throws cancelled, and the server sees the client go", "[client]")
{
  std::optional<Error> error;
  ScriptedServer::Stats stats;
  asio::io_context loop;
  asio::cancellation_signal signal;
  ScriptedServer server(loop.get_executor());
  server.always(Answer::text("late").after(1h));
  const Client client(ClientOptions("openai").base_url(server.url() + "/v1"));
  asio::co_spawn(
      loop,
      client.chat("m", Messages().user("x")),
      asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr failure, Reply) {
        try {
          if (failure)
            std::rethrow_exception(failure);
        } catch (const Error& its_error) {
          error = its_error;
        }
      }));
  const auto cancel_when_asked = [&]() -> asio::awaitable<void> {
    co_await server.until([](const ScriptedServer::Stats& now) { return now.in_flight == 1; });
    signal.emit(asio::cancellation_type::terminal);
    co_await server.until([](const ScriptedServer::Stats& now) { return now.aborted == 1; });
    stats = server.stats();
    server.stop();
  };
  asio::co_spawn(loop, cancel_when_asked(), [](std::exception_ptr) {});
  loop.run();
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::cancelled);
  CHECK((error->code() == std::errc::operation_canceled));
  CHECK(stats.aborted == 1);
}

namespace {

// Says when it runs: a coroutine that is cancelled before its first line never does.
asio::awaitable<Reply> begin_chat(Client client, bool& begun)
{
  begun = true;
  auto chat = client.chat("m", Messages().user("x"));
  co_return co_await std::move(chat);
}

}  // namespace

TEST_CASE(
    "a chat cancelled after any step ends with its reply or cancelled, nothing else", "[client]")
{
  int cancelled = 0;
  bool was_whole = false;
  for (int steps = 0; !was_whole && steps < 1000; ++steps) {
    asio::io_context loop;
    asio::cancellation_signal signal;
    ScriptedServer server(loop.get_executor());
    const Client client(ClientOptions("openai").base_url(server.url() + "/v1"));
    bool begun = false, done = false;
    std::string unexpected;
    asio::co_spawn(
        loop,
        begin_chat(client, begun),
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr failure, Reply reply) {
          done = true;
          try {
            if (failure)
              std::rethrow_exception(failure);
            unexpected = reply.text == "x" ? "" : "another reply";
          } catch (const Error& error) {
            unexpected = error.kind() == ErrorKind::cancelled ? "" : error.what();
            ++cancelled;
          } catch (const std::exception& error) {
            unexpected = begun ? std::string("no Error: ") + error.what() : "";
          }
        }));
    was_whole = support::cancel_after(steps, loop, signal, done);
    server.stop();
    loop.run();
    INFO("after " << steps << " steps");
    CHECK(unexpected == "");
  }
  CHECK(was_whole);
  CHECK(cancelled > 5);
}

TEST_CASE("a loop may be destroyed while a chat waits", "[client]")
{
  auto loop = std::make_unique<asio::io_context>();
  ScriptedServer server(loop->get_executor());
  server.always(Answer::text("late").after(1h));
  bool finished = false;
  {
    const Client client(ClientOptions("openai").base_url(server.url() + "/v1"));
    asio::co_spawn(*loop, client.chat("m", Messages().user("x")), [&](std::exception_ptr, Reply) {
      finished = true;
    });
  }
  while (server.stats().in_flight == 0)
    loop->run_one();
  loop.reset();
  CHECK_FALSE(finished);
}

TEST_CASE("one client works on several loops, one after the other", "[client]")
{
  testing::Answer answer = Answer::text("hi");
  asio::io_context server_loop;
  ScriptedServer server(server_loop.get_executor());
  server.always(answer);
  const Client client(ClientOptions("openai").base_url(server.url() + "/v1"));
  std::string texts;
  for (int i = 0; i < 3; ++i) {
    asio::io_context loop;
    bool done = false;
    asio::co_spawn(
        loop, client.chat("m", Messages().user("x")), [&](std::exception_ptr, Reply reply) {
          texts += reply.text;
          done = true;
        });
    while (!done) {  // both loops on this thread
      loop.poll();
      server_loop.poll();
    }
  }
  CHECK(texts == "hihihi");
}

TEST_CASE(
    "the user's run() returns when the work is done, with connections kept for later", "[client]")
{
  asio::io_context server_loop, loop;
  ScriptedServer server(server_loop.get_executor());
  const Client client(ClientOptions("openai").base_url(server.url() + "/v1"));
  bool done = false;
  asio::co_spawn(loop, client.chat("m", Messages().user("x")), [&](std::exception_ptr, Reply) {
    done = true;
  });
  while (!loop.stopped()) {  // set when it runs out of work
    server_loop.poll();
    loop.poll();
  }
  CHECK(done);
}
