// The model calls C++ functions until it can answer.
#include <asyncllm/asyncllm.hpp>

#include <iostream>
#include <string>

namespace llm = asyncllm;

struct Forecast {
  std::string city;
  int days = 1;
};
ASYNCLLM_DESCRIBE(Forecast, (city, "City, without the country"), days)

struct Zone {
  std::string tz;
};
ASYNCLLM_DESCRIBE(Zone, (tz, "Name of the time zone, such as UTC"))

asio::awaitable<int> co_main(std::string model)
{
  const llm::Tool weather("get_weather", "The weather", [](Forecast asked) {
    return asked.city + ": " + (asked.city == "Paris" ? "21" : "12") + " degrees";
  });
  const llm::Tool time("get_time", "The time now", [](Zone asked) { return "12:00 " + asked.tz; });
  const auto agent =
      llm::LlmAgent::builder("tools", model).with_tool(weather).with_tool(time).build();
  const auto options = llm::RunOptions().max_rounds(5).on_step([](const llm::Step& step) {
    for (const auto& outcome : step.outcomes)
      std::cout << outcome.call.name << ' ' << outcome.call.arguments << " = " << outcome.text
                << '\n';
  });
  const auto run = co_await agent.run_async("How warm is it in Paris, and in Oslo?", options);
  std::cout << run.reply.text << "\n(" << to_string(run.why) << ")\n";
  co_return 0;
}

int main(int argc, char** argv)
{
  return llm::run(co_main(argc > 1 ? argv[1] : "ollama::qwen3"));
}
