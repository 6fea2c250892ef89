// A long run against a server in the same process: `asyncllm-soak N` sends N requests (whole ones,
// streams, some that break, some that are given up) and fails when a reply is wrong or when, from
// a tenth of them to the end, descriptors or memory grow.
#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/for_each_limit.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/run.hpp>
#include <asyncllm/concurrency/timeout.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <ranges>
#include <string>
#include <vector>

#if defined(__linux__)
#  include <unistd.h>
#endif

using namespace asyncllm;
using namespace asyncllm::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t at_once = 32;
constexpr long allowed_growth = 1024;  // KiB
#if defined(__SANITIZE_ADDRESS__)
constexpr bool memory_counts = false;  // what is freed is kept for a while
#else
constexpr bool memory_counts = true;
#endif

enum class Manner { whole, stream, fault, cancelled };

// 70, 20, 5 and 5 of a hundred.
Manner manner_of(std::size_t number)
{
  const auto place = number * 37 % 100;
  if (place < 70)
    return Manner::whole;
  if (place < 90)
    return Manner::stream;
  return place < 95 ? Manner::fault : Manner::cancelled;
}

bool is_stream(std::size_t number)
{
  return manner_of(number) == Manner::stream || number / 100 % 2 == 0;
}

// All kinds at all phases, one after the other.
Fault fault_of(std::size_t number)
{
  const auto turn = number / 20;
  const auto first = static_cast<std::size_t>(Phase::before_head);
  const auto phase = static_cast<Phase>(first + turn % 9);
  switch (turn / 9 % 4) {
    case 0: return Fault::cut(phase);
    case 1: return Fault::reset(phase);
    case 2: return Fault::stall(phase);
    default: return Fault::garbage(phase);
  }
}

std::string text_of(std::size_t number)
{
  return "the answer to #" + std::to_string(number) + " has a few words";
}

Answer answer_to(std::string_view, const nlohmann::json& body)
{
  const std::string question = body.at("messages").back().at("content");
  if (question == "level")
    return Answer::text("one two");
  const auto number = std::stoul(question);
  auto answer = Answer::text(text_of(number));
  if (manner_of(number) == Manner::fault)
    answer.fault(fault_of(number));
  if (manner_of(number) == Manner::cancelled)
    answer.pace(1h);
  return answer;
}

struct Totals {
  std::size_t replies = 0, broken = 0, given_up = 0, wrong = 0;
};

class Soak {
 public:
  explicit Soak(const asio::any_io_executor& executor)
      : server_(executor),
        client_(ClientOptions("openai").base_url(server_.url() + "/v1").max_in_flight(at_once))
  {
    server_.record(false).when(answer_to);
  }

  asio::awaitable<void> send(std::size_t from, std::size_t to)
  {
    const auto ask = [this](std::size_t number) { return this->ask(number); };
    const auto nothing = [](std::size_t, const Outcome<void>& outcome) { outcome.value(); };
    auto work = for_each_limit(std::views::iota(from, to), at_once, ask, nothing);
    co_await std::move(work);
  }

  /// As many open connections as calls may be in flight, and no others.
  asio::awaitable<void> level()
  {
    asio::steady_timer gate(
        co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    std::size_t begun = 0;
    std::vector<asio::awaitable<void>> streams;
    for (std::size_t i = 0; i < at_once; ++i)
      streams.push_back(pass(gate, begun));
    co_await gather(std::move(streams));
    gate.expires_after(1500ms);  // what the server closes may take it a second
    co_await gate.async_wait(asio::use_awaitable);
  }

  const Totals& totals() const { return totals_; }

 private:
  asio::awaitable<void> ask(std::size_t number)
  {
    const auto manner = manner_of(number);
    auto options = RequestOptions();
    if (manner == Manner::fault)
      options.timeouts(Timeouts().total(50ms)).retries(RetryPolicy().max_retries(0));
    std::optional<Error> failure;
    std::string text;
    try {
      auto call = is_stream(number) ? streamed(number, options) : whole(number, options);
      const auto patience = std::chrono::microseconds(number % 5000);
      if (manner == Manner::cancelled)
        call = with_timeout(std::move(call), patience);
      text = co_await std::move(call);
    } catch (const Error& error) {
      failure = error;
    }
    count(number, text, failure);
  }

  void count(std::size_t number, const std::string& text, const std::optional<Error>& failure)
  {
    const auto manner = manner_of(number);
    const auto expected = text_of(number);
    bool right = failure ? expected.starts_with(failure->partial_text()) : text == expected;
    if (!failure)
      ++totals_.replies;
    else if (manner == Manner::fault)
      ++totals_.broken;
    else if (manner == Manner::cancelled && failure->kind() == ErrorKind::timeout)
      ++totals_.given_up;
    else
      right = false;
    if (!right && totals_.wrong++ < 10)
      std::cerr << "request " << number << ": " << (failure ? failure->what() : text) << '\n';
  }

  asio::awaitable<std::string> whole(std::size_t number, RequestOptions options)
  {
    auto call = client_.chat("m", Messages().user(std::to_string(number)), std::move(options));
    const auto reply = co_await std::move(call);
    co_return reply.text;
  }

  asio::awaitable<std::string> streamed(std::size_t number, RequestOptions options)
  {
    auto stream = client_.stream("m", Messages().user(std::to_string(number)), std::move(options));
    const auto reply = co_await stream.collect();
    co_return reply.text;
  }

  // Goes on when all have begun.
  asio::awaitable<void> pass(asio::steady_timer& gate, std::size_t& begun)
  {
    auto stream = client_.stream("m", Messages().user("level"));
    co_await stream.next();
    if (++begun == at_once)
      gate.cancel();
    asio::error_code opened;
    while (begun < at_once)
      co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, opened));
    co_await stream.collect();
  }

  ScriptedServer server_;
  Client client_;
  Totals totals_;
};

struct Usage {
  std::ptrdiff_t descriptors = 0;
  long memory = 0;  // KiB resident
};

// Zeros where the system does not tell.
Usage usage()
{
  Usage now;
#if defined(__linux__)
  now.descriptors = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  long size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  now.memory = resident * (::sysconf(_SC_PAGESIZE) / 1024);
#endif
  return now;
}

void print(std::size_t requests, const Usage& now)
{
  std::cout << requests << " requests: " << now.descriptors << " descriptors, " << now.memory
            << " KiB resident" << std::endl;
}

asio::awaitable<int> soak(std::size_t count)
{
  const auto started = std::chrono::steady_clock::now();
  Soak soak(co_await asio::this_coro::executor);
  const auto tenth = count / 10;
  co_await soak.send(0, tenth);
  co_await soak.level();
  const auto before = usage();
  print(tenth, before);
  co_await soak.send(tenth, count);
  co_await soak.level();
  const auto after = usage();
  print(count, after);

  const auto& totals = soak.totals();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  std::cout << totals.replies << " replies, " << totals.broken << " broken by faults, "
            << totals.given_up << " given up, " << totals.wrong << " wrong; " << took.count()
            << " s" << std::endl;
  const bool grew = after.descriptors > before.descriptors ||
                    (memory_counts && after.memory > before.memory + allowed_growth);
  const bool all = totals.replies + totals.broken + totals.given_up == count;
  const bool passed = !grew && all && totals.wrong == 0;
  std::cout << (passed ? "passed" : "FAILED") << std::endl;
  co_return passed ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments)
{
  const long requests = count == 2 ? std::atol(arguments[1]) : 0;
  if (requests < 10) {
    std::cerr << "usage: asyncllm-soak NUMBER_OF_REQUESTS\n";
    return 2;
  }
  return run(soak(static_cast<std::size_t>(requests)));
}
