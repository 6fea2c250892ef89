// Each timeout of a call, against servers that stall in the phase that it guards.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>

#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <functional>
#include <optional>
#include <string>

using namespace asyncllm;
using support::Peer;
using support::SocketServer;
using namespace std::chrono_literals;

namespace {

using Serve = SocketServer::Serve;

asio::awaitable<void> sleep_for(std::chrono::milliseconds time)
{
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

// Waits for the client to go.
asio::awaitable<void> stall(std::shared_ptr<Peer> peer)
{
  for (bool is_there = true; is_there;)
    is_there = co_await peer->read_request();
}

// Reads the request, writes this and stalls.
Serve stalls_after(std::string bytes)
{
  return [=](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
    co_await peer->read_request();
    co_await peer->write(bytes);
    co_await stall(peer);
  };
}

// Writes this, then `filler` again and again; gives up after a while, by which the test fails.
Serve keeps_sending(std::string bytes, std::string filler)
{
  return [=](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
    co_await peer->read_request();
    co_await peer->write(bytes);
    for (int i = 0; i < 400 && peer->is_open(); ++i) {
      co_await sleep_for(5ms);
      co_await peer->write(filler);
    }
    peer->close();
  };
}

const std::string sse_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
const std::string json_head =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";

std::string token_event(const std::string& text)
{
  return R"(data: {"choices":[{"index":0,"delta":{"content":")" + text + "\"}}]}\n\n";
}

struct Ended {
  std::string text;
  std::optional<Error> error;
};

using Call = std::function<asio::awaitable<Ended>(Client, RequestOptions)>;

asio::awaitable<Ended> chat(Client client, RequestOptions options)
{
  Ended result;
  try {
    auto call = client.chat("m", Messages().user("x"), options);
    const auto reply = co_await std::move(call);
    result.text = reply.text;
  } catch (const Error& error) {
    result.error = error;
  }
  co_return result;
}

asio::awaitable<Ended> big_chat(Client client, RequestOptions options)
{
  Ended result;
  try {
    auto messages = Messages().user(std::string(32 * 1024 * 1024, 'x'));
    auto call = client.chat("m", std::move(messages), options);
    const auto reply = co_await std::move(call);
    result.text = reply.text;
  } catch (const Error& error) {
    result.error = error;
  }
  co_return result;
}

asio::awaitable<Ended> stream_in_time(Client client, RequestOptions options)
{
  Ended result;
  try {
    auto replies = client.stream("m", Messages().user("x"), options);
    const auto reply = co_await replies.collect();
    result.text = reply.text;
  } catch (const Error& error) {
    result.error = error;
  }
  co_return result;
}

Ended timed_call(
    Serve serve, Timeouts timeouts, Call how = &chat, const std::string& provider = "openai")
{
  Ended result;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    SocketServer server(loop, serve);
    const Client client(ClientOptions(provider).base_url(server.url()));
    auto calling = how(client, RequestOptions().timeouts(timeouts));
    result = co_await std::move(calling);
  });
  return result;
}

// Whether it ended by this timeout, which the text names too.
bool ended_by(Timeout timeout, const Ended& result)
{
  if (!result.error)
    return false;
  UNSCOPED_INFO(result.error->what());
  const std::string what = result.error->what();
  return result.error->kind() == ErrorKind::timeout && result.error->timeout() == timeout &&
         what.find("Timeouts::" + std::string(to_string(timeout))) != what.npos &&
         what.find("127.0.0.1") != what.npos;
}

}  // namespace

TEST_CASE("a server that does not take the request is ended by the write timeout", "[client]")
{
  const auto takes_nothing = [](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
    for (int i = 0; i < 1000 && peer->is_open(); ++i)
      co_await sleep_for(5ms);
  };
  CHECK(ended_by(Timeout::write, timed_call(takes_nothing, Timeouts().write(50ms), &big_chat)));
}

TEST_CASE("a server that does not begin to answer is ended by the first_byte timeout", "[client]")
{
  const auto timeouts = Timeouts().first_byte(50ms);
  CHECK(ended_by(Timeout::first_byte, timed_call(stalls_after(""), timeouts)));
  CHECK(ended_by(Timeout::first_byte, timed_call(stalls_after(""), timeouts, &stream_in_time)));
}

TEST_CASE("an answer that stops in its head or body is ended by the idle timeout", "[client]")
{
  const auto timeouts = Timeouts().idle(50ms);
  CHECK(ended_by(Timeout::idle, timed_call(stalls_after("HTTP/1.1 200 O"), timeouts)));
  CHECK(ended_by(Timeout::idle, timed_call(stalls_after(json_head), timeouts)));
  CHECK(ended_by(Timeout::idle, timed_call(stalls_after(json_head + "{\"choices"), timeouts)));
  const auto refusal = "HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\nhalf";
  CHECK(ended_by(Timeout::idle, timed_call(stalls_after(refusal), timeouts, &stream_in_time)));
}

TEST_CASE("a stream without a first piece is ended by the first_token timeout", "[client]")
{
  const auto timeouts = Timeouts().first_token(60ms);
  CHECK(ended_by(Timeout::first_token, timed_call(stalls_after(""), timeouts, &stream_in_time)));
  CHECK(ended_by(
      Timeout::first_token, timed_call(stalls_after(sse_head), timeouts, &stream_in_time)));
  for (const auto& filler : {std::string(": ping\n\n"), std::string("\n"), token_event("")}) {
    INFO(filler);
    const auto result = timed_call(keeps_sending(sse_head, filler), timeouts, &stream_in_time);
    CHECK(ended_by(Timeout::first_token, result));
  }
}

TEST_CASE("what only keeps a stream open does not keep its idle timeout from running", "[client]")
{
  const auto timeouts = Timeouts().idle(60ms);
  for (const std::string filler : {": ping\n\n", "\n", "\r\n", "event: ping\n"}) {
    INFO(filler);
    const auto result =
        timed_call(keeps_sending(sse_head + token_event("a"), filler), timeouts, &stream_in_time);
    CHECK(ended_by(Timeout::idle, result));
    REQUIRE(result.error);
    CHECK(result.error->partial_text() == "a");
  }
  const std::string ndjson = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n";
  const std::string line = "{\"message\":{\"content\":\"a\"},\"done\":false}\n";
  const auto result =
      timed_call(keeps_sending(ndjson + line, "\n"), timeouts, &stream_in_time, "ollama");
  CHECK(ended_by(Timeout::idle, result));
}

TEST_CASE("data keeps a stream alive beyond its idle time, and the first piece's too", "[client]")
{
  const auto serve = [](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
    co_await peer->read_request();
    co_await peer->write(sse_head);
    for (int i = 0; i < 25; ++i) {
      const auto piece =
          i == 0 ? token_event("a") : token_event("");  // a delta without text is data too
      co_await peer->write(piece);
      co_await sleep_for(40ms);
    }
    const std::string end =
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    co_await peer->write(end);
    peer->close();
  };
  const auto result = timed_call(serve, Timeouts().idle(700ms).first_token(700ms), &stream_in_time);
  CHECK_FALSE(result.error);
  CHECK(result.text == "a");
}

TEST_CASE(
    "between calls of next the idle timeout of a stream pauses, the total one runs", "[client]")
{
  const auto takes_its_time = [](Timeouts timeouts) {
    Ended result;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      asio::steady_timer asked(loop, asio::steady_timer::time_point::max());
      SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
        co_await peer->read_request();
        const auto first = sse_head + token_event("a");
        co_await peer->write(first);
        asio::error_code woken;
        co_await asked.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        const auto rest = token_event("b") + "data: [DONE]\n\n";
        co_await peer->write(rest);
        co_await stall(peer);
      });
      const Client client(ClientOptions("openai").base_url(server.url()));
      auto options = RequestOptions().timeouts(timeouts);
      auto replies = client.stream("m", Messages().user("x"), options);
      try {
        co_await replies.next();
        co_await sleep_for(400ms);
        asked.cancel();
        co_await replies.collect();
        result.text = replies.reply().text;
      } catch (const Error& error) {
        asked.cancel();
        result.error = error;
      }
    });
    return result;
  };
  const auto rested = takes_its_time(Timeouts().idle(300ms));
  CHECK_FALSE(rested.error);
  CHECK(rested.text == "ab");
  const auto begun = takes_its_time(Timeouts().first_token(300ms));  // which came long before
  CHECK_FALSE(begun.error);
  CHECK(begun.text == "ab");
  const auto total = takes_its_time(Timeouts().total(300ms));
  CHECK(ended_by(Timeout::total, total));
  REQUIRE(total.error);
  CHECK(total.error->partial_text() == "a");
}

TEST_CASE("no timeout that is off or far away ends a call", "[client]")
{
  const auto serve = [](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
    co_await peer->read_request();
    const auto answer = sse_head + token_event("a") + "data: [DONE]\n\n";
    co_await peer->write(answer);
    peer->close();
  };
  for (const auto limit : {0ms, -1ms, std::chrono::milliseconds::max()}) {
    const auto timeouts = Timeouts()
                              .pool_wait(limit)
                              .connect(limit)
                              .write(limit)
                              .first_byte(limit)
                              .first_token(limit)
                              .idle(limit)
                              .total(limit);
    CHECK(timed_call(serve, timeouts, &stream_in_time).text == "a");
  }
}
