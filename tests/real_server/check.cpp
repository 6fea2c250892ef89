// Asks a real server and prints what came of it, for run.sh to compare.
//   check ask SPEC QUESTION [KEY]   one question: "text: ..." or "error: KIND: ..."
//   check five SPEC                 five questions at once: fails if they were answered in turn
//   check scripts URL               every scripted model, whole and streamed, on three wires
//   check runs URL                  tools called by the models that call them, in a loop, on three
//                                   wires, whole and streamed
#include <asyncllm/asyncllm.hpp>

#include <asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace llm = asyncllm;

namespace {

llm::LlmAgent make_agent(const std::string& spec, const std::string& key)
{
  auto builder = llm::LlmAgent::builder("check", spec);
  builder.with_max_tokens(60);
  if (!key.empty())
    builder.with_api_key(key);
  return builder.build();
}

double seconds_since(std::chrono::steady_clock::time_point start)
{
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

asio::awaitable<int> ask(std::string spec, std::string question, std::string key)
{
  try {
    const auto agent = make_agent(spec, key);
    const llm::Reply reply = co_await agent.send_message_async(question);
    std::cout << "text: " << reply << '\n';
  } catch (const llm::Error& error) {
    std::cout << "error: " << to_string(error.kind()) << ": " << error.what() << '\n';
  }
  co_return 0;
}

// One measurement: true when five at once were all under way together.
asio::awaitable<bool> race(llm::LlmAgent agent)
{
  const std::string question = "Sing.";
  auto start = std::chrono::steady_clock::now();
  (void)co_await agent.send_message_async(question);
  const double one = seconds_since(start);

  std::vector<asio::awaitable<llm::Reply>> tasks;
  for (int i = 0; i < 5; ++i)
    tasks.push_back(agent.send_message_async(question));
  double first = 0;
  start = std::chrono::steady_clock::now();
  auto completed = llm::as_completed(std::move(tasks));
  while (const auto done = co_await completed.next()) {
    (void)done->result.value();
    if (first == 0)
      first = seconds_since(start);
  }
  const double last = seconds_since(start);

  start = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i)
    (void)co_await agent.send_message_async(question);
  const double in_turn = seconds_since(start);

  std::cout << "one " << one << " s, five at once " << last << " s (the first after " << first
            << " s), that is " << last / one << " times one, five in turn " << in_turn
            << " s, that is " << in_turn / one << " times one\n";
  // How much faster five at once are is the business of the server and its cores: on a busy machine
  // they may even be slower. That it has them all at the same time is ours: they end together,
  // while of five in turn the first would end after a fifth of the time.
  co_return first > last / 2;
}

asio::awaitable<int> five(std::string spec)
{
  const auto agent = make_agent(spec, "");
  (void)co_await agent.send_message_async("Sing.");  // the server loads the model
  for (int attempt = 0; attempt < 3; ++attempt) {    // on a machine that has other things to do
    const bool is_won = co_await race(agent);
    if (is_won)
      co_return 0;
  }
  co_return 1;
}

struct Script {
  std::string model, text, reasoning;
  std::vector<std::string> calls;
};

const Script scripts[] = {
    {"hello", "Hello there, I am a script.", "", {}},
    {"emoji", "café x😀 y日 end", "", {}},
    {"badutf8", "ok \uFFFD cut \uFFFD end", "", {}},
    {"json", R"({"name": "Lily", "age": 7})", "", {}},
    {"newlines", "a\r\nb\n\ndata: [DONE]\n\nevent: x\n\u2028c\t\"q\"\\n\x01", "", {}},
    {"empty", "", "", {}},
    {"think", "The answer is 4!", "Hm, two and two make four.\n", {}},
    {"tool", "", "", {R"(get_weather {"city":"Paris","days":2})"}},
    {"tools2",
     "Let me look. ",
     "",
     {R"(get_weather {"city":"Paris","days":2})", R"(get_time {"tz":"UTC"})"}},
};

struct WeatherQuestion {
  std::string city;
  int days = 0;
};
ASYNCLLM_DESCRIBE(WeatherQuestion, city, days)

struct TimeQuestion {
  std::string tz;
};
ASYNCLLM_DESCRIBE(TimeQuestion, tz)

// The tools that the scripts call.
std::vector<llm::Tool> tools()
{
  return {
      llm::Tool(
          "get_weather",
          "The weather in a city",
          [](WeatherQuestion question) {
            return question.city + ", " + std::to_string(question.days) + " days: sunny";
          }),
      llm::Tool(
          "get_time", "The time", [](TimeQuestion question) { return "noon, " + question.tz; })};
}

std::string base_url(const std::string& url, const std::string& provider)
{
  return url + (provider == "anthropic" ? "" : "/v1");
}

const std::string providers[] = {"openai", "openai-responses", "anthropic"};

std::vector<std::string> calls_of(const llm::Reply& reply)
{
  std::vector<std::string> calls;
  for (const auto& call : reply.tool_calls)
    calls.push_back(call.name + ' ' + nlohmann::json::parse(call.arguments).dump());
  return calls;
}

asio::awaitable<int> run_scripts(std::string url)
{
  int failures = 0;
  for (const auto& provider : providers) {
    const llm::Client client(llm::ClientOptions(provider).base_url(base_url(url, provider)));
    for (const auto& script : scripts) {
      auto options = llm::RequestOptions().max_tokens(200);
      if (!script.calls.empty())
        for (const auto& tool : tools())
          options.tool(tool.definition());
      for (const bool streamed : {false, true}) {
        options.wire_streaming(streamed);
        auto chat = client.chat(script.model, llm::Messages().user("hi"), options);
        const auto reply = co_await std::move(chat);
        const bool is_right = reply.text == script.text && reply.reasoning == script.reasoning &&
                              calls_of(reply) == script.calls;
        std::cout << (is_right ? "ok" : "WRONG") << ": " << provider << ' ' << script.model
                  << (streamed ? ", streamed" : ", whole") << " (" << to_string(reply.finish_reason)
                  << ")\n";
        if (!is_right) {
          std::cout << "  text " << reply.text << "\n  reasoning " << reply.reasoning << '\n';
          for (const auto& call : calls_of(reply))
            std::cout << "  call " << call << '\n';
        }
        failures += is_right ? 0 : 1;
      }
    }
    // More than the server has places for: it stops when a stream is given up.
    for (int i = 0; i < 12; ++i) {
      auto stream = client.stream("endless", llm::Messages().user("hi"));
      for (int piece = 0; piece < 20; ++piece)
        (void)co_await stream.next();
      if (i % 2 == 0)
        co_await stream.close();
    }
    std::cout << "ok: " << provider << " endless, given up 12 times\n";
  }
  co_return failures == 0 ? 0 : 1;
}

// These models call their tools again and again: a limit ends the run.
asio::awaitable<int> run_tools(std::string url)
{
  int failures = 0;
  for (const auto& provider : providers)
    for (const std::string model : {"tool", "tools2"})
      for (const bool streamed : {false, true}) {
        auto builder = llm::LlmAgent::builder(
            "check", provider + "@" + base_url(url, provider) + "::" + model);
        for (auto& tool : tools())
          builder.with_tool(std::move(tool));
        const auto agent = builder.with_max_tokens(200).build();
        const auto options = llm::RunOptions().max_rounds(2);
        llm::Run run;
        std::size_t deltas = 0;
        if (streamed) {
          auto stream = agent.run_stream("hi", options);
          while (const auto event = co_await stream.next())
            deltas += event->delta() ? 1 : 0;
          run = stream.run();
        } else {
          auto running = agent.run_async("hi", options);
          run = co_await std::move(running);
        }
        std::string results;
        for (const auto& step : run.steps)
          for (const auto& outcome : step.outcomes)
            results += outcome.text + "; ";
        const std::string round =
            model == "tool" ? "Paris, 2 days: sunny; " : "Paris, 2 days: sunny; noon, UTC; ";
        const bool is_right = run.why == llm::RunEnd::limit && results.starts_with(round + round) &&
                              run.steps.size() == 3 && streamed == (deltas > 0);
        std::cout << (is_right ? "ok" : "WRONG") << ": " << provider << ' ' << model
                  << (streamed ? ", streamed" : ", whole") << ", " << run.steps.size()
                  << " requests, " << to_string(run.why) << ": " << results << '\n';
        failures += is_right ? 0 : 1;
      }
  co_return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv)
{
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() >= 3 && words[0] == "ask")
    return llm::run(ask(words[1], words[2], words.size() > 3 ? words[3] : ""));
  if (words.size() == 2 && words[0] == "five")
    return llm::run(five(words[1]));
  if (words.size() == 2 && words[0] == "scripts")
    return llm::run(run_scripts(words[1]));
  if (words.size() == 2 && words[0] == "runs")
    return llm::run(run_tools(words[1]));
  std::cerr << "usage: check ask SPEC QUESTION [KEY] | check five SPEC | check scripts URL | "
               "check runs URL\n";
  return 2;
}
