// Calls through tiny proxies: what these see, and what the errors say.
#include <asyncllm/agent/agent.hpp>
#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/core/error.hpp>

#include "cancel_after.hpp"
#include "error_of.hpp"
#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"
#include "tls_server.hpp"

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <array>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

using namespace asyncllm;
using asio::ip::tcp;
using support::chat_response;
using support::says;

namespace {

// Reads a request's head, answers it by `answer`, and connects whom it answers 2xx with `target`.
class TinyProxy {
 public:
  TinyProxy(asio::io_context& loop, std::string answer, tcp::endpoint target)
      : state_(std::make_shared<State>(loop, std::move(answer), target))
  {
    asio::co_spawn(loop, accept(state_), asio::detached);
  }
  ~TinyProxy() { state_->acceptor.close(); }

  std::string address() const
  {
    return "127.0.0.1:" + std::to_string(state_->acceptor.local_endpoint().port());
  }
  const std::string& seen() const { return state_->seen; }
  int connections() const { return state_->connections; }

 private:
  struct State {
    State(asio::io_context& loop, std::string its_answer, tcp::endpoint its_target)
        : acceptor(loop, {asio::ip::address_v4::loopback(), 0}),
          answer(std::move(its_answer)),
          target(its_target)
    {}
    tcp::acceptor acceptor;
    std::string answer, seen;
    tcp::endpoint target;
    int connections = 0;
  };
  using Shared = std::shared_ptr<State>;

  static asio::awaitable<void> accept(Shared state)
  {
    for (;;) {
      asio::error_code error;
      const auto client = std::make_shared<tcp::socket>(state->acceptor.get_executor());
      co_await state->acceptor.async_accept(
          *client, asio::redirect_error(asio::use_awaitable, error));
      if (error)
        co_return;
      ++state->connections;
      asio::co_spawn(client->get_executor(), serve(state, client), asio::detached);
    }
  }

  static asio::awaitable<void> serve(Shared state, std::shared_ptr<tcp::socket> client)
  {
    asio::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    std::string head;
    auto buffer = asio::dynamic_buffer(head);
    co_await asio::async_read_until(*client, buffer, "\r\n\r\n", token);
    state->seen = head;
    co_await asio::async_write(*client, asio::buffer(state->answer), token);
    if (state->answer.find(" 200 ") == std::string::npos || !state->seen.starts_with("CONNECT"))
      co_return;
    const auto server = std::make_shared<tcp::socket>(client->get_executor());
    co_await server->async_connect(state->target, token);
    asio::co_spawn(client->get_executor(), pump(client, server), asio::detached);
    co_await pump(server, client);
  }

  static asio::awaitable<void> pump(
      std::shared_ptr<tcp::socket> from, std::shared_ptr<tcp::socket> to)
  {
    asio::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    std::array<char, 4096> bytes;
    while (!error) {
      const auto size = co_await from->async_read_some(asio::buffer(bytes), token);
      const auto read = asio::buffer(bytes, size);
      if (!error)
        co_await asio::async_write(*to, read, token);
    }
    from->close();
    to->close();
  }

  Shared state_;
};

struct Fetched {
  std::string text;
  std::optional<Error> error;
};

asio::awaitable<Fetched> ask(ClientOptions options)
{
  Fetched result;
  try {
    const Client client(options);
    auto chat = client.chat("m", Messages().user("x"));
    const auto reply = co_await std::move(chat);
    result.text = reply.text;
  } catch (const Error& error) {
    result.error = error;
  }
  co_return result;
}

struct Proxied {
  Fetched result;
  std::string seen, proxy;
};

// A call to `url` through a proxy that answers so. Nobody is at the URL itself.
Proxied through(std::string answer, std::string url, std::string credentials = "")
{
  Proxied proxied;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    TinyProxy proxy(loop, answer, {});
    const auto options =
        ClientOptions("openai").base_url(url).proxy("http://" + credentials + proxy.address());
    proxied.result = co_await ask(options);
    proxied.seen = proxy.seen();
    proxied.proxy = "http://" + proxy.address();
  });
  return proxied;
}

}  // namespace

TEST_CASE("an http request goes to the proxy whole, its target in absolute form", "[client]")
{
  const auto proxied = through(chat_response("hi"), "http://llm.invalid:8080/v1", "al:s3cret@");
  CHECK(proxied.result.text == "hi");
  CHECK(proxied.seen.starts_with(
      "POST http://llm.invalid:8080/v1/chat/completions HTTP/1.1\r\nHost: llm.invalid:8080\r\n"));
  CHECK(proxied.seen.find("\r\nProxy-Authorization: Basic YWw6czNjcmV0\r\n") != std::string::npos);
}

TEST_CASE("a proxy's refusal is an error that names the proxy, without its password", "[client]")
{
#if !defined(ASYNCLLM_WITH_TLS)
  std::cout << "SKIPPED: only https asks a proxy for a connection\n";
  return;
#endif
  struct Case {
    std::string answer, words;
    bool retryable;
  };
  const std::string end = "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  const Case cases[] = {
      {"HTTP/1.1 407 Proxy Authentication Required" + end, "rejected the user", false},
      {"HTTP/1.1 403 Filtered" + end, "refused the connection (403 Filtered)", false},
      {"HTTP/1.1 503 Service Unavailable" + end, "503 Service Unavailable", true},
      {"", "closed the connection", true},
      {"SSH-2.0-OpenSSH\r\n", "not valid HTTP/1.1", false},
  };
  for (const auto& its : cases) {
    INFO(its.answer);
    const auto proxied = through(its.answer, "https://llm.invalid/v1", "al:s3cret@");
    CHECK(says(proxied.result.error, its.words));
    CHECK(says(proxied.result.error, proxied.proxy));
    CHECK_FALSE(says(proxied.result.error, "s3cret"));
    REQUIRE(proxied.result.error);
    CHECK(proxied.result.error->kind() == ErrorKind::connect_failed);
    CHECK(proxied.result.error->retryable() == its.retryable);
  }
  const auto plain = through("HTTP/1.1 407 No" + end, "http://llm.invalid/v1");
  CHECK(
      says(plain.result.error, "rejected the user name and password in its URL, or requires them"));
  CHECK(plain.result.error->kind() == ErrorKind::connect_failed);
}

TEST_CASE("a SOCKS5 proxy gets the host's name, then the request as it is", "[client]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
    std::string asked, request;
    const auto serve = [&]() -> asio::awaitable<void> {
      auto socket = co_await acceptor.async_accept(asio::use_awaitable);
      std::string greeting(3, '\0'), granted("\5\0\0\1\0\0\0\0\0\0", 10);
      co_await asio::async_read(socket, asio::buffer(greeting), asio::use_awaitable);
      co_await asio::async_write(socket, asio::buffer(granted, 2), asio::use_awaitable);
      asked.resize(7 + 11);
      co_await asio::async_read(socket, asio::buffer(asked), asio::use_awaitable);
      co_await asio::async_write(socket, asio::buffer(granted), asio::use_awaitable);
      auto buffer = asio::dynamic_buffer(request);
      co_await asio::async_read_until(socket, buffer, "\"stream\":false}", asio::use_awaitable);
      const auto answer = chat_response("hi", "Connection: close\r\n");
      co_await asio::async_write(socket, asio::buffer(answer), asio::use_awaitable);
    };
    asio::co_spawn(loop, serve(), asio::detached);
    const auto port = std::to_string(acceptor.local_endpoint().port());
    const auto options = ClientOptions("openai")
                             .base_url("http://llm.invalid:1/v1")
                             .proxy("socks5://127.0.0.1:" + port);
    const auto result = co_await ask(options);
    CHECK(result.text == "hi");
    CHECK(asked.substr(5, 11) == "llm.invalid");
    CHECK(request.starts_with("POST /v1/chat/completions HTTP/1.1\r\nHost: llm.invalid:1\r\n"));
  });
}

TEST_CASE("a proxy that is not there is named", "[client]")
{
  support::on_loop([](asio::io_context&) -> asio::awaitable<void> {
    const auto options =
        ClientOptions("openai").base_url("http://llm.invalid/v1").proxy("http://127.0.0.1:1");
    const auto result = co_await ask(options);
    CHECK(says(result.error, "cannot connect to the proxy http://127.0.0.1:1"));
    CHECK(result.error->kind() == ErrorKind::connect_failed);
  });
}

TEST_CASE("a key does not leave the machine through a plain proxy unless it is allowed", "[client]")
{
  auto options = ClientOptions("openai").base_url("http://127.0.0.1/v1").api_key("k");
  CHECK_NOTHROW(Client(options));
  options.proxy("http://127.0.0.1:1");
  CHECK_NOTHROW(Client(options));
  options.proxy("http://10.0.0.1:1");
  CHECK_THROWS_AS(Client(options), Error);
  options.key_over_plain_http(true);
  CHECK_NOTHROW(Client(options));
}

#if defined(ASYNCLLM_WITH_TLS)

namespace {

asio::awaitable<Reply> ask_once(Client client)
{
  auto chat = client.chat("m", Messages().user("x"));
  co_return co_await std::move(chat);
}

}  // namespace

TEST_CASE("https goes through the proxy's tunnel, checked end to end", "[client]")
{
  const auto certificate = support::make_certificate("DNS:llm.invalid");
  const support::TemporaryFile file(certificate.certificate);
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    support::TlsServer server(loop, certificate, chat_response("secret", "Connection: close\r\n"));
    const tcp::endpoint target(
        asio::ip::address_v4::loopback(), static_cast<unsigned short>(server.port()));
    TinyProxy proxy(loop, "HTTP/1.0 200 Connection established\r\n\r\n", target);
    const auto agent = LlmAgent::builder("a", "openai@https://llm.invalid/v1::m")
                           .with_proxy("http://al:pw@" + proxy.address())
                           .with_ca_file(file.path())
                           .with_api_key("sk-key")
                           .build();
    auto call = agent.send_message_async("x");
    const auto reply = co_await std::move(call);
    CHECK(reply.text == "secret");
    CHECK(
        proxy.seen() ==
        "CONNECT llm.invalid:443 HTTP/1.1\r\nHost: llm.invalid:443\r\n"
        "Proxy-Authorization: Basic YWw6cHc=\r\n\r\n");
    CHECK(server.server_name() == "llm.invalid");

    const auto other = ClientOptions("openai")
                           .base_url("https://other.invalid/v1")
                           .proxy("http://" + proxy.address())
                           .ca_file(file.path());
    const auto refused = co_await ask(other);
    CHECK(says(refused.error, "another host"));
  });
}

TEST_CASE(
    "a call through a tunnel, cancelled after any step, gives its reply or cancelled", "[client]")
{
  const auto certificate = support::make_certificate("DNS:llm.invalid");
  const support::TemporaryFile file(certificate.certificate);
  int cancelled = 0;
  bool was_whole = false;
  for (int steps = 1; !was_whole && steps < 1000; ++steps) {
    asio::io_context loop;
    asio::cancellation_signal signal;
    auto server = std::make_unique<support::TlsServer>(
        loop, certificate, chat_response("x", "Connection: close\r\n"));
    const tcp::endpoint target(
        asio::ip::address_v4::loopback(), static_cast<unsigned short>(server->port()));
    auto proxy = std::make_unique<TinyProxy>(loop, "HTTP/1.1 200 OK\r\n\r\n", target);
    const Client client(ClientOptions("openai")
                            .base_url("https://llm.invalid/v1")
                            .proxy("http://" + proxy->address())
                            .ca_file(file.path()));
    bool done = false;
    std::string unexpected;
    asio::co_spawn(
        loop,
        ask_once(client),
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr failure, Reply reply) {
          done = true;
          try {
            if (failure)
              std::rethrow_exception(failure);
            unexpected = reply.text == "x" ? "" : "another reply";
          } catch (const std::system_error& error) {
            unexpected = is_cancelled(error.code()) ? "" : error.what();
            ++cancelled;
          }
        }));
    was_whole = support::cancel_after(steps, loop, signal, done);
    server.reset();
    proxy.reset();
    loop.run();
    INFO("after " << steps << " steps");
    CHECK(unexpected == "");
  }
  CHECK(was_whole);
  CHECK(cancelled > 10);
}

#endif
