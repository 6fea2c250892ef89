// Answers that a gateway compressed although nobody asked for it.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>

#include "compressed.hpp"
#include "error_of.hpp"
#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

using namespace asyncllm;
using support::Peer;
using support::SocketServer;

namespace {

struct Outcomes {
  Reply whole, streamed;
  std::optional<Error> whole_error, stream_error;
  int connections = 0;
};

std::string compressed_answer(const std::string& fields, const std::string& body, int status = 200)
{
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A chat, then a stream, with a server that sends these answers in pieces of `piece` bytes.
Outcomes ask(const std::string& to_chat, const std::string& to_stream, std::size_t piece = 100'000)
{
  Outcomes outcomes;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    int requests = 0;
    SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
      while (co_await peer->read_request()) {
        const auto& response = requests++ == 0 ? to_chat : to_stream;
        for (std::size_t at = 0; at < response.size(); at += piece)
          co_await peer->write(response.substr(at, piece));
      }
    });
    const Client client(ClientOptions("openai").base_url(server.url()));
    const auto options = RequestOptions().retries(RetryPolicy().max_retries(0));
    try {
      auto chat = client.chat("m", Messages().user("x"), options);
      outcomes.whole = co_await std::move(chat);
    } catch (const Error& error) {
      outcomes.whole_error = error;
    }
    auto stream = client.stream("m", Messages().user("x"), options);
    try {
      auto all = stream.collect();
      outcomes.streamed = co_await std::move(all);
    } catch (const Error& error) {
      outcomes.stream_error = error;
    }
    outcomes.connections = server.connections();
  });
  return outcomes;
}

const std::string chat_body =
    R"({"choices":[{"message":{"content":"Hello."},"finish_reason":"stop"}]})";
const std::string stream_body =
    "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"lo.\"},\"finish_reason\":\"stop\"}]}\n\n"
    "data: [DONE]\n\n";
const std::string json_fields = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
const std::string event_fields = "Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\n";

}  // namespace

#if defined(ASYNCLLM_WITH_ZLIB)

TEST_CASE("a compressed answer is decoded, whole or streamed, and its connection kept", "[client]")
{
  const auto to_chat = compressed_answer(json_fields, support::compressed(chat_body));
  const auto to_stream = compressed_answer(event_fields, support::compressed(stream_body));
  for (const std::size_t piece : {1U, 7U, 100'000U}) {
    INFO(piece);
    const auto outcomes = ask(to_chat, to_stream, piece);
    CHECK(outcomes.whole.text == "Hello.");
    CHECK(outcomes.streamed.text == "Hello.");
    CHECK(outcomes.connections == 1);
  }
}

TEST_CASE("a compressed error has its message", "[client]")
{
  const auto refusal = compressed_answer(
      json_fields, support::compressed(R"({"error":{"message":"no such thing"}})"), 400);
  const auto outcomes = ask(refusal, refusal);
  for (const auto& error : {outcomes.whole_error, outcomes.stream_error}) {
    REQUIRE(error);
    CHECK(error->http_status() == 400);
    CHECK(error->server_message() == "no such thing");
  }
}

TEST_CASE("a compressed body that breaks off is incomplete, with the text so far", "[client]")
{
  // HTTP says that the body is whole; only gzip's own end is missing.
  const auto body = support::compressed(stream_body.substr(0, stream_body.find("\n\n") + 2));
  const auto outcomes =
      ask(compressed_answer(json_fields, support::compressed(chat_body).substr(0, 60)),
          compressed_answer(event_fields, body.substr(0, body.size() - 8)));
  REQUIRE(outcomes.whole_error);
  CHECK(outcomes.whole_error->kind() == ErrorKind::incomplete);
  REQUIRE(outcomes.stream_error);
  CHECK(outcomes.stream_error->kind() == ErrorKind::incomplete);
  CHECK(outcomes.stream_error->partial_text() == "Hel");
}

TEST_CASE("a small body that inflates beyond the limit is refused", "[client]")
{
  std::optional<Error> error;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    const auto bomb = support::compressed(std::string(std::size_t{8} << 20, ' '));
    REQUIRE(bomb.size() < 64 * 1024);
    SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
      co_await peer->read_request();
      co_await peer->write(compressed_answer(json_fields, bomb));
      co_await peer->read_request();
    });
    const Client client(ClientOptions("openai")
                            .base_url(server.url())
                            .limits(Limits().body_bytes(std::size_t{1} << 20)));
    auto chat = client.chat("m", Messages().user("x"));
    error = co_await support::awaited_error_of(std::move(chat));
  });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::response_too_large);
}

#endif

TEST_CASE("an unknown Content-Encoding is named in the error", "[client]")
{
  auto fields = json_fields;
  fields.replace(fields.find("gzip"), 4, "zstd");
  const auto refused = compressed_answer(fields, "\x28\xb5\x2f\xfd\x04\x00");
  const auto outcomes = ask(refused, refused);
  for (const auto& error : {outcomes.whole_error, outcomes.stream_error}) {
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::bad_response);
    CHECK(std::string_view(error->what()).find("zstd") != std::string_view::npos);
  }
}

TEST_CASE("plain text under a wrong Content-Encoding is read as it is", "[client]")
{
  const auto outcomes =
      ask(compressed_answer(json_fields, chat_body), compressed_answer(event_fields, stream_body));
  CHECK(outcomes.whole.text == "Hello.");
  CHECK(outcomes.streamed.text == "Hello.");
  CHECK(outcomes.connections == 1);
}
