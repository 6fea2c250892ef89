// A thousand streams at once on one thread, each of whose tokens carries its number.
#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "on_loop.hpp"
#include "test.hpp"

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#if defined(__linux__)
#  include <sys/resource.h>
#endif

using namespace asyncllm;
using namespace asyncllm::testing;
using namespace std::chrono_literals;
using Kind = Fault::Kind;

namespace {

constexpr std::size_t count = 1000;
constexpr unsigned seed = 20260;

// What is to happen to one stream.
struct Plan {
  std::vector<std::string> tokens;
  std::chrono::milliseconds between{0};
  Framing framing = Framing::chunked;
  std::optional<Fault> fault;

  std::string text() const
  {
    std::string all;
    for (const auto& token : tokens)
      all += token;
    return all;
  }
  bool stalls() const { return fault && fault->kind() == Kind::stall; }
  // Behind the last piece nothing is missing; only a reset may still take it away.
  bool has_late_fault() const { return fault && fault->phase() >= Phase::end; }
  bool must_break() const { return fault && fault->kind() != Kind::drip && !has_late_fault(); }
  bool may_break() const
  {
    // A stalled stream has clocks so short that a slow machine may run them out before the stall.
    return must_break() || stalls() || (has_late_fault() && fault->kind() == Kind::reset);
  }
};

class Dice {
 public:
  int up_to(int most) { return static_cast<int>(engine_() % static_cast<unsigned>(most + 1)); }

  Fault fault()
  {
    const auto first = static_cast<int>(Phase::before_head);
    const auto phase = static_cast<Phase>(first + up_to(static_cast<int>(Phase::idle) - first));
    switch (up_to(phase == Phase::idle ? 3 : 4)) {
      case 0: return Fault::cut(phase);
      case 1: return Fault::reset(phase);
      case 2: return Fault::stall(phase);
      case 3: return Fault::garbage(phase);
      default: return Fault::drip(phase);
    }
  }

  Plan plan(std::size_t number)
  {
    Plan plan;
    for (int i = 0, size = 5 + up_to(20); i < size; ++i)
      plan.tokens.push_back("s" + std::to_string(number) + "t" + std::to_string(i) + " ");
    plan.between = std::chrono::milliseconds(up_to(3));
    plan.framing = static_cast<Framing>(up_to(2));
    if (up_to(2) == 0)
      plan.fault = fault();
    return plan;
  }

 private:
  std::minstd_rand engine_{seed};
};

struct Streamed {
  std::string text;
  std::optional<Error> error;
};

// Holds the streams that have a piece until each of the others has one or is broken.
class Barrier {
 public:
  explicit Barrier(asio::io_context& loop) : open_(loop, asio::steady_timer::time_point::max()) {}

  asio::awaitable<void> wait()
  {
    ++held_;
    arrive();
    asio::error_code opened;
    while (arrived_ < count)
      co_await open_.async_wait(asio::redirect_error(asio::use_awaitable, opened));
  }
  void arrive()
  {
    if (++arrived_ == count)
      open_.cancel();
  }
  std::size_t held() const { return held_; }

 private:
  asio::steady_timer open_;
  std::size_t arrived_ = 0, held_ = 0;
};

asio::awaitable<Streamed> read(
    Client client, std::size_t number, const Plan& plan, Barrier& barrier)
{
  // No clock of a stream that goes well runs out, however busy the machine is.
  auto timeouts = Timeouts().connect(50s);
  if (plan.stalls())
    timeouts.first_byte(2s).first_token(2s).idle(1s);
  const auto options = RequestOptions().timeouts(timeouts).retries(RetryPolicy().max_retries(0));
  Streamed result;
  auto stream = client.stream("m", Messages().user("#" + std::to_string(number)), options);
  bool is_first = true;
  try {
    while (const auto delta = co_await stream.next()) {
      if (delta->kind == Delta::Kind::text)
        result.text += delta->text;
      if (std::exchange(is_first, false))
        co_await barrier.wait();
    }
  } catch (const Error& error) {
    result.error = error;
  }
  if (is_first)
    barrier.arrive();
  co_return result;
}

// What is wrong with a stream, or nothing.
std::string judge(const Plan& plan, const Streamed& streamed)
{
  const auto text = plan.text();
  if (!streamed.error) {
    if (streamed.text != text)
      return "said to be complete: " + streamed.text;
    return plan.must_break() ? "complete, though it cannot be known" : "";
  }
  const auto& partial = streamed.error->partial_text();
  if (!text.starts_with(partial) || !partial.starts_with(streamed.text))
    return "not what came: " + partial;
  return plan.may_break() ? "" : streamed.error->what();
}

// Each stream takes two descriptors, one at either end.
bool has_descriptors()
{
#if defined(__linux__)
  constexpr rlim_t needed = 2 * count + 100;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < needed) {
    limit.rlim_cur = std::min(limit.rlim_max, needed);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur >= needed;
#else
  return true;
#endif
}

}  // namespace

TEST_CASE("of a thousand streams at once none is lost, doubled or crossed", "[faults]")
{
  if (!has_descriptors()) {
    std::cout << "SKIPPED: too few descriptors\n";
    return;
  }
  Dice dice;
  std::vector<Plan> plans;
  for (std::size_t i = 0; i < count; ++i)
    plans.push_back(dice.plan(i));
  std::vector<int> executed(count);
  std::vector<Streamed> streams;
  std::size_t at_once = 0;

  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.record(false).when([&](std::string_view, const nlohmann::json& body) {
      const auto message = body.at("messages").back().dump();
      const auto number = std::stoul(message.substr(message.find('#') + 1));
      const auto& plan = plans.at(number);
      ++executed[number];
      auto answer = Answer::text("");
      answer.tokens(plan.tokens, plan.between).framing(plan.framing);
      if (plan.fault)
        answer.fault(*plan.fault);
      return answer;
    });
    const Client clients[] = {
        Client(ClientOptions("openai").base_url(server.url() + "/v1")),
        Client(ClientOptions("ollama").base_url(server.url()).max_in_flight(0)),
        Client(ClientOptions("anthropic").base_url(server.url() + "/v1").api_key("k"))};
    Barrier barrier(loop);
    std::vector<asio::awaitable<Streamed>> reading;
    for (std::size_t i = 0; i < count; ++i)
      reading.push_back(read(clients[i % 3], i, plans[i], barrier));
    streams = co_await gather(std::move(reading));
    at_once = barrier.held();
    server.stop();
  });

  REQUIRE(streams.size() == count);
  int complete = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto wrong = judge(plans[i], streams[i]);
    complete += streams[i].error ? 0 : 1;
    INFO("stream " << i);
    CHECK(wrong == "");
    CHECK(executed[i] == 1);
  }
  std::cout << "seed " << seed << ": " << complete << " of " << count
            << " streams complete, the others broken where they should, " << at_once
            << " open at once\n";
  CHECK(at_once > count / 2);
}
