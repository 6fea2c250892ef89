// Where faults strike, byte by byte, and what then becomes of the connection.
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "requests.hpp"
#include "support/on_loop.hpp"
#include "support/raw_http.hpp"
#include "support/test.hpp"

#include <string>
#include <vector>

using namespace asyncllm::testing;
using namespace std::chrono_literals;
using asio::awaitable;
using support::get;
using support::on_loop;
using support::post;
using support::RawClient;

namespace {

const std::string streamed =
    post("/api/chat", R"({"model":"m","messages":[{"role":"user","content":"x"}]})");

Playback played(const Answer& answer)
{
  Script script;
  script.push(answer);
  return script.play(parsed(streamed), some_day());
}

// What is sent of "one two three" before the fault.
std::string sent(Fault fault, Framing framing = Framing::chunked)
{
  return all_bytes(played(Answer::text("one two three").framing(framing).fault(std::move(fault))));
}

std::string whole(Framing framing = Framing::chunked)
{
  return all_bytes(played(Answer::text("one two three").framing(framing)));
}

bool ends_with_head(const std::string& bytes)
{
  return bytes.find("\r\n\r\n") + 4 == bytes.size();
}

}  // namespace

TEST_CASE("what is sent before a fault is the beginning of the answer")
{
  for (const auto framing : {Framing::chunked, Framing::length, Framing::close}) {
    const auto all = whole(framing);
    std::size_t last = 0;
    for (const auto phase :
         {Phase::before_head,
          Phase::status_line,
          Phase::head,
          Phase::after_head,
          Phase::between_pieces,
          Phase::chunk_size,
          Phase::piece,
          Phase::end,
          Phase::idle}) {
      const auto part = sent(Fault::cut(phase), framing);
      CHECK(all.starts_with(part));
      CHECK(part.size() >= last);
      last = part.size();
      CHECK(sent(Fault::reset(phase), framing) == part);
      CHECK(sent(Fault::stall(phase), framing) == part);
      CHECK(sent(Fault::garbage(phase, "?!"), framing) == part + "?!");
      if (phase != Phase::idle)
        CHECK(sent(Fault::drip(phase), framing) == all);
    }
    CHECK(last == all.size());
  }
}

TEST_CASE("each phase is where its name says")
{
  CHECK(sent(Fault::cut(Phase::before_head)).empty());
  CHECK(sent(Fault::cut(Phase::status_line)) == "HTTP/1.1 2");
  const auto head = sent(Fault::cut(Phase::head));
  CHECK(head.starts_with("HTTP/1.1 200 OK\r\nC"));
  CHECK_FALSE(head.ends_with("\n"));
  CHECK(ends_with_head(sent(Fault::cut(Phase::after_head))));

  const auto between = sent(Fault::cut(Phase::between_pieces));
  CHECK(between.find("one") != between.npos);
  CHECK(between.ends_with("}\n\r\n"));
  CHECK(sent(Fault::cut(Phase::chunk_size)).size() == between.size() + 1);
  CHECK(sent(Fault::cut(Phase::piece)).size() > between.size() + 10);
  CHECK(sent(Fault::cut(Phase::end)) + "0\r\n\r\n" == whole());
  CHECK(sent(Fault::cut(Phase::end), Framing::length) == whole(Framing::length));
  CHECK(
      sent(Fault::cut(Phase::chunk_size), Framing::close) ==
      sent(Fault::cut(Phase::between_pieces), Framing::close));
}

TEST_CASE("a whole answer has phases too")
{
  const auto body = [](Phase phase) {
    const auto bytes =
        all_bytes(played(Answer::status(200, "12345678", "text/plain").fault(Fault::cut(phase))));
    return bytes.substr(bytes.find("\r\n\r\n") + 4);
  };
  CHECK(body(Phase::after_head).empty());
  CHECK(body(Phase::between_pieces) == "1234");
  CHECK(body(Phase::piece) == "123456");
  CHECK(body(Phase::end) == "12345678");
  for (const auto phase : {Phase::after_head, Phase::piece, Phase::end})
    CHECK(ends_with_head(all_bytes(played(Answer::status(204, "").fault(Fault::cut(phase))))));
}

TEST_CASE("the framing of an answer can be chosen")
{
  const auto bytes = [](Answer answer, Framing framing) {
    return all_bytes(played(answer.framing(framing)));
  };
  auto chunked = bytes(Answer::status(200, "12345678", "text/plain"), Framing::chunked);
  CHECK(chunked.ends_with("4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n"));
  CHECK(support::cut_response(chunked).body == "12345678");
  auto empty = bytes(Answer::status(200, "", "text/plain"), Framing::chunked);
  CHECK(support::cut_response(empty).body.empty());
  auto length = bytes(Answer::text("one two"), Framing::length);
  CHECK(support::cut_response(length).body.find("two") != std::string::npos);
  CHECK(length.empty());
  const auto close = played(Answer::text("one two").framing(Framing::close));
  CHECK(close.ending == Ending::close);
  CHECK(all_bytes(close).find("Connection: close\r\n\r\n{") != std::string::npos);
}

TEST_CASE("a dripping answer is sent byte by byte, so far apart")
{
  const auto slow = played(Answer::text("one").fault(Fault::drip(Phase::after_head, 3ms)));
  const auto size = whole().size();
  CHECK(slow.steps.size() > 100);
  CHECK(slow.steps.size() < size);
  CHECK(slow.steps.back().bytes.size() == 1);
  CHECK(slow.steps.back().delay == 3ms);
  CHECK(slow.ending == Ending::keep);
}

TEST_CASE("a fault in the wrong phase is refused")
{
  for (const auto phase : {Phase::accept, Phase::request}) {
    CHECK_THROWS_AS(Answer::text("").fault(Fault::cut(phase)), asyncllm::Error);
    CHECK_THROWS_AS(Fault::drip(phase), asyncllm::Error);
  }
  CHECK_THROWS_AS(Fault::drip(Phase::idle), asyncllm::Error);
  CHECK_THROWS_AS(Fault::drip(Phase::head, -1ms), asyncllm::Error);
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    CHECK_THROWS_AS(server.push(Fault::cut(Phase::head)), asyncllm::Error);
    co_return;
  });
}

TEST_CASE("a cut is an orderly end, a reset is none, and garbage comes before one")
{
  const auto received = [](Fault fault) {
    std::string bytes;
    on_loop([&](asio::io_context& loop) -> awaitable<void> {
      ScriptedServer server(loop.get_executor());
      server.push(Answer::text("one two").fault(fault));
      RawClient client(loop, server.url());
      co_await client.connect();
      co_await client.send(streamed);
      bytes = co_await client.receive_all();
    });
    return bytes;
  };
  CHECK(ends_with_head(received(Fault::cut(Phase::after_head))));
  CHECK(received(Fault::garbage(Phase::before_head, "garbage")) == "garbage");
  CHECK(received(Fault::cut(Phase::idle)).ends_with("0\r\n\r\n"));
  CHECK(received(Fault::garbage(Phase::idle, "more")).ends_with("0\r\n\r\nmore"));
}

TEST_CASE("a stall lasts until the client goes, which the server notices")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.push(Answer::text("one two").fault(Fault::stall(Phase::before_head)));
    RawClient client(loop, server.url());
    co_await client.connect();
    co_await client.send(streamed);
    const bool began =
        co_await server.until([](const auto& stats) { return stats.in_flight == 1; });
    CHECK(began);
    client.close();
    const bool ended = co_await server.until([](const auto& stats) { return stats.aborted == 1; });
    CHECK(ended);
    CHECK(server.stats().in_flight == 0);
  });
}

TEST_CASE("a stall when idle lasts until the next request, which is closed upon")
{
  on_loop([](asio::io_context& loop) -> awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.push(Answer::text("one").fault(Fault::stall(Phase::idle)));
    RawClient client(loop, server.url());
    const auto first = co_await client.exchange(streamed);
    CHECK(first.status == 200);
    CHECK(server.stats().in_flight == 0);
    co_await client.send(streamed);
    const auto rest = co_await client.receive_all();
    CHECK(rest.empty());
    CHECK(server.stats().requests == 1);
  });
}

TEST_CASE("a connection can fail before any answer, and only that one does")
{
  for (const auto phase : {Phase::accept, Phase::request})
    on_loop([&](asio::io_context& loop) -> awaitable<void> {
      ScriptedServer server(loop.get_executor());
      server.push(Fault::cut(phase)).push(Fault::garbage(phase, "x")).push(Fault::reset(phase));
      for (const std::string expected : {"", "x", ""}) {
        RawClient client(loop, server.url());
        co_await client.connect();
        if (phase == Phase::request)
          co_await client.send("POST / HT");
        const auto bytes = co_await client.receive_all();
        CHECK(bytes == expected);
      }
      RawClient client(loop, server.url());
      const auto response = co_await client.exchange(get("/"));
      CHECK(response.status == 200);
      CHECK(server.stats().connections == 4);
      CHECK(server.stats().requests == 1);
    });
}
