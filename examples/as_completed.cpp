// Demo 2: sends several queries at once and shows each answer as soon as it is there.
#include <asyncllm/asyncllm.hpp>

#include "demo.hpp"

#include <asio/awaitable.hpp>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace llm = asyncllm;

namespace {

struct Query {
  std::string label, question;
};

}  // namespace

asio::awaitable<int> as_completed(std::string model)
{
  demo::heading("Demo 2: Responses as They Complete with as_completed()");

  std::cout << "\n1. Creating LLM agent...\n";
  const auto agent = llm::LlmAgent::builder("streaming_agent", model)
                         .with_system_prompt("Answer in one short sentence.")
                         .with_temperature(0.7)
                         .with_max_tokens(30)
                         .build();
  std::cout << "[OK] Agent ready\n";

  const std::vector<Query> queries{
      {"Quick", "What is 1+1?"},
      {"Medium", "Explain photosynthesis briefly"},
      {"Long", "What is the theory of relativity?"},
  };
  std::cout << "\n2. Sending " << queries.size()
            << " queries and displaying as they complete...\n\n";

  std::vector<asio::awaitable<llm::Reply>> tasks;
  for (const auto& query : queries)
    tasks.push_back(agent.send_message_async(query.question));

  // The first next() starts all tasks; each one gives the next task to end. Its index in the input
  // leads back to whatever belongs to it: here the label and the question.
  const demo::Stopwatch watch;
  std::size_t completed = 0;
  int failed = 0;
  auto stream = llm::as_completed(std::move(tasks));
  while (const auto completion = co_await stream.next()) {
    const auto& [index, outcome] = *completion;
    const Query& query = queries[index];
    if (outcome) {
      std::cout << '[' << ++completed << '/' << queries.size() << "] " << query.label
                << " query completed (" << demo::seconds(watch.elapsed()) << ")\n"
                << "  Q: " << query.question << "\n  A: " << outcome->text << "\n\n";
    } else {
      std::cout << "  ERROR: " << query.label << " query: " << outcome.error_message() << "\n\n";
      ++failed;
    }
  }

  std::cout << "✅ All queries completed in " << demo::seconds(watch.elapsed()) << "\n\n";
  co_return failed;
}
