// Who may start a call: the permission by itself, and what an admission sees of each attempt.
#include <asyncllm/impl/client/admission.hpp>
#include <asyncllm/impl/client/call.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "on_loop.hpp"
#include "test.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;
using client::AttemptResult;
using client::InFlightLimit;
using client::Ticket;
using Result = Ticket::Result;

namespace {

constexpr auto never = Ticket::TimePoint::max();

// Admits everybody whom `open` lets in, and writes down what it sees.
class Seen final : public client::Admission {
 public:
  bool open = true;
  std::vector<std::size_t> sizes;
  std::vector<AttemptResult> results;
  int given_up = 0;

  void let_in(Ticket& ticket)
  {
    open = true;
    wake(ticket);
  }

 private:
  bool admit(Ticket&, std::size_t request_bytes) override
  {
    sizes.push_back(request_bytes);
    return open;
  }
  bool is_admitted(Ticket&) override { return open; }
  void leave(Ticket&, const AttemptResult& result) noexcept override { results.push_back(result); }
  void give_up(Ticket&) noexcept override { ++given_up; }
};

}  // namespace

namespace {

// What a call told its admission, copied: the call's own data goes with it.
class Recorder final : public client::Admission {
 public:
  struct Attempt {
    std::size_t bytes = 0;
    int status = 0;
    std::string retry_after;
    std::optional<std::int64_t> input_tokens;
  };
  std::vector<Attempt> attempts;

 private:
  bool admit(Ticket&, std::size_t request_bytes) override
  {
    attempts.emplace_back().bytes = request_bytes;
    return true;
  }
  bool is_admitted(Ticket&) override { return true; }
  void leave(Ticket&, const AttemptResult& result) noexcept override
  {
    auto& last = attempts.back();
    last.status = result.status;
    if (result.headers)
      last.retry_after = result.headers->find("Retry-After").value_or("");
    if (result.usage)
      last.input_tokens = result.usage->input_tokens;
  }
  void give_up(Ticket&) noexcept override {}
};

// A whole reply, by the least that run_call needs.
class Job {
 public:
  using Result = Reply;
  static constexpr bool streams = false;
  struct Owner {
    explicit Owner(const Job&) : parts(provider::Delivery::whole) {}
    client::Call& call() { return parts; }
    client::Call parts;
  };

  Job(client::AnyRequest request, RequestOptions options)
      : request_(std::move(request)), options_(std::move(options))
  {}
  const RequestOptions& options() const { return options_; }
  static std::string& message(client::BorrowedString& borrowed) { return borrowed.lend(); }
  void write(
      const client::ClientState& state,
      const RequestOptions& options,
      provider::Delivery delivery,
      std::string& out) const
  {
    state.write_message(request_, options, delivery, out);
  }
  CallInfo describe(const client::ClientState& state, Messages& content) const
  {
    return state.describe(request_, options_, false, content);
  }
  static void opened(const client::Call&) {}
  static Reply decode(
      const client::ClientState& state, const client::Call& call, const client::Answer& answer)
  {
    auto reply = state.wire.decode(*answer.body);
    reply.headers = call.head.headers;
    return reply;
  }
  static void explain(const client::ClientState&, const client::Call&, const Error&) {}

 private:
  client::AnyRequest request_;
  RequestOptions options_;
};

}  // namespace

TEST_CASE("a call reports each of its attempts to the admission", "[client]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    testing::ScriptedServer server(loop.get_executor());
    server.push(testing::Answer::error(429, "slow down").header("Retry-After", "0"));
    server.push(testing::Answer::text("yes").usage(9, 1));
    const ClientOptions options("openai-compatible");
    const provider::Endpoint endpoint{
        &provider::preset_named("openai-compatible"), server.url() + "/v1", ""};
    const auto state = std::make_shared<const client::ClientState>(
        options, endpoint, std::nullopt, provider::wire_of(*endpoint.preset));
    auto& calls = client::CallService::of(*http::ContextService::of(loop.get_executor()));
    const auto recorder = std::make_shared<Recorder>();
    calls.of_client(state, RetryPolicy(), 0).admission = recorder;

    auto request = std::make_unique<const ChatRequest>(ChatRequest{"m", Messages().user("x"), {}});
    Job job(std::move(request), RequestOptions());
    auto call = client::run_call(state, std::move(job));
    const auto reply = co_await std::move(call);
    CHECK(reply.text == "yes");
    const auto& attempts = recorder->attempts;
    REQUIRE(attempts.size() == 2);
    CHECK(attempts[0].bytes > server.bodies()[0].size());
    CHECK(attempts[0].status == 429);
    CHECK(attempts[0].retry_after == "0");
    CHECK_FALSE(attempts[0].input_tokens);
    CHECK(attempts[1].status == 200);
    CHECK(attempts[1].input_tokens == 9);
    server.stop();
  });
}

TEST_CASE("an admission sees the request before, and what came of it after", "[client]")
{
  asio::io_context loop;
  const auto seen = std::make_shared<Seen>();
  const HeaderList headers{{"Retry-After", "1"}};
  Usage usage;
  usage.input_tokens = 7;
  Ticket ticket(seen);
  CHECK(ticket.try_enter(loop.get_executor(), 120));
  CHECK(ticket.try_enter(loop.get_executor(), 120));  // it has not left
  ticket.leave({429, &headers, nullptr});
  ticket.leave({});  // left already
  CHECK(ticket.try_enter(loop.get_executor(), 121));
  ticket.leave({200, &headers, &usage});
  CHECK(seen->sizes == std::vector<std::size_t>{120, 121});
  REQUIRE(seen->results.size() == 2);
  CHECK(seen->results[0].status == 429);
  CHECK(seen->results[0].headers == &headers);
  CHECK(seen->results[1].usage == &usage);
  CHECK(seen->given_up == 0);
}

TEST_CASE("permits are handed on in the order of the queue", "[client]")
{
  asio::io_context loop;
  const auto limit = std::make_shared<InFlightLimit>(1);
  std::vector<int> started;
  auto first = std::make_unique<Ticket>(limit);
  REQUIRE(first->try_enter(loop.get_executor(), 0));
  for (int i = 0; i < 5; ++i)
    asio::co_spawn(
        loop,
        [](std::shared_ptr<InFlightLimit> all,
           int number,
           std::vector<int>& order) -> asio::awaitable<void> {
          const auto executor = co_await asio::this_coro::executor;
          Ticket ticket(all);
          CHECK_FALSE(ticket.try_enter(executor, 0));
          const auto result = co_await ticket.wait(never);
          CHECK(result == Result::admitted);
          order.push_back(number);
        }(limit, i, started),
        [](std::exception_ptr) {});
  loop.poll();
  CHECK(started.empty());
  first.reset();
  loop.restart();
  loop.run();
  CHECK(started == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("a wait ends at its deadline, by a cancellation, and by cancel()", "[client]")
{
  const auto wait = [](auto end, Ticket::TimePoint deadline) {
    asio::io_context loop;
    const auto limit = std::make_shared<InFlightLimit>(1);
    Ticket holder(limit), waiting(limit);
    holder.try_enter(loop.get_executor(), 0);
    waiting.try_enter(loop.get_executor(), 0);
    asio::cancellation_signal signal;
    std::optional<Result> result;
    asio::co_spawn(
        loop,
        waiting.wait(deadline),
        asio::bind_cancellation_slot(
            signal.slot(), [&](std::exception_ptr, Result how) { result = how; }));
    asio::post(loop, [&] { end(waiting, signal); });
    loop.run();
    holder.leave({});
    Ticket next(limit);
    CHECK(next.try_enter(loop.get_executor(), 0));  // who gave up stands in nobody's way
    return result;
  };
  const auto nothing = [](Ticket&, asio::cancellation_signal&) {};
  CHECK(wait(nothing, std::chrono::steady_clock::now()) == Result::expired);
  const auto emit = [](Ticket&, asio::cancellation_signal& signal) {
    signal.emit(asio::cancellation_type::terminal);
  };
  CHECK(wait(emit, never) == Result::cancelled);
  CHECK(
      wait([](Ticket& t, asio::cancellation_signal&) { t.cancel(); }, never) == Result::cancelled);
}

TEST_CASE("a ticket that was cancelled before it waits does not wait", "[client]")
{
  asio::io_context loop;
  const auto limit = std::make_shared<InFlightLimit>(1);
  Ticket holder(limit), late(limit);
  holder.try_enter(loop.get_executor(), 0);
  late.cancel();
  CHECK_FALSE(late.try_enter(loop.get_executor(), 0));
  std::optional<Result> result;
  asio::co_spawn(loop, late.wait(never), [&](std::exception_ptr, Result how) { result = how; });
  loop.run();
  CHECK(result == Result::cancelled);
}

TEST_CASE("a permit that was granted to a coroutine that is gone is handed on", "[client]")
{
  const auto limit = std::make_shared<InFlightLimit>(1);
  std::optional<Ticket> holder(std::in_place, limit);
  {
    asio::io_context loop;
    holder->try_enter(loop.get_executor(), 0);
    asio::co_spawn(
        loop,
        [](std::shared_ptr<InFlightLimit> all) -> asio::awaitable<void> {
          const auto executor = co_await asio::this_coro::executor;
          Ticket ticket(all);
          ticket.try_enter(executor, 0);
          co_await ticket.wait(never);
          FAIL("never resumed");
        }(limit),
        [](std::exception_ptr) {});
    loop.poll();
    holder.reset();  // grants it to the one that waits
  }
  asio::io_context loop;
  Ticket next(limit);
  CHECK(next.try_enter(loop.get_executor(), 0));
}
