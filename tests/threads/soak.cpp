// An io_context on four threads, a strand for each session, as Asio advises: every answer must be
// its own. `asyncllm-threads-soak N` makes N calls from 1,000 sessions: whole ones, streams, some
// that are cancelled and some that run out of time. For ThreadSanitizer above all.
#include <asyncllm/agent/agent.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/timeout.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/server_thread.hpp>

#include <asio/bind_executor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/strand.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <list>
#include <string>
#include <thread>
#include <vector>

using namespace asyncllm;
using namespace asyncllm::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t session_count = 1000, thread_count = 4, agent_count = 20;

enum class Manner { whole, stream, together, cancelled, late };

Manner manner_of(std::size_t number)
{
  const auto place = number * 37 % 100;
  if (place < 50)
    return Manner::whole;
  if (place < 85)
    return Manner::stream;
  if (place < 90)
    return Manner::together;
  return place < 95 ? Manner::cancelled : Manner::late;
}

// Some are longer than what a connection reads at once.
std::string text_of(std::size_t number)
{
  std::string text = "the answer to #" + std::to_string(number);
  for (std::size_t i = 0; i < number % 50; ++i)
    text += " and again: the answer to #" + std::to_string(number);
  return text;
}

Answer answer_to(std::string_view, const nlohmann::json& body)
{
  const std::string question = body.at("messages").back().at("content");
  const auto number = std::stoul(question);
  auto answer = Answer::text(text_of(number));
  if (manner_of(number) == Manner::cancelled || manner_of(number) == Manner::late)
    answer.after(1h);
  return answer;
}

struct Totals {
  std::atomic<std::size_t> right = 0, wrong = 0, ended = 0;
};

void count(Totals& totals, std::size_t number, const std::string& text)
{
  if (text == text_of(number))
    ++totals.right;
  else if (totals.wrong++ < 10)
    std::cerr << "the answer to #" << number << " is \"" + text.substr(0, 60) + "\"\n";
}

asio::awaitable<void> ask(const LlmAgent& agent, std::size_t number, Totals& totals)
{
  const auto question = std::to_string(number);
  switch (manner_of(number)) {
    case Manner::whole: {
      const auto reply = co_await agent.send_message_async(question);
      count(totals, number, reply.text);
      break;
    }
    case Manner::stream: {
      auto stream = agent.stream_message(question);
      const auto reply = co_await stream.collect();
      count(totals, number, reply.text);
      break;
    }
    case Manner::together: {
      std::vector<asio::awaitable<Reply>> both;
      both.push_back(agent.send_message_async(question));
      both.push_back(agent.send_message_async(question));
      const auto replies = co_await gather(std::move(both));
      const bool same = replies[0].text == replies[1].text;
      count(totals, number, same ? replies[0].text : "");
      break;
    }
    case Manner::cancelled: {
      auto call = agent.send_message_async(question);
      co_await with_timeout(std::move(call), std::chrono::microseconds(number % 5000));
      break;
    }
    case Manner::late: {
      const auto options = RequestOptions().timeouts(Timeouts().first_byte(1ms * (1 + number % 9)));
      co_await agent.send_message_async(question, options);
      break;
    }
  }
}

// Calls `first`, `first` + session_count, and so on.
asio::awaitable<void> session(
    const LlmAgent& agent, std::size_t first, std::size_t end, Totals& totals)
{
  for (auto number = first; number < end; number += session_count) {
    std::string failure;
    const auto manner = manner_of(number);
    const bool may_end = manner == Manner::cancelled || manner == Manner::late;
    try {
      co_await ask(agent, number, totals);
    } catch (const Error& error) {
      if (may_end && error.kind() == ErrorKind::timeout)
        ++totals.ended;
      else
        failure = error.what();
    }
    if (!failure.empty() && totals.wrong++ < 10)
      std::cerr << "call #" << number << ": " + failure + '\n';
  }
}

int soak(std::size_t calls)
{
  const auto started = std::chrono::steady_clock::now();
  ServerThread server;
  server.configure([](ScriptedServer& scripted) { scripted.record(false); });
  server.when(answer_to);
  std::list<LlmAgent> agents;
  for (std::size_t i = 0; i < agent_count; ++i)
    agents.push_back(LlmAgent::builder("soak", server.spec(i % 2 ? "openai" : "ollama", "m"))
                         .with_max_in_flight(8)
                         .build());
  asio::io_context loop;
  Totals totals;
  auto agent = agents.begin();
  for (std::size_t i = 0; i < session_count; ++i) {
    asio::co_spawn(
        asio::make_strand(loop), session(*agent, i, calls, totals), [](std::exception_ptr error) {
          if (error)
            std::rethrow_exception(error);
        });
    if (++agent == agents.end())
      agent = agents.begin();
  }
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < thread_count; ++i)
    threads.emplace_back([&] { loop.run(); });
  for (auto& thread : threads)
    thread.join();

  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  std::cout << totals.right << " right, " << totals.ended << " ended early, " << totals.wrong
            << " wrong; " << took.count() << " s" << std::endl;
  const bool passed = totals.wrong == 0 && totals.right + totals.ended == calls;
  std::cout << (passed ? "passed" : "FAILED") << std::endl;
  return passed ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments)
{
  const long calls = count == 2 ? std::atol(arguments[1]) : 0;
  if (calls < 1) {
    std::cerr << "usage: asyncllm-threads-soak NUMBER_OF_CALLS\n";
    return 2;
  }
  return soak(static_cast<std::size_t>(calls));
}
