// Servers that answer before they have read the whole request.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>

#include "error_of.hpp"
#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;
using support::Peer;
using support::SocketServer;

namespace {

// More than the system keeps for a connection.
const std::string large(24 << 20, 'x');

const std::string refusal =
    "HTTP/1.1 413 Content Too Large\r\nContent-Type: application/json\r\nContent-Length: 32\r\n\r\n"
    R"({"error":{"message":"too much"}})";

struct Result {
  std::optional<Error> error;
  std::string text;
  int connections = 0;
};

template <class Serve>
Result call(Serve serve)
{
  Result result;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    std::vector<std::shared_ptr<Peer>> kept;  // open until the end
    SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
      kept.push_back(peer);
      co_await serve(*peer);
    });
    const Client client(ClientOptions("openai").base_url(server.url()));
    auto options = RequestOptions().timeouts(Timeouts().write(20s).first_byte(20s));
    options.retries(RetryPolicy().max_retries(0));
    try {
      auto chat = client.chat("m", Messages().user(large), std::move(options));
      const auto reply = co_await std::move(chat);
      result.text = reply.text;
    } catch (const Error& error) {
      result.error = error;
    }
    result.connections = server.connections();
  });
  return result;
}

}  // namespace

TEST_CASE("a refusal is read although the server takes no more of the request", "[client]")
{
  const auto result = call([](Peer& peer) { return peer.write(refusal); });
  REQUIRE(result.error);
  INFO(result.error->what());
  CHECK(result.error->kind() == ErrorKind::request_too_large);
  CHECK(result.error->server_message() == "too much");
}

TEST_CASE("a refusal may come in pieces while the request is sent", "[client]")
{
  const auto result = call([](Peer& peer) -> asio::awaitable<void> {
    co_await peer.write(refusal.substr(0, 20));
    co_await peer.write(refusal.substr(20));
    peer.shut_down();
  });
  REQUIRE(result.error);
  CHECK(result.error->kind() == ErrorKind::request_too_large);
}

TEST_CASE("an interim answer does not end the request", "[client]")
{
  const auto result = call([](Peer& peer) -> asio::awaitable<void> {
    co_await peer.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n");
    if (co_await peer.read_request())
      co_await peer.write(support::chat_response("all of it"));
  });
  CHECK_FALSE(result.error);
  CHECK(result.text == "all of it");
}

TEST_CASE("a server that says no more while the request is sent is a lost connection", "[client]")
{
  const auto result = call([](Peer& peer) -> asio::awaitable<void> {
    peer.shut_down();
    co_return;
  });
  REQUIRE(result.error);
  CHECK(result.error->kind() == ErrorKind::connection_lost);
}
