// Servers that answer before they have read the whole request.
#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/timeout.hpp>
#include <asyncllm/core/error.hpp>

#include "error_of.hpp"
#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"
#include "tls_server.hpp"

#include <chrono>
#include <functional>
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
std::string large()
{
  return std::string(24 << 20, 'x');
}

const std::string refusal =
    "HTTP/1.1 413 Content Too Large\r\nContent-Type: application/json\r\nContent-Length: 32\r\n\r\n"
    R"({"error":{"message":"too much"}})";

struct Result {
  std::optional<Error> error;
  std::string text;
  int connections = 0;
};

// Sends a large request once.
asio::awaitable<void> send_large(const Client& client, Timeouts timeouts, Result& result)
{
  auto options = RequestOptions().timeouts(timeouts).retries(RetryPolicy().max_retries(0));
  try {
    auto chat = client.chat("m", Messages().user(large()), std::move(options));
    const auto reply = co_await std::move(chat);
    result.text = reply.text;
  } catch (const Error& error) {
    result.error = error;
  }
}

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
    auto sending = send_large(client, Timeouts().write(20s).first_byte(20s), result);
    co_await std::move(sending);
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

#if defined(ASYNCLLM_WITH_TLS)

namespace {

Result call_tls(
    const std::string& response,
    const std::function<void(support::TlsServer&)>& prepare = {},
    const Timeouts& timeouts = Timeouts().write(20s).first_byte(20s),
    bool truncate = false)
{
  Result result;
  const auto certificate = support::make_certificate("DNS:localhost");
  const support::TemporaryFile file(certificate.certificate);
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    support::TlsServer server(loop, certificate, response, truncate);
    if (prepare)
      prepare(server);
    const auto url = "https://localhost:" + std::to_string(server.port());
    const Client client(ClientOptions("openai").base_url(url).ca_file(file.path()));
    auto sending = send_large(client, timeouts, result);
    co_await std::move(sending);
    result.connections = server.requests();
  });
  return result;
}

}  // namespace

TEST_CASE("over https too a refusal is read although no more of the request is taken", "[client]")
{
  const auto result = call_tls(refusal, [](auto& server) { server.stop_reading(); });
  REQUIRE(result.error);
  INFO(result.error->what());
  CHECK(result.error->kind() == ErrorKind::request_too_large);
  CHECK(result.error->server_message() == "too much");
}

TEST_CASE("over https an interim answer does not end the request", "[client]")
{
  const auto result = call_tls(support::chat_response("all of it"), [](auto& server) {
    server.send_first("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n");
  });
  CHECK_FALSE(result.error);
  CHECK(result.text == "all of it");
}

TEST_CASE(
    "over https a server that goes while the request is sent is a lost connection", "[client]")
{
  const auto result = call_tls("", {}, Timeouts().write(20s), true);
  REQUIRE(result.error);
  INFO(result.error->what());
  CHECK(result.error->kind() == ErrorKind::connection_lost);
}

TEST_CASE("over https the write timeout ends a request that the server does not read", "[client]")
{
  const auto result = call_tls(
      "", [](auto& server) { server.stop_reading(); }, Timeouts().write(200ms).first_byte(20s));
  REQUIRE(result.error);
  INFO(result.error->what());
  CHECK(result.error->kind() == ErrorKind::timeout);
  CHECK(result.error->timeout() == Timeout::write);
}

TEST_CASE("over https a request that the server does not read can be cancelled", "[client]")
{
  const auto certificate = support::make_certificate("DNS:localhost");
  const support::TemporaryFile file(certificate.certificate);
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    support::TlsServer server(loop, certificate, "");
    server.stop_reading();
    const auto url = "https://localhost:" + std::to_string(server.port());
    const Client client(ClientOptions("openai").base_url(url).ca_file(file.path()));
    auto chat = client.chat("m", Messages().user(large()));
    auto limited = with_timeout(std::move(chat), 200ms);
    bool is_over = false;
    try {
      (void)co_await std::move(limited);
    } catch (const Error& error) {
      is_over = error.kind() == ErrorKind::timeout;
    }
    CHECK(is_over);
    CHECK(server.requests() == 1);
  });
}

#endif
