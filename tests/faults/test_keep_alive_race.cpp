// The race of kept connections: the server closes an idle one while a request is on its way.
#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/for_each_limit.hpp>

#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <iostream>
#include <random>
#include <ranges>
#include <string>
#include <thread>
#include <vector>

using namespace asyncllm;

namespace {

// On a loop of its own, so that its closing and the client's sending really race. Each answer is
// the number of the execution; after a tenth of them the connection is closed, at once, a little
// later (a request that has come meanwhile is lost unread, which resets), or upon the next request.
class ClosingServer {
 public:
  ClosingServer()
      : server_(
            loop_,
            [this](std::shared_ptr<support::Peer> peer, int) { return serve(std::move(peer)); }),
        thread_([this] { loop_.run(); })
  {}
  ~ClosingServer() { stop(); }

  void stop()
  {
    loop_.stop();
    if (thread_.joinable())
      thread_.join();
  }

  std::string url() const { return server_.url() + "/v1"; }

  // When it has stopped.
  int executed() const { return executed_; }
  int closed() const { return closed_; }
  int unanswered() const { return unanswered_; }

 private:
  asio::awaitable<void> serve(std::shared_ptr<support::Peer> peer)
  {
    while (co_await peer->read_request()) {
      ++executed_;
      auto answer = peer->write(support::chat_response(std::to_string(executed_)));
      co_await std::move(answer);
      if (random_() % 10 == 0) {
        auto close = close_idle(*peer);
        co_await std::move(close);
        co_return;
      }
    }
  }

  asio::awaitable<void> close_idle(support::Peer& peer)
  {
    ++closed_;
    const auto turns = random_() % 40;
    if (turns >= 30) {
      const bool is_whole = co_await peer.read_request();
      unanswered_ += is_whole ? 1 : 0;
    } else {
      for (auto turn = turns; turn > 0; --turn)
        co_await asio::post(loop_, asio::use_awaitable);
    }
    peer.close();
  }

  asio::io_context loop_;
  std::minstd_rand random_{2026};
  int executed_ = 0, closed_ = 0, unanswered_ = 0;
  support::SocketServer server_;
  std::thread thread_;
};

// What came of many calls, several at once.
struct Tally {
  std::vector<bool> seen;  // by the number of the execution
  int failed = 0, doubled = 0, retried = 0;
  std::string first_error;

  void add(const Outcome<Reply>& outcome)
  {
    if (!outcome) {
      if (failed++ == 0)
        first_error = outcome.error_message();
      return;
    }
    const auto number = std::stoul(outcome->text);
    if (number >= seen.size())
      seen.resize(number + 1);
    doubled += seen[number] ? 1 : 0;
    seen[number] = true;
    retried += outcome->attempts > 1 ? 1 : 0;
  }
};

void race(int count, const RetryPolicy& policy)
{
  const auto started = std::chrono::steady_clock::now();
  ClosingServer server;
  Tally tally;
  support::on_loop([&](asio::io_context&) -> asio::awaitable<void> {
    const Client client(ClientOptions("openai").base_url(server.url()));
    const auto options = RequestOptions().retries(policy);
    const auto ask = [&](int) { return client.chat("m", Messages().user("x"), options); };
    auto work =
        for_each_limit(std::views::iota(0, count), 16, ask, [&](std::size_t, const auto& outcome) {
          tally.add(outcome);
        });
    co_await std::move(work);
  });
  server.stop();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  std::cout << count << " requests, " << server.closed() << " idle connections closed, "
            << server.unanswered() << " of them upon a request: " << tally.failed << " failed, "
            << server.executed() - count << " executed twice, " << took.count() << " s\n";
  INFO(tally.first_error);
  CHECK(tally.failed == 0);
  CHECK(tally.doubled == 0);  // each call has an answer of its own
  CHECK(tally.retried == 0);  // what is replaced is no retry
  CHECK(server.executed() == count);
  CHECK(server.closed() > count / 20);
  CHECK(server.unanswered() > 0);
}

}  // namespace

TEST_CASE(
    "when a tenth of the idle connections is closed no request fails or runs twice", "[faults]")
{
  race(10'000, RetryPolicy());
}

TEST_CASE("replacing closed idle connections uses no retries", "[faults]")
{
  race(2'000, RetryPolicy().max_retries(0).retry_unanswered(false));
}
