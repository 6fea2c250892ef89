// Ways to a server, and what stands in them.
#include <asyncllm/agent/agent.hpp>
#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "black_hole.hpp"
#include "error_of.hpp"
#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read_until.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#if defined(__linux__)
#  include <dlfcn.h>
#  include <netdb.h>
#  include <sys/resource.h>
#  include <unistd.h>
#endif

using namespace asyncllm;
using support::says;
using testing::Answer;
using testing::ScriptedServer;
using namespace std::chrono_literals;

namespace {}  // namespace

TEST_CASE("an address that never answers is ended by the connect timeout", "[client]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    const support::BlackHole dead(loop);
    const Client client(ClientOptions("openai").base_url(dead.url()));
    const auto options = RequestOptions().timeouts(Timeouts().connect(50ms));
    auto call = client.chat("m", Messages().user("x"), options);
    const auto error = co_await support::awaited_error_of(std::move(call));
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::timeout);
    CHECK(error->timeout() == Timeout::connect);
    CHECK(says(error, dead.url().substr(7)));
  });
}

TEST_CASE("a Unix socket is a server like any other", "[client]")
{
  std::string request;
  std::string texts;
  std::string folder = (std::filesystem::temp_directory_path() / "asyncllm-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()));
  const auto path = folder + "/llm.sock";
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    asio::local::stream_protocol::acceptor acceptor(loop, path);
    const auto serve = [&]() -> asio::awaitable<void> {
      auto socket = co_await acceptor.async_accept(asio::use_awaitable);
      for (int i = 0; i < 2; ++i) {  // both on the one connection
        std::string received;
        auto buffer = asio::dynamic_buffer(received);
        co_await asio::async_read_until(socket, buffer, "\"stream\":false}", asio::use_awaitable);
        request = received;
        const auto answer = support::chat_response("hi");
        co_await asio::async_write(socket, asio::buffer(answer), asio::use_awaitable);
      }
    };
    asio::co_spawn(loop, serve(), asio::detached);
    auto escaped = path;
    for (auto slash = escaped.find('/'); slash != escaped.npos; slash = escaped.find('/'))
      escaped.replace(slash, 1, "%2F");
    const auto agent = LlmAgent::builder("a", "openai@http+unix://" + escaped + "/v1::m")
                           .with_api_key("k")
                           .build();
    for (int i = 0; i < 2; ++i) {
      auto call = agent.send_message_async("x");
      const auto reply = co_await std::move(call);
      texts += reply.text;
    }
  });
  CHECK(texts == "hihi");
  CHECK(request.starts_with("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"));

  support::on_loop([&](asio::io_context&) -> asio::awaitable<void> {
    std::filesystem::remove_all(folder);
    const Client client(ClientOptions("openai").base_url("http+unix://%2Fnowhere%2Fllm.sock/v1"));
    auto call = client.chat("m", Messages().user("x"));
    const auto error = co_await support::awaited_error_of(std::move(call));
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::connect_failed);
    CHECK(says(error, "/nowhere/llm.sock: No such file"));
  });
}

#if defined(__linux__)

namespace {

// What the resolver below does; it runs on a thread of Asio's.
std::atomic<bool> is_stuck{false};
std::atomic<int> look_ups{0};

}  // namespace

// Stands in for the system's: a program's own function wins over the library's.
extern "C" int getaddrinfo(
    const char* host, const char* service, const addrinfo* hints, addrinfo** result)
{
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  const std::string_view name = host ? host : "";
  if (name.ends_with(".llm.test"))  // hosts of the TLS cases (test_tls_cases.cpp)
    return real("127.0.0.1", service, hints, result);
  if (!name.ends_with(".example"))
    return real(host, service, hints, result);
  ++look_ups;
  is_stuck.wait(true);
  return name == "here.example" ? real("127.0.0.1", service, hints, result) : EAI_NONAME;
}

TEST_CASE("a resolver that hangs blocks neither the loop nor the call", "[client]")
{
  is_stuck = true;
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    const Client lost(ClientOptions("openai").base_url("http://here.example:9"));
    const auto options = RequestOptions().timeouts(Timeouts().connect(50ms));
    auto call = lost.chat("m", Messages().user("x"), options);
    const auto error = co_await support::awaited_error_of(std::move(call));
    REQUIRE(error);
    CHECK(error->timeout() == Timeout::connect);
    CHECK(look_ups == 1);  // and it hangs still

    const Client client(ClientOptions("openai").base_url(server.url() + "/v1"));
    auto other = client.chat("m", Messages().user("hi"));
    const auto reply = co_await std::move(other);
    CHECK(reply.text == "hi");
    server.stop();
    is_stuck = false;
    is_stuck.notify_all();
  });
}

TEST_CASE("calls that look for the same host at the same time look once", "[client]")
{
  look_ups = 0;
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    const auto port = server.url().substr(server.url().rfind(':'));
    const Client client(ClientOptions("openai").base_url("http://here.example" + port + "/v1"));
    std::vector<asio::awaitable<Reply>> calls;
    for (int i = 0; i < 50; ++i)
      calls.push_back(client.chat("m", Messages().user("hi")));
    const auto replies = co_await gather(std::move(calls));
    CHECK(replies.size() == 50);
    CHECK(look_ups == 1);
    server.stop();
  });
}

TEST_CASE("an unknown host is resolve_failed with its name", "[client]")
{
  support::on_loop([](asio::io_context&) -> asio::awaitable<void> {
    const Client client(ClientOptions("openai").base_url("http://nowhere.example/v1"));
    auto call = client.chat("m", Messages().user("x"));
    const auto error = co_await support::awaited_error_of(std::move(call));
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::resolve_failed);
    CHECK(says(error, "nowhere.example:80: Host not found"));
  });
}

TEST_CASE("without descriptors a call fails with advice, with them it works again", "[client]")
{
#  if defined(__SANITIZE_ADDRESS__)
  std::cout << "SKIPPED: the sanitizers need descriptors of their own to look at objects\n";
  return;
#  endif
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    const Client client(ClientOptions("openai").base_url(server.url() + "/v1"));
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    auto low = before;
    low.rlim_cur = std::min<rlim_t>(before.rlim_cur, 64);
    ::setrlimit(RLIMIT_NOFILE, &low);
    std::vector<int> taken;
    for (int file = ::dup(0); file >= 0; file = ::dup(0))
      taken.push_back(file);

    auto failing = client.chat("m", Messages().user("x"));
    const auto error = co_await support::awaited_error_of(std::move(failing));
    for (const int file : taken)
      ::close(file);
    ::setrlimit(RLIMIT_NOFILE, &before);
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::connect_failed);
    CHECK(says(error, "Too many open files"));

    auto working = client.chat("m", Messages().user("x"));
    const auto reply = co_await std::move(working);
    CHECK(reply.text == "x");
    server.stop();
  });
}

#endif
