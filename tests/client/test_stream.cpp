// Streamed replies over a socket: deltas as they come, and the truth about the end.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "on_loop.hpp"
#include "served.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace asyncllm;
using support::Peer;
using support::Served;
using support::SocketServer;
using testing::Answer;
using testing::ScriptedServer;

namespace {

struct Streamed {
  std::vector<std::string> texts;
  Reply reply;
  std::optional<Error> error;
};

asio::awaitable<Streamed> read_all(ReplyStream stream)
{
  Streamed result;
  try {
    while (const auto delta = co_await stream.next())
      if (delta->kind == Delta::Kind::text)
        result.texts.emplace_back(delta->text);
  } catch (const Error& error) {
    result.error = error;
  }
  result.reply = stream.reply();
  co_return result;
}

Client client_of(const std::string& url, const std::string& provider)
{
  return Client(ClientOptions(provider).base_url(url + (provider == "ollama" ? "" : "/v1")));
}

// What a stream gives that a server answers with these bytes and then closes.
Streamed streamed(const std::string& response, const std::string& provider = "openai")
{
  Streamed result;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
      co_await peer->read_request();
      co_await peer->write(response);
      peer->close();
    });
    const auto client = client_of(server.url(), provider);
    auto reading = read_all(client.stream("m", Messages().user("x")));
    result = co_await std::move(reading);
  });
  return result;
}

const std::string stream_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

std::string event(const std::string& text, const std::string& more = "")
{
  return R"(data: {"choices":[{"index":0,"delta":{"content":")" + text + "\"}" + more + "}]}\n\n";
}

const std::string stop_event = event("", R"(,"finish_reason":"stop")");

}  // namespace

TEST_CASE("tokens come one by one and make the whole reply, on every wire", "[client]")
{
  for (const std::string provider : {"ollama", "openai", "anthropic"}) {
    Served served;
    std::vector<std::string> tokens{"Hel", "lo ", "wörld 🌍"};
    served.server.push(Answer::text("").tokens(tokens).usage(3, 5).header("x-request-id", "r-1"));
    const auto client = served.client(provider);
    const auto result = served.run(read_all(client.stream("m", Messages().user("x"))));
    const auto body = nlohmann::json::parse(served.server.bodies().at(0));
    INFO(provider);
    REQUIRE_FALSE(result.error);
    CHECK(result.texts == std::vector<std::string>{"Hel", "lo ", "wörld 🌍"});
    CHECK(result.reply.text == "Hello wörld 🌍");
    CHECK(result.reply.finish_reason == FinishReason::stop);
    CHECK(result.reply.usage.output_tokens == 5);
    CHECK(result.reply.request_id == "r-1");
    CHECK(result.reply.timings.total >= result.reply.timings.first_token);
    CHECK(body["stream"] == true);
  }
}

TEST_CASE(
    "a server that does not know stream_options gets the request without them, once", "[client]")
{
  Served served;
  served.server.when([](std::string_view, const nlohmann::json& body) {
    return body.contains("stream_options") ? Answer::error(400, "unknown field stream_options")
                                           : Answer::text("Hi");
  });
  const auto client = served.client("openai");
  const auto result = served.run(read_all(client.stream("m", Messages().user("x"))));
  const auto bodies = served.server.bodies();
  served.server.when([](std::string_view, const nlohmann::json&) {
    return Answer::error(400, "stream_options, and everything else, is wrong");
  });
  const auto refused = served.run(read_all(client.stream("m", Messages().user("x"))));
  REQUIRE_FALSE(result.error);
  CHECK(result.reply.text == "Hi");
  CHECK(result.reply.attempts == 2);
  REQUIRE(bodies.size() == 2);
  REQUIRE(refused.error);
  CHECK(refused.error->kind() == ErrorKind::bad_request);
  CHECK(refused.error->attempts() == 2);
}

TEST_CASE("the time to the first token is kept when the server tells its own times", "[client]")
{
  std::chrono::nanoseconds first{}, at_the_end{};
  Served served;
  served.server.always(Answer::text("").tokens({"a", "b"}, std::chrono::milliseconds(1)));
  auto stream = served.client("ollama").stream("m", Messages().user("x"));
  (void)served.run(stream.next());
  first = stream.reply().timings.first_token;
  (void)served.run(stream.collect());
  at_the_end = stream.reply().timings.first_token;
  CHECK(first.count() > 0);
  CHECK(at_the_end == first);
}

TEST_CASE("what came before a break is given out first, and the break stays", "[client]")
{
  std::string text, first, second;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
      co_await peer->read_request();
      // All in one read: two pieces, and what is no JSON.
      co_await peer->write(stream_head + event("a") + event("b") + "data: <html>\n\n");
      peer->close();
    });
    auto stream = client_of(server.url(), "openai").stream("m", Messages().user("x"));
    for (auto* const kind : {&first, &second})
      try {
        while (const auto delta = co_await stream.next())
          text += delta->text;
      } catch (const Error& error) {
        *kind = std::string(to_string(error.kind())) + ' ' + error.partial_text();
      }
  });
  CHECK(text == "ab");
  CHECK(first == "bad_response ab");
  CHECK(second == first);
}

TEST_CASE("a stream that was closed before its end is not complete", "[client]")
{
  std::string kind, before;
  Served served;
  served.server.always(Answer::text("").tokens({"a", "b"}, std::chrono::hours(1)));
  auto stream = served.client("openai").stream("m", Messages().user("x"));
  (void)served.run(stream.next());
  served.run(stream.close());
  served.run(stream.close());
  try {
    (void)served.run(stream.next());
    kind = "complete";
  } catch (const Error& error) {
    kind = to_string(error.kind());
    before = error.partial_text();
  }
  CHECK(kind == "cancelled");
  CHECK(before == "a");
}

TEST_CASE("the API key is in no text of an error in the middle of a stream", "[client]")
{
  Streamed result;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
      co_await peer->read_request();
      co_await peer->write(
          stream_head + "data: {\"error\":{\"message\":\"no s3cret\",\"code\":\"s3cret\"}}\n\n");
      peer->close();
    });
    const Client client(ClientOptions("openai").base_url(server.url()).api_key("s3cret"));
    auto reading = read_all(client.stream("m", Messages().user("x")));
    result = co_await std::move(reading);
  });
  REQUIRE(result.error);
  const auto& error = *result.error;
  CHECK(error.server_message() == "no ***");
  CHECK(error.server_code() == "***");
  CHECK(std::string(error.what()).find("s3cret") == std::string::npos);
  CHECK(error.body().find("s3cret") == std::string::npos);
}

TEST_CASE("a bare prompt is streamed", "[client]")
{
  Served served;
  served.server.always(Answer::text("").tokens({"a", "b"}));
  const auto result = served.run(read_all(served.client("ollama").stream("m", Prompt("x"))));
  REQUIRE_FALSE(result.error);
  CHECK(result.texts == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a stream that ended well leaves its connection for the next request", "[client]")
{
  for (const std::string provider : {"ollama", "openai"}) {
    Served served;
    const auto client = served.client(provider);
    for (int i = 0; i < 3; ++i) {
      auto stream = client.stream("m", Messages().user("a b c"));
      const auto reply = served.run(stream.collect());
      if (reply.text != "a b c")
        throw std::runtime_error(reply.text);
    }
    const auto stats = served.server.stats();
    CHECK(stats.requests == 3);
    CHECK(stats.connections == 1);
  }
}

TEST_CASE("try_next returns the pieces of one read without suspending", "[client]")
{
  std::string texts;
  int suspended = 0;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
      co_await peer->read_request();
      const auto response = stream_head + event("a") + event("b") + event("c") + stop_event;
      co_await peer->write(response);
      peer->close();
    });
    auto stream = client_of(server.url(), "openai").stream("m", Messages().user("x"));
    while (auto delta = co_await stream.next()) {
      ++suspended;
      for (; delta; delta = stream.try_next())
        texts += delta->text;
    }
  });
  CHECK(texts == "abc");
  CHECK(suspended == 1);
}

TEST_CASE("a stream that ends without its end is incomplete, with the text so far", "[client]")
{
  const auto openai = streamed(stream_head + event("so ") + event("far"));
  REQUIRE(openai.error);
  CHECK(openai.error->kind() == ErrorKind::incomplete);
  CHECK(openai.error->partial_text() == "so far");
  CHECK(openai.texts.size() == 2);

  const auto ollama = streamed(
      "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n"
      "{\"message\":{\"content\":\"so far\"},\"done\":false}\n",
      "ollama");
  REQUIRE(ollama.error);
  CHECK(ollama.error->kind() == ErrorKind::incomplete);
  CHECK(ollama.error->partial_text() == "so far");
}

TEST_CASE(
    "a body cut in its chunks is an error before the finish reason, harmless after it", "[client]")
{
  const auto chunk = [](const std::string& text) {
    std::ostringstream out;
    out << std::hex << text.size() << "\r\n" << text << "\r\n";
    return out.str();
  };
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto cut = streamed(head + chunk(event("a")) + "10\r\ndata:");
  REQUIRE(cut.error);
  CHECK(cut.error->kind() == ErrorKind::incomplete);
  CHECK(cut.error->partial_text() == "a");

  const auto whole = streamed(head + chunk(event("a") + stop_event) + "10\r\ndata:");
  CHECK_FALSE(whole.error);
  CHECK(whole.reply.text == "a");
}

TEST_CASE("a refusal, a whole reply and a page instead of a stream are distinguished", "[client]")
{
  const auto refused = streamed(
      "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\r\n"
      "{\"error\":{\"message\":\"model 'm' not found\"}}");
  REQUIRE(refused.error);
  CHECK(refused.error->kind() == ErrorKind::model_not_found);

  const auto whole = streamed(support::chat_response("whole"));
  CHECK_FALSE(whole.error);
  CHECK(whole.texts == std::vector<std::string>{"whole"});
  CHECK(whole.reply.finish_reason == FinishReason::stop);

  const auto hidden = streamed(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"error\":\"Unexpected "
      "endpoint\"}");
  REQUIRE(hidden.error);
  CHECK(hidden.error->server_message() == "Unexpected endpoint");

  const auto no_event = streamed(stream_head + "{\"error\":{\"message\":\"bad\",\"code\":500}}\n");
  REQUIRE(no_event.error);
  CHECK(no_event.error->server_message() == "bad");

  const auto page =
      streamed("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Log in</html>");
  REQUIRE(page.error);
  CHECK(page.error->kind() == ErrorKind::bad_response);
  CHECK(page.error->body() == "<html>Log in</html>");
}

TEST_CASE("an error in the middle of a stream has its kind and the text so far", "[client]")
{
  const auto result = streamed(
      stream_head + event("so far") +
      "data: {\"error\":{\"message\":\"slow down\",\"code\":429}}\n\n");
  REQUIRE(result.error);
  CHECK(result.error->kind() == ErrorKind::rate_limited);
  CHECK(result.error->partial_text() == "so far");
}

TEST_CASE(
    "a stream sends nothing before the first next, and refuses bad arguments there", "[client]")
{
  Served served;
  const auto client = served.client("openai");
  {
    const auto unused = client.stream("m", Messages().user("x"));
  }
  const auto result = served.run(read_all(client.stream("m", Messages().user(""))));
  const auto error = result.error;
  const auto stats = served.server.stats();
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::invalid_argument);
  CHECK(stats.connections == 0);
}

TEST_CASE("a stream that is destroyed or closed between two calls ends the request", "[client]")
{
  for (const bool close : {false, true}) {
    Served served;
    std::vector<std::string> tokens(1000, "x ");
    served.server.always(Answer::text("").tokens(tokens, std::chrono::milliseconds(5)));
    {
      auto stream = served.client("openai").stream("m", Messages().user("x"));
      (void)served.run(stream.next());
      if (close)
        served.run(stream.close());
    }
    const auto aborted = served.run(
        served.server.until([](const ScriptedServer::Stats& now) { return now.aborted == 1; }));
    CHECK(aborted);
  }
}
