// Keys and passwords appear in no text of any error, however a server or proxy repeats them.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/core/outcome.hpp>
#include <asyncllm/model/model_spec.hpp>

#include "error_of.hpp"
#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace asyncllm;
using support::Peer;
using support::SocketServer;

namespace {

const std::string key = "sk-Zq8xW3vT9mK2pL7nR4cY6bD1";
const std::string password = "g7!hT/2wQ9 zL\"5";
const std::string password_in_url = "g7%21hT%2F2wQ9%20zL%225";
const std::string basic = "bWFyaWE6ZzchaFQvMndROSB6TCI1";  // maria:password
const std::string token = "tok-9f8e7d6c5b4a3f2e1d0c";

// All of them, as a server may write them into JSON.
const std::string echo =
    key + " " + token + " g7!hT/2wQ9 zL\\\"5 " + password_in_url + " Basic " + basic;

bool holds_part(std::string_view text, std::string_view secret)
{
  constexpr std::size_t length = 8;
  for (std::size_t at = 0; at + length <= secret.size(); ++at)
    if (text.find(secret.substr(at, length)) != text.npos)
      return true;
  return false;
}

// The first text that holds eight characters of a secret in a row; "" if none does.
std::string leak_in(const Error& error)
{
  const auto outcome = Outcome<int>::failure(std::make_exception_ptr(error));
  for (const std::string& text :
       {std::string(error.what()),
        std::string(error.message()),
        error.server_message(),
        error.server_code(),
        error.server_type(),
        error.server_param(),
        error.request_id(),
        error.body(),
        outcome.error_message()})
    for (const auto& secret : {key, token, password, password_in_url, basic})
      if (holds_part(text, secret))
        return text;
  return error.partial_text().find(key) == std::string::npos ? "" : error.partial_text();
}

std::string response(const std::string& first_line, const std::string& body)
{
  return "HTTP/1.1 " + first_line +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

std::string stream(const std::string& body)
{
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + body;
}

// What fails a call with `said` in it.
std::vector<std::string> failures(const std::string& said)
{
  const auto error = R"({"error":{"message":")" + said + R"(","type":")" + said + R"(","code":")" +
                     said + R"(","param":")" + said + "\"}}";
  const auto event = R"({"type":"error","error":{"type":"api_error","message":")" + said + "\"}}";
  return {
      response("401 Unauthorized", error),
      response("500 Oops", error),
      response("429 Slow", R"({"error":{"message":"x","metadata":{"raw":")" + said + "\"}}}"),
      response("403 " + said.substr(0, 3000), ""),
      response("400 Bad", said),
      response("502 Bad", "<html><body>" + said + "</body></html>"),
      response("200 OK", "<html><body>" + said + "</body></html>"),
      response("200 OK", said),
      response("200 OK", error),
      response("200 OK", R"({"detail":")" + said + "\"}"),
      response("200 OK", R"({"content":)" + said),
      response(
          "307 Away\r\nLocation: http://127.0.0.1:1/" + key + "\r\nx-request-id: " + token, ""),
      response("401 No\r\nrequest-id: " + key, error),
      stream("event: error\ndata: " + event + "\n\n"),
      stream("data: " + said + "\n\n"),
      stream(said + "\n\n"),
      said.substr(0, 3000) + "\r\n\r\n",
  };
}

struct Caught {
  std::optional<Error> error;
  std::vector<Error> before_retries;
};

Caught call(const std::string& answer, bool streamed)
{
  Caught caught;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
      co_await peer->read_request();
      co_await peer->write(answer);
      peer->close();
    });
    auto url = server.url();
    url.insert(url.find("://") + 3, "maria:" + password_in_url + "@");
    const Client client(ClientOptions("anthropic").base_url(url).api_key(key));
    auto options =
        RequestOptions()
            .header("X-Team-Token", token)
            .retries(RetryPolicy().max_retries(1).backoff(
                std::chrono::milliseconds(1), std::chrono::milliseconds(1)))
            .on_retry([&](const Retry& retry) { caught.before_retries.push_back(retry.error); })
            .wire_streaming(streamed);
    auto chat = client.chat("m", Messages().user("x"), std::move(options));
    caught.error = co_await support::awaited_error_of(std::move(chat));
  });
  return caught;
}

}  // namespace

TEST_CASE("no error holds eight characters of a secret in a row", "[client]")
{
  int calls = 0, retries = 0;
  // So that each bound on a text cuts through a secret.
  for (const std::size_t before : {0U, 180U, 4070U, 65490U})
    for (const auto& answer : failures(std::string(before, 'x') + ' ' + echo))
      for (const bool streamed : {false, true}) {
        INFO(before);
        INFO(answer.substr(0, 400));
        const auto caught = call(answer, streamed);
        REQUIRE(caught.error);
        CHECK(leak_in(*caught.error).empty());
        for (const auto& error : caught.before_retries)
          CHECK(leak_in(error).empty());
        ++calls;
        retries += static_cast<int>(caught.before_retries.size());
      }
  CHECK(calls == 4 * 17 * 2);
  CHECK(retries > 10);
}

TEST_CASE("a proxy's password appears in no error", "[client]")
{
  for (const auto& answer : failures(echo)) {
    std::optional<Error> error;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
        co_await peer->read_request();
        co_await peer->write(answer);
        peer->close();
      });
      auto proxy = server.url();
      proxy.insert(proxy.find("://") + 3, "maria:" + password_in_url + "@");
      auto options = ClientOptions("openai").api_key(key).proxy(proxy);
#if defined(ASYNCLLM_WITH_TLS)
      options.base_url("https://host.invalid/v1");
#else
      options.base_url("http://host.invalid/v1").key_over_plain_http(true);
#endif
      const Client client(options);
      auto call_options =
          RequestOptions().header("Cookie", token).retries(RetryPolicy().max_retries(0));
      auto chat = client.chat("m", Messages().user("x"), std::move(call_options));
      error = co_await support::awaited_error_of(std::move(chat));
    });
    INFO(answer.substr(0, 400));
    REQUIRE(error);
    CHECK(leak_in(*error).empty());
  }
}

TEST_CASE("an invalid URL or spec is not quoted with its password", "[client]")
{
  const auto of_url = [](const std::string& url) {
    return support::error_of([&] { Client(ClientOptions("openai").base_url(url).api_key(key)); });
  };
  const auto of_provider = [](const std::string& provider) {
    return support::error_of([&] { Client{ClientOptions(provider)}; });
  };
  const auto of_proxy = [](const std::string& url) {
    return support::error_of(
        [&] { Client(ClientOptions("openai").base_url("http://127.0.0.1:1/v1").proxy(url)); });
  };
  const auto of_spec = [](const std::string& spec) {
    return support::error_of([&] { ModelSpec::parse(spec); });
  };
  const std::string user = "maria:" + token + "@";
  for (const auto& error :
       {of_url("http://" + user + "host:99999/v1"),
        of_url("ftp://" + user + "host/v1"),
        of_url("http://" + user + "ho st/v1"),
        of_url("http://maria:" + token + "%zz@host/v1"),
        of_provider("http://" + user + "host"),
        of_proxy("ftp://" + user + "host:1"),
        of_proxy("http://" + user + "host:99999"),
        of_spec("http://" + user + "host/v1::m"),
        of_spec("openai@http://" + user + "host/v1"),
        of_spec("http://" + user + "host/v1"),
        of_spec(user + "host")}) {
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::invalid_argument);
    INFO(error->what());
    CHECK(leak_in(*error).empty());
  }
}

TEST_CASE("a user's header replaces the library's, and is sent once", "[client]")
{
  std::string first, second;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
      co_await peer->read_request();
      first = std::exchange(second, peer->last_request());
      co_await peer->write(support::chat_response("hi", "Connection: close\r\n"));
      peer->close();
    });
    const Client client(ClientOptions("openai").base_url(server.url()).api_key(key));
    const auto agents = RequestOptions()
                            .header("authorization", "Bearer mine")
                            .header("USER-AGENT", "me/1")
                            .header("x-tag", "a")
                            .header("X-Tag", "b");
    auto options = agents;
    for (int i = 0; i < 2; ++i) {
      auto chat = client.chat("m", Messages().user("x"), options);
      co_await std::move(chat);
      options.override_with(RequestOptions().header("X-TAG", "c").header("Content-Type", "text/x"));
    }
  });
  const auto count = [](const std::string& text, std::string_view name) {
    std::string lower = text;
    std::ranges::transform(lower, lower.begin(), [](char c) { return detail::to_lower(c); });
    int times = 0;
    for (auto at = lower.find(name); at != lower.npos; at = lower.find(name, at + 1))
      ++times;
    return times;
  };
  for (const auto& request : {first, second}) {
    INFO(request);
    CHECK(count(request, "\r\nauthorization:") == 1);
    CHECK(request.find("authorization: Bearer mine\r\n") != request.npos);
    CHECK(request.find(key) == request.npos);
    CHECK(count(request, "\r\nuser-agent:") == 1);
    CHECK(request.find("USER-AGENT: me/1\r\n") != request.npos);
    CHECK(count(request, "\r\ncontent-type:") == 1);
    CHECK(request.starts_with("POST /chat/completions HTTP/1.1\r\nHost: 127.0.0.1:"));
  }
  CHECK(first.find("x-tag: a\r\nX-Tag: b\r\n") != first.npos);
  CHECK(count(second, "\r\nx-tag:") == 1);
  CHECK(second.find("X-TAG: c\r\n") != second.npos);
  CHECK(second.find("Content-Type: text/x\r\n") != second.npos);
}

TEST_CASE("a chat that another client prepared is refused", "[client]")
{
  const auto options = ClientOptions("openai").base_url("http://127.0.0.1:1");
  const Client client(options), other(options);
  const Client copy = client;
  const auto chat = client.prepare("m", Messages().system("s"));
  const auto ask = [&](const Client& asked) {
    return support::error_of([&] { static_cast<void>(asked.chat(chat, "x")); });
  };
  CHECK_FALSE(ask(client));
  CHECK_FALSE(ask(copy));
  REQUIRE(ask(other));
  CHECK(ask(other)->kind() == ErrorKind::invalid_argument);
  CHECK(support::fails_with(
      ErrorKind::invalid_argument, "another client", [&] { other.stream(chat, "x"); }));
}

TEST_CASE("an error after several tries says how many", "[client]")
{
  const auto caught = call(response("500 Oops", R"({"error":{"message":"x"}})"), false);
  REQUIRE(caught.error);
  CHECK(caught.error->attempts() == 2);
  CHECK(std::string_view(caught.error->what()).find("tried 2 times") != std::string_view::npos);
}
