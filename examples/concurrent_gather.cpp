// Demo 1: sends several queries at once and waits for all the answers.
#include <asyncllm/asyncllm.hpp>

#include "demo.hpp"

#include <asio/awaitable.hpp>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace llm = asyncllm;

asio::awaitable<int> concurrent_gather(std::string model)
{
  demo::heading("Demo 1: Concurrent LLM Queries with gather()");

  std::cout << "\n1. Creating LLM agent with " << llm::ModelSpec::parse(model).model << "...\n";
  const auto agent = llm::LlmAgent::builder("concurrent_agent", model)
                         .with_system_prompt("You are a helpful assistant. Be very concise.")
                         .with_temperature(0.7)
                         .with_max_tokens(50)
                         .build();
  std::cout << "[OK] Agent created and built\n";

  const std::vector<std::string> questions{
      "What is 2+2?",
      "What is the capital of France?",
      "What color is the sky?",
      "Who wrote Romeo and Juliet?",
      "What is the speed of light?",
  };
  std::cout << "\n2. Sending " << questions.size() << " queries concurrently...\n\n";

  // Nothing is sent yet: an awaitable does not start before somebody awaits it.
  std::vector<asio::awaitable<llm::Reply>> tasks;
  for (const auto& question : questions)
    tasks.push_back(agent.send_message_async(question));

  // One outcome for each task, in the order of the tasks: a reply, or the error that came instead.
  // (gather() gives the replies themselves; there the first error ends all and is thrown.)
  const demo::Stopwatch watch;
  const auto outcomes = co_await llm::gather_outcomes(std::move(tasks));
  const auto elapsed = watch.elapsed();

  int failed = 0;
  std::cout << "Results:\n" << std::string(60, '-') << '\n';
  for (std::size_t i = 0; i < questions.size(); ++i) {
    std::cout << i + 1 << ". Q: " << questions[i] << '\n';
    if (outcomes[i]) {
      std::cout << "   A: " << outcomes[i]->text << "\n\n";
    } else {
      std::cout << "   A: ERROR - " << outcomes[i].error_message() << "\n\n";
      ++failed;
    }
  }

  std::cout << "✅ Processed " << questions.size() << " queries in " << demo::seconds(elapsed)
            << "\n   Average: " << demo::seconds(elapsed / questions.size()) << " per query\n\n";
  co_return failed;
}
