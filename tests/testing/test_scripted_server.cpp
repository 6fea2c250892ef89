// The server over real sockets: connections, order, overlap, lifetimes.
#include <asyncllm/testing/scripted_server.hpp>

#include "support/on_loop.hpp"
#include "support/raw_http.hpp"
#include "support/test.hpp"

#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <sys/resource.h>
#include <vector>

namespace testing = asyncllm::testing;
using namespace std::chrono_literals;
using asio::awaitable;
using nlohmann::json;
using support::get;
using support::on_loop;
using support::post;
using support::RawClient;
using support::RawResponse;
using testing::Answer;
using testing::ScriptedServer;

namespace {

std::string question(const std::string& text)
{
  return post(
      "/api/chat",
      R"({"model":"m","stream":false,"messages":[{"role":"user","content":")" + text + R"("}]})");
}

std::string answer_of(const RawResponse& response)
{
  return json::parse(response.body)["message"]["content"];
}

}  // namespace

TEST_CASE("a question is answered on a kept connection, again and again")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    RawClient client(loop, server.url());
    for (const char* text : {"one", "two", "three"}) {
      RawResponse response = co_await client.exchange(question(text));
      CHECK(response.status == 200);
      CHECK(answer_of(response) == text);
      CHECK_FALSE(response.has("Connection: close"));
    }
    CHECK(server.stats().connections == 1);
    CHECK(server.stats().requests == 3);
    CHECK(server.bodies().size() == 3);
    CHECK(server.requests()[2].header("HOST") == "localhost");
  });
}

TEST_CASE("pipelined requests are answered in their order")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.push(Answer::text("slow").after(30ms)).push(Answer::text("fast"));
    RawClient client(loop, server.url());
    co_await client.connect();
    co_await client.send(question("a") + question("b") + get("/") + question("c"));
    std::vector<std::string> bodies;
    for (int i = 0; i < 4; ++i) {
      RawResponse response = co_await client.receive();
      bodies.push_back(i == 2 ? response.body : answer_of(response));
    }
    CHECK(bodies == std::vector<std::string>{"slow", "fast", "Ollama is running", "c"});
  });
}

TEST_CASE("a client that pipelines more than is kept in memory has to wait, and is served")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.push(Answer::text("the first").after(20ms));
    server.always(Answer::text("all the others"));
    RawClient client(loop, server.url());
    co_await client.connect();
    std::string requests;
    for (int i = 0; i < 10; ++i)
      requests += question(std::string(500'000, 'x'));
    co_await client.send(requests);
    for (int i = 0; i < 10; ++i) {
      RawResponse response = co_await client.receive();
      CHECK(answer_of(response) == (i == 0 ? "the first" : "all the others"));
    }
  });
}

TEST_CASE("the delays of many connections overlap, and none holds up another")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(Answer::echo().after(1h));
    const auto ask = [&]() -> awaitable<void> {
      RawClient client(loop, server.url());
      co_await client.exchange(question("for ever"));
    };
    for (int i = 0; i < 300; ++i)
      asio::co_spawn(loop, ask(), [](std::exception_ptr) {});
    const bool all = co_await server.until(
        [](const auto& stats) { return stats.connections == 300 && stats.in_flight == 300; }, 30s);
    CHECK(all);
    server.push(Answer::text("at once"));
    RawClient other(loop, server.url());
    RawResponse response = co_await other.exchange(question("now"));
    CHECK(answer_of(response) == "at once");
    const bool done =
        co_await server.until([](const auto& stats) { return stats.in_flight == 300; });
    CHECK(done);
    CHECK(server.stats().max_in_flight == 301);
    server.stop();
  });
}

TEST_CASE("a client that goes away while its answer is delayed is counted as aborted")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(Answer::echo().after(1h));
    for (const bool politely : {true, false}) {
      const std::size_t before = server.stats().aborted;
      RawClient client(loop, server.url());
      co_await client.connect();
      co_await client.send(question("never mind"));
      const bool asked =
          co_await server.until([](const auto& stats) { return stats.in_flight == 1; });
      CHECK(asked);
      politely ? client.close() : client.reset();
      const bool noticed = co_await server.until(
          [before](const auto& stats) { return stats.aborted == before + 1; });
      CHECK(noticed);
      CHECK(server.stats().in_flight == 0);
    }
  });
}

TEST_CASE("a client that goes away in the middle of a stream is counted as aborted")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(Answer::text("one two three").pace(1h));
    RawClient client(loop, server.url());
    co_await client.connect();
    const auto request = post("/api/chat", R"({"model":"m"})");
    co_await client.send(request);
    while (client.received().find("one") == std::string::npos)
      co_await client.read_more();
    client.close();
    const bool noticed =
        co_await server.until([](const auto& stats) { return stats.aborted == 1; });
    CHECK(noticed);
  });
}

TEST_CASE("answered requests are never aborted ones")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    for (int i = 0; i < 5; ++i) {
      RawClient client(loop, server.url());
      co_await client.exchange(question("hello"));
    }
    RawClient silent(loop, server.url());
    co_await silent.connect();
    const bool seen =
        co_await server.until([](const auto& stats) { return stats.connections == 6; });
    CHECK(seen);
    silent.close();
    RawClient last(loop, server.url());
    co_await last.exchange(question("hello"));
    CHECK(server.stats().aborted == 0);
  });
}

TEST_CASE("bytes that are no request get a 400 after the answers before them, and the end")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    RawClient client(loop, server.url());
    co_await client.connect();
    const std::string much(10'000'000, 'x');  // it is read, or the answers would be lost
    co_await client.send(question("fine") + "what is this?\r\n\r\n" + much);
    RawResponse first = co_await client.receive();
    CHECK(first.status == 200);
    RawResponse second = co_await client.receive();
    CHECK(second.status == 400);
    CHECK(second.has("Connection: close"));
    const std::string rest = co_await client.receive_all();
    CHECK(rest.empty());
    CHECK(server.stats().requests == 1);
  });
}

TEST_CASE("a body that is announced with Expect gets a 100 Continue")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    RawClient client(loop, server.url());
    co_await client.connect();
    const std::string request =
        post("/api/chat", R"({"model":"m","stream":false})", "Expect: 100-continue\r\n");
    const auto body = request.find("\r\n\r\n") + 4;
    co_await client.send(request.substr(0, body));
    RawResponse interim = co_await client.receive();
    CHECK(interim.status == 100);
    co_await client.send(request.substr(body));
    RawResponse response = co_await client.receive();
    CHECK(response.status == 200);
  });
}

TEST_CASE("an answer that says so closes the connection")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.push(Answer::text("bye").close());
    RawClient client(loop, server.url());
    RawResponse response = co_await client.exchange(question("hello"));
    CHECK(response.has("Connection: close"));
    const std::string rest = co_await client.receive_all();
    CHECK(rest.empty());
  });
}

TEST_CASE("a stream comes in pieces, at its pace")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.push(Answer::text("").tokens({"a", "b", "c"}, 20ms));
    RawClient client(loop, server.url());
    const auto begin = std::chrono::steady_clock::now();
    RawResponse response = co_await client.exchange(
        post("/v1/chat/completions", R"({"model":"m","messages":[],"stream":true})"));
    CHECK(std::chrono::steady_clock::now() - begin >= 40ms);
    CHECK(response.chunked);
    CHECK(response.body.ends_with("data: [DONE]\n\n"));
  });
}

TEST_CASE("a client that reads slowly gets all of a large answer")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    const std::string large(20'000'000, 'x');
    server.push(Answer::status(200, large, "text/plain"));
    RawClient client(loop, server.url());
    co_await client.connect();
    co_await client.send(question("much"));
    const bool asked =
        co_await server.until([](const auto& stats) { return stats.in_flight == 1; });
    CHECK(asked);
    while (client.received().size() < large.size())
      co_await client.read_more();  // 4 KiB at a time
    RawResponse response = co_await client.receive();
    CHECK(response.body == large);
  });
}

TEST_CASE("a server that is out of descriptors accepts again when there are some")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    RawClient client(loop, server.url());
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    asio::post(loop, [&before] {  // after the client has its socket, before the server accepts
      rlimit none = before;
      none.rlim_cur = 0;
      ::setrlimit(RLIMIT_NOFILE, &none);
    });
    co_await client.connect();
    const bool early =
        co_await server.until([](const auto& stats) { return stats.connections > 0; }, 30ms);
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK_FALSE(early);
    RawResponse response = co_await client.exchange(question("hello"));
    CHECK(answer_of(response) == "hello");
  });
}

TEST_CASE("until ends when its limit passes or the server stops, and rethrows exceptions")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    const bool met = co_await server.until([](const auto&) { return false; }, 1ms);
    CHECK_FALSE(met);

    std::string thrown;
    const auto observe = [&]() -> awaitable<void> {
      try {
        co_await server.until([](const auto& stats) {
          return stats.requests == 0 ? false : throw std::runtime_error("seen");
        });
      } catch (const std::runtime_error& failure) {
        thrown = failure.what();
      }
    };
    asio::co_spawn(loop, observe(), [](std::exception_ptr) {});
    RawClient client(loop, server.url());
    co_await client.exchange(question("hello"));
    CHECK(thrown == "seen");

    asio::post(loop, [&server] { server.stop(); });
    const bool later = co_await server.until([](const auto&) { return false; }, 1h);
    CHECK_FALSE(later);
  });
}

TEST_CASE("stop closes what is open, counts nothing as aborted, and lets run() end")
{
  asio::io_context loop;
  ScriptedServer server(loop.get_executor());
  server.always(Answer::echo().after(1h));
  std::string received = "nothing yet";
  const auto ask = [&]() -> awaitable<void> {
    RawClient client(loop, server.url());
    co_await client.connect();
    co_await client.send(question("hello"));
    received = co_await client.receive_all();
  };
  asio::co_spawn(loop, ask(), [](std::exception_ptr) {});
  const auto stop = [&]() -> awaitable<void> {
    co_await server.until([](const auto& stats) { return stats.in_flight == 1; });
    server.stop();
    server.stop();
  };
  asio::co_spawn(loop, stop(), [](std::exception_ptr) {});
  loop.run();
  CHECK(received.empty());
  CHECK(server.stats().aborted == 0);
  CHECK(server.stats().in_flight == 0);
}

TEST_CASE("a server may be destroyed in any order with its loop")
{
  SECTION("before the loop ever ran")
  {
    asio::io_context loop;
    {
      ScriptedServer server(loop.get_executor());
    }
    loop.run();
  }
  SECTION("with a loop that never runs")
  {
    asio::io_context loop;
    ScriptedServer server(loop.get_executor());
  }
  SECTION("after its loop, which never ran")
  {
    auto loop = std::make_unique<asio::io_context>();
    ScriptedServer server(loop->get_executor());
    loop.reset();
    server.stop();
    CHECK(server.stats().connections == 0);
  }
  SECTION("after its loop, with connections, delays, streams and waiters under way")
  {
    auto loop = std::make_unique<asio::io_context>();
    ScriptedServer server(loop->get_executor());
    server.push(Answer::echo().after(1h)).always(Answer::text("a b c").pace(1h));
    const auto ask = [&](std::string request) -> awaitable<void> {
      RawClient client(*loop, server.url());
      co_await client.exchange(std::move(request));
    };
    asio::co_spawn(*loop, ask(question("delayed")), [](std::exception_ptr) {});
    asio::co_spawn(*loop, ask(post("/api/chat", R"({"model":"m"})")), [](std::exception_ptr) {});
    asio::co_spawn(*loop, ask("POST /half HTTP/1.1\r\n"), [](std::exception_ptr) {});
    asio::co_spawn(
        *loop, server.until([](const auto&) { return false; }), [](std::exception_ptr, bool) {});
    while (server.stats().in_flight < 2 || server.stats().connections < 3)
      loop->run_one();
    loop.reset();
    CHECK(server.stats().in_flight == 0);
  }
  SECTION("before its loop goes on, with connections under way")
  {
    asio::io_context loop;
    auto server = std::make_unique<ScriptedServer>(loop.get_executor());
    server->always(Answer::echo().after(1h));
    std::string received = "nothing yet";
    const auto ask = [&]() -> awaitable<void> {
      RawClient client(loop, server->url());
      co_await client.connect();
      co_await client.send(question("hello"));
      received = co_await client.receive_all();
    };
    asio::co_spawn(loop, ask(), [](std::exception_ptr) {});
    while (server->stats().in_flight < 1)
      loop.run_one();
    server.reset();
    loop.run();
    CHECK(received.empty());
  }
}

TEST_CASE("the function given to when may use the server, and even stop it")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.when([&server](std::string_view, const json&) {
      server.when(nullptr).push(Answer::text("second"));
      return Answer::text("first");
    });
    RawClient client(loop, server.url());
    std::vector<std::string> answers;
    for (int i = 0; i < 3; ++i) {
      RawResponse response = co_await client.exchange(question("third"));
      answers.push_back(answer_of(response));
    }
    CHECK(answers == std::vector<std::string>{"first", "second", "third"});

    server.when([&server](std::string_view, const json&) {
      server.stop();
      return Answer::text("unheard");
    });
    co_await client.send(question("stop"));
    const std::string rest = co_await client.receive_all();
    CHECK(rest.empty());
  });
}
