// https: who is trusted, who is not, and what the errors say.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "error_of.hpp"
#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"
#include "tls_server.hpp"

#include <optional>
#include <string>

#if defined(ASYNCLLM_WITH_TLS)
#  include <openssl/ssl.h>
#endif

using namespace asyncllm;
using support::chat_response;

#if defined(ASYNCLLM_WITH_TLS)

using support::make_certificate;
using support::TemporaryFile;
using support::TlsServer;

namespace {

struct Shaken {
  std::string text, server_name;
  std::optional<Error> error;
};

asio::awaitable<Shaken> ask(std::string url, std::string ca_file, Timeouts timeouts = Timeouts())
{
  Shaken result;
  try {
    const Client client(ClientOptions("openai").base_url(url).ca_file(ca_file));
    auto chat = client.chat("m", Messages().user("x"), RequestOptions().timeouts(timeouts));
    const auto reply = co_await std::move(chat);
    result.text = reply.text;
  } catch (const Error& error) {
    result.error = error;
  }
  co_return result;
}

asio::awaitable<std::string> text_from(Client client)
{
  auto chat = client.chat("m", Messages().user("x"));
  const auto reply = co_await std::move(chat);
  co_return reply.text;
}

struct Server {
  std::string names = "DNS:localhost";
  std::string response = chat_response("secret", "Connection: close\r\n");
  bool truncate = false, outdated = false;
};

Shaken ask_server(const Server& about, const std::string& host, bool trusted = true)
{
  Shaken result;
  const auto certificate = make_certificate(about.names);
  const TemporaryFile file(certificate.certificate);
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    TlsServer server(loop, certificate, about.response, about.truncate, about.outdated);
    const auto url = "https://" + host + ":" + std::to_string(server.port());
    const auto ca_file = trusted ? file.path() : std::string();
    result = co_await ask(url, ca_file);
    result.server_name = server.server_name();
  });
  return result;
}

bool fails(const Shaken& result, ErrorKind kind, std::string_view words)
{
  if (result.error)
    UNSCOPED_INFO(result.error->what());
  return result.error && result.error->kind() == kind &&
         std::string_view(result.error->what()).find(words) != std::string_view::npos;
}

}  // namespace

TEST_CASE("a trusted certificate for the host is accepted, the name is sent", "[client]")
{
  const auto result = ask_server({}, "localhost");
  CHECK(result.text == "secret");
  CHECK(result.server_name == "localhost");
}

TEST_CASE("a certificate for an address is checked as an address, no name is sent", "[client]")
{
  Server server;
  server.names = "IP:127.0.0.1";
  const auto result = ask_server(server, "127.0.0.1");
  CHECK(result.text == "secret");
  CHECK(result.server_name.empty());
  server.names = "DNS:127.0.0.1";
  CHECK(fails(ask_server(server, "127.0.0.1"), ErrorKind::tls_failed, "another host"));
}

TEST_CASE("an untrusted certificate is refused, with advice on how to trust it", "[client]")
{
  CHECK(fails(ask_server({}, "localhost", false), ErrorKind::tls_failed, "with_ca_file"));
}

TEST_CASE("a certificate for another host is refused", "[client]")
{
  Server server;
  server.names = "DNS:other.example";
  CHECK(fails(ask_server(server, "localhost"), ErrorKind::tls_failed, "another host"));
}

TEST_CASE("a certificate that names its host only as common name is refused", "[client]")
{
  Server server;
  server.names = "";
  CHECK(fails(ask_server(server, "localhost"), ErrorKind::tls_failed, "another host"));
}

TEST_CASE("TLS 1.1 is refused", "[client]")
{
  Server server;
  server.outdated = true;
  CHECK(fails(ask_server(server, "localhost"), ErrorKind::tls_failed, "no TLS with localhost"));
}

TEST_CASE("https to a plain port says what is wrong", "[client]")
{
  Shaken result;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    testing::ScriptedServer server(loop.get_executor());
    const auto url = "https" + server.url().substr(4) + "/v1";
    result = co_await ask(url, "");
    server.stop();
  });
  CHECK(fails(result, ErrorKind::tls_failed, "does not speak TLS on this port"));
}

TEST_CASE("an unanswered handshake is ended by the connect timeout", "[client]")
{
  Shaken result;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    support::SocketServer server(
        loop, [](std::shared_ptr<support::Peer> peer, int) -> asio::awaitable<void> {
          co_await peer->read_request();  // waits for a line that a TLS greeting does not have
        });
    const auto url = "https" + server.url().substr(4);
    const auto timeouts = Timeouts().connect(std::chrono::milliseconds(50));
    result = co_await ask(url, "", timeouts);
  });
  CHECK(fails(result, ErrorKind::timeout, "use http://"));
  CHECK(result.error->timeout() == Timeout::connect);
}

TEST_CASE(
    "a body that only the end delimits is whole after close_notify, incomplete without", "[client]")
{
  Server server;
  server.response =
      "HTTP/1.1 200 OK\r\n\r\n"
      R"({"choices":[{"message":{"content":"a"}}]})";
  CHECK(ask_server(server, "localhost").text == "a");
  server.truncate = true;
  CHECK(fails(ask_server(server, "localhost"), ErrorKind::incomplete, "middle of the answer"));
}

TEST_CASE("a new connection resumes the TLS session of an earlier one", "[client]")
{
  const auto certificate = make_certificate("DNS:localhost");
  const TemporaryFile file(certificate.certificate);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION})
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      TlsServer server(loop, certificate, chat_response("x", "Connection: close\r\n"));
      server.speak(version, version);
      const auto url = "https://localhost:" + std::to_string(server.port());
      const Client client(ClientOptions("openai").base_url(url).ca_file(file.path()));
      for (int i = 0; i < 4; ++i) {
        auto chat = client.chat("m", Messages().user("x"));
        const auto reply = co_await std::move(chat);
        CHECK(reply.text == "x");
        CHECK(server.resumed() == i);
      }
    });
}

TEST_CASE("a certificate file that cannot be read is refused at once", "[client]")
{
  const auto options = ClientOptions("openai").base_url("https://h/v1");
  const TemporaryFile none("no PEM");
  for (const auto& path : {std::string("/nonexistent.pem"), none.path()}) {
    auto ca = options, crl = options, certificate = options;
    ca.ca_file(path);
    crl.crl_file(path);
    certificate.client_certificate(path, path);
    for (const auto& wrong : {ca, crl, certificate})
      CHECK(support::fails_with(ErrorKind::invalid_argument, path, [&] { Client{wrong}; }));
  }
  const auto own = make_certificate("DNS:localhost");
  const TemporaryFile certificate_file(own.certificate);
  auto without_key = options;
  without_key.client_certificate(certificate_file.path(), "");
  CHECK(support::fails_with(ErrorKind::invalid_argument, "key", [&] { Client{without_key}; }));
}

// One read of the socket brings two records; the socket is quiet then, TLS is not.
TEST_CASE("surplus in its own TLS record is not an answer to the next request", "[client]")
{
  const auto certificate = make_certificate("DNS:localhost");
  const TemporaryFile file(certificate.certificate);
  std::string first, second;
  int requests = 0;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    TlsServer server(loop, certificate, chat_response("mine"));
    server.add_surplus(chat_response("foreign"));
    const Client client(ClientOptions("openai")
                            .base_url("https://localhost:" + std::to_string(server.port()))
                            .ca_file(file.path()));
    first = co_await text_from(client);
    second = co_await text_from(client);
    requests = server.requests();
  });
  CHECK(first == "mine");
  CHECK(second == "mine");
  CHECK(requests == 2);
}

#else

TEST_CASE("a build without TLS refuses https and says why", "[client]")
{
  CHECK(support::fails_with(ErrorKind::unsupported, "ASYNCLLM_WITH_TLS=ON", [] {
    Client(ClientOptions("openai").base_url("https://h/v1"));
  }));
}

#endif

TEST_CASE("a key goes over plain http only to this machine, unless it is allowed", "[client]")
{
  const auto options = ClientOptions("openai").base_url("http://10.0.0.1/v1").api_key("sk-secret");
  const auto error = support::error_of([&] { Client{options}; });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::invalid_argument);
  CHECK(std::string(error->what()).find("unencrypted") != std::string::npos);
  CHECK(std::string(error->what()).find("sk-secret") == std::string::npos);
  auto allowed = options;
  allowed.key_over_plain_http(true);
  CHECK_NOTHROW(Client(allowed));
  CHECK_NOTHROW(Client(ClientOptions("openai").base_url("http://127.0.0.1/v1").api_key("k")));
  CHECK_NOTHROW(Client(ClientOptions("openai").base_url("http://10.0.0.1/v1")));
}
