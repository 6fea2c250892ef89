// What an io_context with several threads, and one thread after another, may ask of the library.
#include <asyncllm/agent/agent.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/server_thread.hpp>

#include "run_threads.hpp"
#include "test.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;
using support::result_of;
using support::RunThreads;
using support::start;
using testing::Answer;
using testing::ServerThread;

namespace {

LlmAgent agent_of(const ServerThread& server, std::size_t max_in_flight = 0)
{
  return LlmAgent::builder("a", server.spec("openai", "m"))
      .with_max_in_flight(max_in_flight)
      .build();
}

asio::awaitable<std::string> text_of(LlmAgent agent, std::string question)
{
  const auto reply = co_await agent.send_message_async(std::move(question));
  co_return reply.text;
}

asio::awaitable<ErrorKind> kind_of(LlmAgent agent, RequestOptions options)
{
  try {
    co_await agent.send_message_async("x", std::move(options));
  } catch (const Error& error) {
    co_return error.kind();
  }
  co_return ErrorKind{};
}

RequestOptions soon_late()
{
  return RequestOptions().timeouts(Timeouts().first_byte(5ms));
}

// Eight calls at once, of which some end by their clocks.
asio::awaitable<int> round(LlmAgent agent)
{
  std::vector<asio::awaitable<Reply>> calls;
  for (int i = 0; i < 8; ++i)
    calls.push_back(agent.send_message_async("x", i % 2 ? soon_late() : RequestOptions()));
  const auto outcomes = co_await gather_outcomes(std::move(calls));
  int right = 0;
  for (const auto& outcome : outcomes) {
    const auto* const error = outcome.error_as<Error>();
    right += error ? error->kind() == ErrorKind::timeout : outcome->text == "yes";
  }
  co_return right;
}

}  // namespace

TEST_CASE("one strand after another may use a thread pool", "[threads]")
{
  ServerThread server;
  server.always(Answer::text("yes").after(4ms));
  const auto agent = agent_of(server);
  asio::thread_pool pool(4);
  for (int i = 0; i < 10; ++i) {
    const auto strand = asio::make_strand(pool);
    CHECK(result_of(start(strand, round(agent))) == 8);
  }
  pool.join();
}

TEST_CASE("one thread after another may run a loop", "[threads]")
{
  ServerThread server;
  server.always(Answer::text("yes").after(4ms));
  const auto agent = agent_of(server);
  asio::io_context loop;
  for (int i = 0; i < 5; ++i) {
    auto result = start(loop.get_executor(), round(agent));
    std::thread([&] {
      loop.restart();
      loop.run();
    }).join();
    CHECK(result_of(std::move(result)) == 8);
  }
}

TEST_CASE("a strand that is busy delays no other strand's timeout", "[threads]")
{
  ServerThread server;
  server.when([](std::string_view, const nlohmann::json&) { return Answer::text("a").after(1h); });
  const auto agent = agent_of(server);
  asio::io_context loop;
  const RunThreads threads(loop);
  const auto busy = asio::make_strand(loop), other = asio::make_strand(loop);
  // The busy one is the first to use the library on this context.
  CHECK(result_of(start(busy, kind_of(agent, soon_late()))) == ErrorKind::timeout);
  std::promise<void> ended;
  asio::post(busy, [&] { ended.get_future().wait(); });
  const auto kind = result_of(start(other, kind_of(agent, soon_late())));
  ended.set_value();
  CHECK(kind == ErrorKind::timeout);
}

TEST_CASE("calls on many strands share a client's permits", "[threads]")
{
  ServerThread server;
  server.always(Answer::echo());
  const auto agent = agent_of(server, 3);
  asio::io_context loop;
  const RunThreads threads(loop);
  std::vector<std::future<std::string>> texts;
  for (int i = 0; i < 200; ++i)
    texts.push_back(start(asio::make_strand(loop), text_of(agent, std::to_string(i))));
  for (int i = 0; i < 200; ++i)
    CHECK(result_of(std::move(texts[static_cast<std::size_t>(i)])) == std::to_string(i));
  CHECK(server.stats().max_in_flight <= 3);
  CHECK(server.stats().connections <= 3);
}

TEST_CASE("a wait for a permit that ends takes no permit, on any strand", "[threads]")
{
  ServerThread server;
  server.always(Answer::text("yes").after(1ms));
  const auto agent = agent_of(server, 1);
  asio::io_context loop;
  const RunThreads threads(loop);
  const auto hurried = RequestOptions().timeouts(Timeouts().pool_wait(2ms));
  std::vector<std::future<ErrorKind>> kinds;
  for (int i = 0; i < 200; ++i)
    kinds.push_back(start(asio::make_strand(loop), kind_of(agent, hurried)));
  for (auto& kind : kinds) {
    const auto it = result_of(std::move(kind));
    CHECK((it == ErrorKind::timeout || it == ErrorKind{}));
  }
  CHECK(result_of(start(loop.get_executor(), text_of(agent, "x"))) == "yes");
}

TEST_CASE("many strands look the same name up", "[threads]")
{
  const auto agent = LlmAgent::builder("a", "openai@http://nobody.invalid::m").build();
  asio::io_context loop;
  const RunThreads threads(loop);
  std::vector<std::future<ErrorKind>> kinds;
  for (int i = 0; i < 40; ++i)
    kinds.push_back(start(
        asio::make_strand(loop),
        kind_of(agent, RequestOptions().retries(RetryPolicy().max_retries(0)))));
  for (auto& kind : kinds)
    CHECK(result_of(std::move(kind)) == ErrorKind::resolve_failed);
}

TEST_CASE("a call runs on the executor that it is started on, whoever awaits it", "[threads]")
{
  ServerThread server;
  server.always(Answer::echo());
  const auto agent = agent_of(server);
  asio::io_context own, llm_loop;
  const RunThreads threads(llm_loop, 2);
  const auto strand = asio::make_strand(llm_loop);
  std::string text;
  asio::co_spawn(
      own,
      [&]() -> asio::awaitable<void> {
        auto call = agent.send_message_async("across");
        const auto reply = co_await asio::co_spawn(strand, std::move(call), asio::use_awaitable);
        text = reply.text;
      },
      [](const std::exception_ptr& error) { CHECK_FALSE(error); });
  own.run();
  CHECK(text == "across");
}

TEST_CASE("a cancellation is emitted on the strand of the call", "[threads]")
{
  ServerThread server;
  server.always(Answer::text("never").after(1h));
  const auto agent = agent_of(server);
  asio::io_context loop;
  const RunThreads threads(loop);
  for (int i = 0; i < 20; ++i) {
    const auto strand = asio::make_strand(loop);
    asio::cancellation_signal signal;
    std::promise<std::exception_ptr> ended;
    asio::co_spawn(
        strand,
        text_of(agent, "x"),
        asio::bind_cancellation_slot(
            signal.slot(),
            [&](const std::exception_ptr& error, const std::string&) { ended.set_value(error); }));
    asio::post(strand, [&] { signal.emit(asio::cancellation_type::terminal); });
    CHECK(result_of(ended.get_future()));
  }
  CHECK(server.until([](const auto& stats) { return stats.in_flight == 0; }));
}

TEST_CASE("a stream is closed by another coroutine of its strand", "[threads]")
{
  ServerThread server;
  server.always(Answer::text("a b").pace(1h));
  const auto agent = agent_of(server);
  asio::io_context loop;
  const RunThreads threads(loop);
  std::vector<std::future<ErrorKind>> kinds;
  for (int i = 0; i < 20; ++i) {
    const auto strand = asio::make_strand(loop);
    auto stream = std::make_shared<ReplyStream>(agent.stream_message("x"));
    kinds.push_back(start(strand, [](auto its) -> asio::awaitable<ErrorKind> {
      try {
        while (co_await its->next())
          ;
      } catch (const Error& error) {
        co_return error.kind();
      }
      co_return ErrorKind{};
    }(stream)));
    result_of(start(strand, stream->close()));
  }
  for (auto& kind : kinds)
    CHECK(result_of(std::move(kind)) == ErrorKind::cancelled);
}
