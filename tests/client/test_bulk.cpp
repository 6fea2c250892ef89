// Answers larger than the memory that a connection has of its own: the rest goes through what the
// connections of a loop share.
#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "error_of.hpp"
#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace asyncllm;
using support::Peer;
using support::SocketServer;
using testing::Answer;
using testing::ScriptedServer;

TEST_CASE("large questions and answers at once do not get into each other", "[client]")
{
  std::vector<std::string> questions;
  for (int i = 0; i < 30; ++i)
    questions.push_back(std::string(static_cast<std::size_t>(1 + i * 9973), char('a' + i % 26)));
  std::vector<Reply> replies;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(Answer::echo());
    const Client client(ClientOptions("openai").base_url(server.url() + "/v1"));
    for (int round = 0; round < 2; ++round) {  // the second on connections of the first
      std::vector<asio::awaitable<Reply>> calls;
      for (const auto& question : questions)
        calls.push_back(client.chat("m", Messages().user(question)));
      replies = co_await gather(std::move(calls));
    }
    CHECK(server.stats().connections == 30);
    server.stop();
  });
  REQUIRE(replies.size() == questions.size());
  for (std::size_t i = 0; i < replies.size(); ++i)
    CHECK((replies[i].text == questions[i]));
}

TEST_CASE("a reset after any number of bytes is not the end of an answer", "[client]")
{
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
  const std::string whole = R"({"choices":[{"message":{"content":"a"}}]})";
  // A system reports a reset once: whoever meets it behind a full read must not forget it.
  for (const std::size_t size : {1023U, 1024U, 1025U, 4096U, 65536U, 65537U}) {
    const auto response = head + whole + std::string(size - head.size() - whole.size(), ' ');
    std::optional<Error> error;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
        co_await peer->read_request();
        co_await peer->write(response);
        peer->reset();
      });
      const Client client(ClientOptions("openai").base_url(server.url()));
      auto chat = client.chat("m", Messages().user("x"));
      error = co_await support::awaited_error_of(std::move(chat));
    });
    INFO(size);
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::connection_lost);
  }
}

TEST_CASE("a length that a server makes up is not believed", "[client]")
{
  for (const std::string length : {"1000000000000000", "9223372036854775807"}) {
    std::optional<Error> error;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
        co_await peer->read_request();
        const auto response =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            "Content-Length: " +
            length + "\r\n\r\n{\"cho";
        co_await peer->write(response);
        peer->close();
      });
      const Client client(ClientOptions("openai").base_url(server.url()));
      auto chat = client.chat("m", Messages().user("x"));
      error = co_await support::awaited_error_of(std::move(chat));
    });
    INFO(length);
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::incomplete);
  }
}
