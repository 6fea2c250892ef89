// Redirects over a socket: what a server gets that another one points to.
#include <asyncllm/agent/agent.hpp>
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "error_of.hpp"
#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"
#include "tls_server.hpp"

#include <asio/io_context.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;
using testing::Answer;
using testing::ReceivedRequest;
using testing::ScriptedServer;

namespace {

const std::string secret_key = "sk-a-secret-of-the-tests", chat_path = "/v1/chat/completions";

Answer moved(int status, const std::string& location)
{
  return Answer::status(status, "over there", "text/plain").header("Location", location);
}

ClientOptions options_for(const ScriptedServer& server, bool follows = true)
{
  auto options = ClientOptions("openai").base_url(server.url() + "/v1").api_key(secret_key);
  if (follows)
    options.redirects(Redirects().follow());
  return options;
}

struct Followed {
  Reply reply;
  std::optional<Error> error;

  bool fails(std::string_view words, int status = 307) const
  {
    if (error)
      UNSCOPED_INFO(error->what());
    return error && error->kind() == ErrorKind::bad_response && error->http_status() == status &&
           std::string_view(error->what()).find(words) != std::string_view::npos;
  }
};

asio::awaitable<Followed> follow(
    ClientOptions how, bool streamed = false, RequestOptions options = RequestOptions())
{
  Followed result;
  try {
    const Client client(how);
    options.header("X-My-Own", "k").header("Cookie", "k");
    if (streamed) {
      auto stream = client.stream("m", Messages().user("x"), options);
      result.reply = co_await stream.collect();
    } else {
      auto chat = client.chat("m", Messages().user("x"), options);
      result.reply = co_await std::move(chat);
    }
  } catch (const Error& error) {
    result.error = error;
  }
  co_return result;
}

// On two servers; the first says what the second, or whoever, is asked.
using Play = std::function<asio::awaitable<void>(ScriptedServer&, ScriptedServer&, bool)>;
void play(const Play& body)
{
  for (const bool streamed : {false, true}) {
    INFO((streamed ? "a stream" : "a whole reply"));
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      ScriptedServer first(loop.get_executor()), second(loop.get_executor());
      second.always(Answer::text("from the second"));
      co_await body(first, second, streamed);
      first.stop();
      second.stop();
    });
  }
}

bool holds_secret(const ReceivedRequest& request)
{
  for (const auto& [name, value] : request.headers)
    if (value.find(secret_key) != value.npos || value == "k")
      return true;
  return false;
}

}  // namespace

TEST_CASE("a redirect is not followed unless that is switched on", "[client]")
{
  play([](auto& first, auto& second, bool streamed) -> asio::awaitable<void> {
    for (const int status : {301, 302, 303, 307, 308}) {
      first.push(moved(status, second.url() + "/v2"));
      const auto result = co_await follow(options_for(first, false), streamed);
      CHECK(result.fails(second.url() + "/v2, which is not followed", status));
    }
    CHECK(second.stats().connections == 0);
    CHECK(first.stats().requests == 5);  // none is tried again
  });
}

TEST_CASE("on one server method, body, key and fields go along", "[client]")
{
  play([](auto& first, auto&, bool streamed) -> asio::awaitable<void> {
    for (const int status : {307, 308}) {
      first.push(moved(status, "/v2/chat/completions?a=b"));
      first.push(Answer::text("from there"));
      const auto result = co_await follow(options_for(first), streamed);
      REQUIRE_FALSE(result.error);
      CHECK(result.reply.text == "from there");
      CHECK(result.reply.attempts == 1);  // sent on is not tried again
    }
    REQUIRE(first.requests().size() == 4);
    const auto &one = first.requests()[0], &two = first.requests()[1];
    CHECK(two.target == "/v2/chat/completions?a=b");
    CHECK(one.method == two.method);
    CHECK(one.headers.size() == two.headers.size());
    CHECK(two.headers.find("Authorization") == "Bearer " + secret_key);
    CHECK(two.headers.find("X-My-Own") == "k");
    CHECK(first.bodies()[0] == first.bodies()[1]);
  });
}

TEST_CASE(
    "another server gets the conversation, but no key and none of the user's fields", "[client]")
{
  play([](auto& first, auto& second, bool streamed) -> asio::awaitable<void> {
    first.push(moved(307, second.url() + "/v1/chat/completions"));
    const auto result = co_await follow(options_for(first), streamed);
    REQUIRE_FALSE(result.error);
    CHECK(result.reply.text == "from the second");
    REQUIRE(second.requests().size() == 1);
    const auto& got = second.requests()[0];
    CHECK(holds_secret(first.requests()[0]));
    CHECK_FALSE(holds_secret(got));
    CHECK(got.headers.find("Host") == second.url().substr(7));
    CHECK(got.headers.find("Content-Type") == "application/json");
    CHECK(second.bodies()[0] == first.bodies()[0]);
  });
}

TEST_CASE("the way back through another server brings no key", "[client]")
{
  play([](auto& first, auto& second, bool streamed) -> asio::awaitable<void> {
    first.push(moved(307, second.url() + "/v1/chat/completions"));
    second.push(moved(308, first.url() + "/back/chat/completions"));
    first.push(Answer::text("again"));
    const auto result = co_await follow(options_for(first), streamed);
    REQUIRE_FALSE(result.error);
    CHECK(result.reply.text == "again");
    REQUIRE(first.requests().size() == 2);
    CHECK_FALSE(holds_secret(first.requests()[1]));
  });
}

TEST_CASE("a try after a redirect begins at the first URL, with the key", "[client]")
{
  play([](auto& first, auto& second, bool streamed) -> asio::awaitable<void> {
    first.always(moved(307, second.url() + "/v1/chat/completions"));
    second.push(Answer::error(503, "busy"));
    const auto soon = RequestOptions().retries(RetryPolicy().backoff(1ms, 1ms));
    const auto result = co_await follow(options_for(first), streamed, soon);
    REQUIRE_FALSE(result.error);
    CHECK(result.reply.text == "from the second");
    CHECK(result.reply.attempts == 2);
    REQUIRE(first.requests().size() == 2);
    CHECK(holds_secret(first.requests()[1]));
    CHECK(second.requests().size() == 2);
  });
}

TEST_CASE("a POST is never sent on as a GET, the list of models is", "[client]")
{
  play([](auto& first, auto& second, bool streamed) -> asio::awaitable<void> {
    for (const int status : {301, 302, 303}) {
      first.push(moved(status, second.url() + "/v1/chat/completions"));
      const auto result = co_await follow(options_for(first), streamed);
      CHECK(result.fails("instead of a POST", status));
    }
    CHECK(second.stats().connections == 0);
    first.at("/v1/models", moved(302, second.url() + "/v1/models"));
    const Client client(options_for(first));
    const auto names = co_await client.models();
    CHECK(names == std::vector<std::string>{"scripted"});
    CHECK_FALSE(holds_secret(second.requests().back()));
  });
}

TEST_CASE("circles, long ways, other schemes and users in URLs are not followed", "[client]")
{
  play([](auto& first, auto& second, bool streamed) -> asio::awaitable<void> {
    first.push(moved(307, second.url() + chat_path));
    second.push(moved(307, first.url() + chat_path));
    auto result = co_await follow(options_for(first), streamed);
    CHECK(result.fails("in a circle"));

    const auto before = first.stats().requests;
    for (int i = 0; i < 20; ++i)
      first.push(moved(307, "/" + std::to_string(i) + "/chat/completions"));
    auto few = options_for(first);
    few.redirects(Redirects().follow(3));
    result = co_await follow(few, streamed);
    CHECK(result.fails("after 3 other redirects"));
    CHECK(first.stats().requests == before + 4);

    ScriptedServer odd(co_await asio::this_coro::executor);
    for (const auto* location :
         {"file:///etc/passwd",
          "http+unix://%2Frun%2Fx/v1",
          "/a b",
          "http://me:hidden@127.0.0.1/v1",
          "//me:hidden@h/"}) {
      odd.push(moved(307, location));
      result = co_await follow(options_for(odd), streamed);
      CHECK(result.fails("redirects to"));
      CHECK(std::string(result.error->what()).find("hidden") == std::string::npos);
    }
    odd.stop();
  });
}

TEST_CASE("permits hold for redirected calls too", "[client]")
{
  play([](auto& first, auto& second, bool streamed) -> asio::awaitable<void> {
    first.always(moved(307, second.url() + chat_path));
    const Client client(options_for(first).max_in_flight(1));
    auto holder = client.stream("m", Messages().user("a b c"));
    (void)co_await holder.next();
    auto options = RequestOptions().timeouts(Timeouts().pool_wait(1ms));
    std::optional<ErrorKind> kind;
    try {
      auto chat = client.chat("m", Messages().user("x"), options);
      (void)co_await std::move(chat);
    } catch (const Error& error) {
      kind = error.kind();
    }
    CHECK(kind == ErrorKind::timeout);
    (void)co_await holder.collect();
    (void)streamed;
  });
}

TEST_CASE("an error after a redirect names the target, not the key", "[client]")
{
  play([](auto& first, auto& second, bool streamed) -> asio::awaitable<void> {
    first.always(moved(307, second.url() + "/v9/chat/completions?token=" + secret_key));
    second.always(Answer::error(401, "wrong key"));
    const auto result = co_await follow(options_for(first), streamed);
    REQUIRE(result.error);
    const std::string what = result.error->what();
    INFO(what);
    CHECK(result.error->kind() == ErrorKind::authentication);
    CHECK(what.find("a redirect led to " + second.url() + "/v9/chat") != what.npos);
    CHECK(what.find(secret_key) == what.npos);
  });
}

TEST_CASE("an agent follows redirects where its builder says so", "[client]")
{
  play([](auto& first, auto& second, bool) -> asio::awaitable<void> {
    first.always(moved(308, second.url() + chat_path));
    const auto agent = LlmAgent::builder("a", first.spec("openai", "m"))
                           .with_redirects(Redirects().follow(1))
                           .build();
    const auto reply = co_await agent.send_message_async("x");
    CHECK(reply.text == "from the second");
  });
}

#if defined(ASYNCLLM_WITH_TLS)

TEST_CASE("from https nothing leads to http, over sockets too", "[client]")
{
  const auto certificate = support::make_certificate("DNS:localhost");
  const support::TemporaryFile file(certificate.certificate);
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer plain(loop.get_executor());
    support::TlsServer server(
        loop,
        certificate,
        "HTTP/1.1 307 Moved\r\nConnection: close\r\nContent-Length: 0\r\nLocation: " + plain.url() +
            "/v1\r\n\r\n");
    const auto result =
        co_await follow(ClientOptions("openai")
                            .base_url("https://localhost:" + std::to_string(server.port()))
                            .ca_file(file.path())
                            .redirects(Redirects().follow()));
    CHECK(result.fails("without TLS, which is not followed"));
    CHECK(plain.stats().connections == 0);
    plain.stop();
  });
}

TEST_CASE("a redirect leads to https with the same trust", "[client]")
{
  const auto certificate = support::make_certificate("DNS:localhost");
  const support::TemporaryFile file(certificate.certificate);
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer plain(loop.get_executor());
    support::TlsServer server(
        loop, certificate, support::chat_response("safe", "Connection: close\r\n"));
    const auto there = "https://localhost:" + std::to_string(server.port());
    plain.always(moved(307, there + chat_path));
    auto result = co_await follow(options_for(plain).ca_file(file.path()));
    CHECK(result.reply.text == "safe");
    result = co_await follow(options_for(plain));
    REQUIRE(result.error);
    CHECK(result.error->kind() == ErrorKind::tls_failed);
    plain.stop();
  });
}

#endif
