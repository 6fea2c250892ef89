// Calls cancelled in each of their phases, many times: the error is `cancelled`, the server sees
// the client go, and neither places nor descriptors are lost.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "black_hole.hpp"
#include "faults/descriptors.hpp"
#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>

using namespace asyncllm;
using namespace asyncllm::testing;
using namespace std::chrono_literals;

namespace {

// ASYNCLLM_TEST_ROUNDS in the environment sets another number.
const int rounds = [] {
  const char* const wish = std::getenv("ASYNCLLM_TEST_ROUNDS");
  return std::max(1, wish ? std::atoi(wish) : 100);
}();

// Lets everything run that is ready. False: `condition` never came to hold.
asio::awaitable<bool> turn_until(std::function<bool()> condition)
{
  const auto executor = co_await asio::this_coro::executor;
  const auto latest = std::chrono::steady_clock::now() + 20s;
  while (!condition() && std::chrono::steady_clock::now() < latest)
    co_await asio::post(executor, asio::use_awaitable);
  co_return condition();
}

asio::awaitable<void> some_turns()
{
  int turns = 0;
  auto turning = turn_until([&] { return ++turns > 100; });
  co_await std::move(turning);
}

// A call that runs beside the test. How it ended: "" by Error{cancelled}.
class Call {
 public:
  Call(asio::io_context& loop, asio::awaitable<void> call)
  {
    asio::co_spawn(
        loop,
        std::move(call),
        asio::bind_cancellation_slot(
            signal_.slot(), [this](std::exception_ptr failure) { end(failure); }));
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  asio::awaitable<std::string> cancel()
  {
    if (endings_ > 0)
      co_return "it ended before: " + ending_;
    signal_.emit(asio::cancellation_type::terminal);
    auto ended = turn_until([this] { return endings_ > 0; });
    const bool has_ended = co_await std::move(ended);
    co_return has_ended ? ending_ : "it does not end";
  }

 private:
  void end(const std::exception_ptr& failure)
  {
    ++endings_;
    try {
      if (failure)
        std::rethrow_exception(failure);
      ending_ = "a reply";
    } catch (const Error& error) {
      ending_ = error.kind() == ErrorKind::cancelled ? "" : error.what();
    } catch (const std::exception& error) {
      ending_ = std::string("no Error: ") + error.what();
    }
  }

  asio::cancellation_signal signal_;
  int endings_ = 0;
  std::string ending_;
};

asio::awaitable<void> chat(Client client, std::string text, RequestOptions options)
{
  auto call = client.chat("m", Messages().user(std::move(text)), std::move(options));
  co_await std::move(call);
}

asio::awaitable<void> read_stream(Client client, RequestOptions options, int& pieces)
{
  auto stream = client.stream("m", Messages().user("x"), std::move(options));
  while ([[maybe_unused]] const auto delta = co_await stream.next())
    ++pieces;
}

// One place for all rounds: a call that kept it would let none behind it in, until this clock ends
// that one otherwise than by its cancellation.
Client one_place(const std::string& url)
{
  return Client(ClientOptions("openai").base_url(url).max_in_flight(1));
}
RequestOptions patient()
{
  return RequestOptions().timeouts(Timeouts().pool_wait(15s).connect(50s));
}

// What one phase needs.
struct Scene {
  std::function<asio::awaitable<void>()> call;
  std::function<bool()> is_reached;  // by events; empty: a matter of turns alone
  std::function<bool(int)> is_left;  // the server saw so many clients go; empty: it has none
};

// Cancels in the phase again and again.
asio::awaitable<void> act(asio::io_context& loop, Scene scene)
{
  std::ptrdiff_t descriptors = 0;
  for (int round = 1; round <= rounds; ++round) {
    Call call(loop, scene.call());
    bool reached = true;
    if (scene.is_reached)
      reached = co_await turn_until(scene.is_reached);
    co_await some_turns();
    auto cancelling = call.cancel();
    const auto wrong = co_await std::move(cancelling);
    bool left = true;
    if (scene.is_left)
      left = co_await turn_until([&] { return scene.is_left(round); });
    co_await some_turns();
    INFO("round " << round);
    REQUIRE(reached);
    REQUIRE(wrong == "");
    REQUIRE(left);
    if (round == 1)
      descriptors = faults::open_descriptors();
  }
  CHECK(faults::open_descriptors() == descriptors);
}

// On a loop that holds nothing afterwards.
template <class Body>
void on_loop_without_leaks(Body body)
{
  const auto before = faults::open_descriptors();
  support::on_loop(body);
  CHECK(faults::open_descriptors() == before);
}

// The phases behind the request, on a server that answers so; then its client gets a whole answer.
void cancel_behind_request(const Answer& answer, bool streamed)
{
  on_loop_without_leaks([=](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(answer);
    const auto options = ClientOptions("openai").base_url(server.url() + "/v1").max_in_flight(2);
    const Client client(options);
    int pieces = 0;
    Scene scene;
    scene.call = [&] {
      pieces = 0;
      return streamed ? read_stream(client, patient(), pieces) : chat(client, "x", patient());
    };
    scene.is_reached = [&] { return server.stats().in_flight == 2 && (!streamed || pieces > 0); };
    scene.is_left = [&](int round) {
      return server.stats().aborted == static_cast<std::size_t>(round);
    };
    Call neighbour(loop, scene.call());  // holds the other place, so that a lost one is missed
    co_await some_turns();
    co_await act(loop, scene);
    auto cancelling = neighbour.cancel();
    const auto wrong = co_await std::move(cancelling);
    CHECK(wrong == "");
    server.always(Answer::echo());
    co_await chat(client, "x", patient());
    server.stop();
  });
}

}  // namespace

TEST_CASE("a call cancelled while it waits for a permit leaves it to others", "[faults]")
{
  on_loop_without_leaks([](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    const auto client = one_place(server.url() + "/v1");
    auto holder = client.stream("m", Messages().user("a b c"));
    co_await holder.next();
    Scene scene;
    scene.call = [&] { return chat(client, "x", RequestOptions()); };
    co_await act(loop, scene);
    CHECK(server.stats().requests == 1);
    co_await holder.collect();
    co_await chat(client, "x", patient());
    server.stop();
  });
}

TEST_CASE("a call cancelled while it connects ends, and its permit is free", "[faults]")
{
  on_loop_without_leaks([](asio::io_context& loop) -> asio::awaitable<void> {
    const support::BlackHole dead(loop);
    const auto client = one_place(dead.url());
    Scene scene;
    scene.call = [&] { return chat(client, "x", patient()); };
    co_await act(loop, scene);
  });
}

TEST_CASE("a call cancelled while it sends closes its connection", "[faults]")
{
  on_loop_without_leaks([](asio::io_context& loop) -> asio::awaitable<void> {
    int accepted = 0, allowed = 0, gone = 0, whole = 0;
    const auto serve = [&](std::shared_ptr<support::Peer> peer, int) -> asio::awaitable<void> {
      const int number = ++accepted;
      co_await turn_until([&] { return allowed >= number; });
      const bool is_whole = co_await peer->read_request();
      ++(is_whole ? whole : gone);
      peer->close();
    };
    support::SocketServer server(loop, serve);
    const auto client = one_place(server.url());
    const std::string large(std::size_t(4) << 20, 'x');
    int asked = 0;
    Scene scene;
    scene.call = [&] {
      ++asked;
      return chat(client, large, patient());
    };
    scene.is_reached = [&] { return accepted == asked; };
    scene.is_left = [&](int round) {
      allowed = round;
      return gone == round;
    };
    co_await act(loop, scene);
    CHECK(whole == 0);
  });
}

#if defined(ASYNCLLM_WITH_TLS)

TEST_CASE("a call cancelled in an unanswered handshake closes its connection", "[faults]")
{
  on_loop_without_leaks([](asio::io_context& loop) -> asio::awaitable<void> {
    int accepted = 0, gone = 0;
    const auto serve = [&](std::shared_ptr<support::Peer> peer, int) -> asio::awaitable<void> {
      ++accepted;
      const bool is_request = co_await peer->read_request();
      gone += is_request ? 0 : 1;
      peer->close();
    };
    support::SocketServer server(loop, serve);
    const auto client = one_place("https" + server.url().substr(4));
    int asked = 0;
    Scene scene;
    scene.call = [&] {
      ++asked;
      return chat(client, "x", patient());
    };
    scene.is_reached = [&] { return accepted == asked; };
    scene.is_left = [&](int round) { return gone == round; };
    co_await act(loop, scene);
  });
}

#endif

TEST_CASE("a call cancelled while it waits for the answer closes its connection", "[faults]")
{
  cancel_behind_request(Answer::text("late").after(1h), false);
}

TEST_CASE("a call cancelled in a body closes its connection", "[faults]")
{
  cancel_behind_request(Answer::text("one two").fault(Fault::stall(Phase::piece)), false);
}

TEST_CASE("a call cancelled in a stream closes its connection", "[faults]")
{
  auto answer = Answer::text("one two three four");
  cancel_behind_request(answer.fault(Fault::stall(Phase::between_pieces)), true);
}

TEST_CASE("a call cancelled before its next attempt leaves its permit to others", "[faults]")
{
  on_loop_without_leaks([](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(Answer::error(503, "down"));
    const auto client = one_place(server.url() + "/v1");
    int waiting = 0, asked = 0;
    const auto policy = RetryPolicy().backoff(1000h, 1000h).budget(1, rounds + 1);
    const auto options = patient().retries(policy).on_retry([&](const Retry&) { ++waiting; });
    Scene scene;
    scene.call = [&] {
      ++asked;
      return chat(client, "x", options);
    };
    scene.is_reached = [&] { return waiting == asked; };
    co_await act(loop, scene);
    server.always(Answer::echo());
    co_await chat(client, "x", patient());
    server.stop();
  });
}
