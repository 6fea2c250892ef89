// When the process has no file descriptor left, and connections that wait for nothing.
#include <asyncllm/client/client.hpp>
#include <asyncllm/client/idle_connections.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "error_of.hpp"
#include "on_loop.hpp"
#include "test.hpp"

#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#if defined(__linux__)
#  include <sys/resource.h>
#endif

using namespace asyncllm;
using testing::ScriptedServer;

// The sanitizers need descriptors of their own to look at an object.
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)

namespace {

// The process may open no further descriptor, until the end.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors()
  {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("want of descriptors is not blamed on the server", "[client]")
{
  std::optional<Error> error;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    const Client client(ClientOptions("ollama").base_url("http://127.0.0.1:1"));
    asio::steady_timer timer(loop);  // what the loop itself needs is there before
    timer.expires_after(std::chrono::milliseconds(1));
    co_await timer.async_wait(asio::use_awaitable);
    const NoMoreDescriptors limit;
    auto options = RequestOptions().retries(RetryPolicy().max_retries(0));
    auto chat = client.chat("m", Messages().user("x"), std::move(options));
    error = co_await support::awaited_error_of(std::move(chat));
  });
  REQUIRE(error);
  const std::string what = error->what();
  INFO(what);
  CHECK(error->kind() == ErrorKind::connect_failed);
  CHECK(error->retryable());
  CHECK(what.find("ulimit -n") != what.npos);
  CHECK(what.find("with_max_in_flight") != what.npos);
  CHECK(what.find("running") == what.npos);
}

#endif

TEST_CASE("idle connections are closed when the program says so", "[client]")
{
  std::size_t first = 0, second = 0, connections = 0;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    const Client client(ClientOptions("openai").base_url(server.url() + "/v1"));
    for (int round = 0; round < 2; ++round) {
      std::vector<asio::awaitable<Reply>> calls;
      for (int i = 0; i < 3; ++i)
        calls.push_back(client.chat("m", Messages().user("x")));
      co_await gather(std::move(calls));
      first = second;
      second = close_idle_connections(loop.get_executor());
    }
    connections = server.stats().connections;
    CHECK(close_idle_connections(loop.get_executor()) == 0);
    server.stop();
  });
  CHECK(first == 3);
  CHECK(second == 3);
  CHECK(connections == 6);
}
