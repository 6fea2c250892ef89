// usage: load_client BASE_URL N C chat|stream TOKENS [openai|ollama]
// Sends N requests, C at once, through the public interface, and prints one line of JSON: counts,
// CPU, memory, latencies. TOKENS is how many the server sends; nothing depends on it. From the
// environment: WARM, how many requests go before and do not count; CA_FILE, whom to trust at an
// https URL; WITH, one thing that is to be switched on or off: no-retries, hook, clocks, limits,
// places, options (given for each call).
#include <asyncllm/asyncllm.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <ranges>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <vector>

namespace llm = asyncllm;

namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

struct Arguments {
  std::string spec;
  std::size_t count = 0, at_once = 0, warm = 0;
  bool streams = false;

  Arguments(int argc, char** argv)
  {
    const bool ollama = argc > 6 && std::string_view(argv[6]) == "ollama";
    const std::string url = argv[1];
    spec = ollama ? "ollama@" + url + "::mock-1" : "openai@" + url + "/v1::mock-1";
    count = std::strtoul(argv[2], nullptr, 10);
    at_once = std::strtoul(argv[3], nullptr, 10);
    streams = std::string_view(argv[4]) == "stream";
    warm = count < 100 ? 0 : std::min<std::size_t>(count / 10, 500);
    if (const char* set = std::getenv("WARM"))
      warm = std::strtoul(set, nullptr, 10);
  }
};

double seconds(const timeval& time)
{
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// The process's largest memory so far, in KiB.
long high_water()
{
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (long size = 0; word == "VmHWM:" && status >> size)
      return size;
  return 0;
}

class Meter {
 public:
  void start(std::size_t count)
  {
    *this = Meter();
    whole_.reserve(count);
    first_.reserve(count);
    memory_ = high_water();
    getrusage(RUSAGE_SELF, &usage_);
    started_ = Clock::now();
  }

  void add_reply(Microseconds time) { whole_.push_back(time.count()); }
  void add_first_token(Microseconds time) { first_.push_back(time.count()); }
  void add_failure(const std::string& why)
  {
    if (failures_++ == 0)
      std::cerr << "load_client: " << why << '\n';
  }
  void add_text(std::size_t bytes)
  {
    ++tokens_;
    bytes_ += bytes;
  }

  void report()
  {
    const std::chrono::duration<double> wall = Clock::now() - started_;
    rusage now{};
    getrusage(RUSAGE_SELF, &now);
    std::printf(
        "{\"client\":\"asyncllm\",\"ok\":%zu,\"fail\":%zu,\"tokens\":%zu,\"bytes\":%zu,"
        "\"wall\":%.6f,\"user\":%.6f,\"sys\":%.6f,\"hwm0_kb\":%ld,\"hwm_kb\":%ld,"
        "\"p50_us\":%.2f,\"p99_us\":%.2f,\"ttft50_us\":%.2f,\"ttft99_us\":%.2f}\n",
        whole_.size(),
        failures_,
        tokens_,
        bytes_,
        wall.count(),
        seconds(now.ru_utime) - seconds(usage_.ru_utime),
        seconds(now.ru_stime) - seconds(usage_.ru_stime),
        memory_,
        high_water(),
        at(whole_, 0.5),
        at(whole_, 0.99),
        at(first_, 0.5),
        at(first_, 0.99));
  }

 private:
  static double at(std::vector<double>& times, double share)
  {
    if (times.empty())
      return 0;
    std::ranges::sort(times);
    return times[static_cast<std::size_t>(static_cast<double>(times.size() - 1) * share)];
  }

  std::vector<double> whole_, first_;
  std::size_t failures_ = 0, tokens_ = 0, bytes_ = 0;
  long memory_ = 0;
  rusage usage_{};
  Clock::time_point started_;
};

// What of the agent is not as it is by itself.
std::string_view switched()
{
  const char* with = std::getenv("WITH");
  return with ? with : "";
}

constexpr auto question = "Say hello in one short sentence, please.";

// Both give the time that the call took.
asio::awaitable<Microseconds> ask(const llm::LlmAgent& agent, Meter& meter)
{
  const auto started = Clock::now();
  auto sending = switched() == "options"
                     ? agent.send_message_async(question, llm::RequestOptions().temperature(0.5))
                     : agent.send_message_async(question);
  const auto reply = co_await std::move(sending);
  meter.add_text(reply.text.size());
  co_return Clock::now() - started;
}

asio::awaitable<Microseconds> ask_for_stream(const llm::LlmAgent& agent, Meter& meter)
{
  const auto started = Clock::now();
  bool is_first = true;
  auto stream = agent.stream_message(question);
  while (const auto delta = co_await stream.next()) {
    if (delta->kind != llm::Delta::Kind::text)
      continue;
    if (is_first)
      meter.add_first_token(Clock::now() - started);
    is_first = false;
    meter.add_text(delta->text.size());
  }
  co_return Clock::now() - started;
}

asio::awaitable<void> ask_all(
    const llm::LlmAgent& agent, const Arguments& arguments, std::size_t count, Meter& meter)
{
  const auto send = [&](std::size_t) {
    return arguments.streams ? ask_for_stream(agent, meter) : ask(agent, meter);
  };
  const auto note = [&meter](std::size_t, const llm::Outcome<Microseconds>& time) {
    if (time)
      meter.add_reply(*time);
    else
      meter.add_failure(time.error_message());
  };
  auto all =
      llm::for_each_limit(std::views::iota(std::size_t{0}, count), arguments.at_once, send, note);
  co_await std::move(all);
}

llm::LlmAgent agent_for(const Arguments& arguments)
{
  using namespace std::chrono_literals;
  auto builder = llm::LlmAgent::builder("load", arguments.spec)
                     .with_system_prompt("You are a helpful assistant.")
                     .with_temperature(0.7)
                     .with_max_tokens(100)
                     .with_max_in_flight(switched() == "places" ? arguments.at_once : 0);
  if (const char* file = std::getenv("CA_FILE"))
    builder.with_ca_file(file);
  llm::RequestOptions options;
  if (switched() == "no-retries")
    options.retries(llm::RetryPolicy().max_retries(0));
  else if (switched() == "hook")
    options.on_retry([](const llm::Retry&) {});
  else if (switched() == "clocks")
    options.timeouts(llm::Timeouts().connect(5s).write(5s).first_byte(60s).idle(30s).total(120s));
  else if (switched() == "limits")
    builder.with_limits(llm::Limits().header_bytes(9000).body_bytes(1'000'000));
  return builder.with_options(options).build();
}

asio::awaitable<int> co_main(const Arguments& arguments)
{
  const auto agent = agent_for(arguments);
  Meter meter;
  co_await ask_all(agent, arguments, arguments.warm, meter);
  meter.start(arguments.count);
  co_await ask_all(agent, arguments, arguments.count, meter);
  meter.report();
  co_return 0;
}

}  // namespace

int main(int argc, char** argv)
{
  if (argc < 6 || argc > 7) {
    std::cerr << "usage: load_client BASE_URL N C chat|stream TOKENS [openai|ollama]\n";
    return 2;
  }
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const Arguments arguments(argc, argv);
  return llm::run(co_main(arguments));
}
