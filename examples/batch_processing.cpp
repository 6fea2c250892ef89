// Demo 3: many queries, never more than three at once: in batches, then as a sliding window.
#include <asyncllm/asyncllm.hpp>
#include <asyncllm/concurrency/progress_bar.hpp>

#include "demo.hpp"

#include <asio/awaitable.hpp>

#include <algorithm>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace llm = asyncllm;

namespace {

void show(const std::string& query, const llm::Outcome<llm::Reply>& outcome)
{
  if (outcome)
    std::cout << "  ✓ " << query << " -> " << outcome->text << '\n';
  else
    std::cout << "  ✗ " << query << " -> ERROR: " << outcome.error_message() << '\n';
}

void summarize(const char* title, std::size_t total, int failed, demo::Duration elapsed)
{
  std::cout << "\n✅ " << title << " complete!\n"
            << "   Total: " << total << " queries\n"
            << "   Successful: " << static_cast<int>(total) - failed << '\n'
            << "   Failed: " << failed << '\n'
            << "   Time: " << demo::seconds(elapsed) << "\n\n";
}

}  // namespace

asio::awaitable<int> batch_processing(std::string model)
{
  demo::heading("Demo 3: Batch Processing with Concurrency Limit");

  std::cout << "\n1. Creating LLM agent...\n";
  const auto agent = llm::LlmAgent::builder("batch_agent", model)
                         .with_system_prompt("Provide a one-word answer.")
                         .with_temperature(0.5)
                         .with_max_tokens(10)
                         .build();
  std::cout << "[OK] Agent ready\n";

  const std::vector<std::string> queries{
      "What is 2+2?",
      "What is 3+3?",
      "What is 5+5?",
      "What is 7+7?",
      "What is 9+9?",
      "What is 11+11?",
      "What is 13+13?",
      "What is 15+15?",
  };
  const auto ask = [&](const std::string& query) { return agent.send_message_async(query); };
  constexpr std::size_t limit = 3;

  std::cout << "\n2. Processing " << queries.size() << " queries in batches of " << limit
            << "...\n";

  // Each batch ends before the next one begins: the fast queries of a batch wait for its slowest.
  const demo::Stopwatch batches_watch;
  int failed_in_batches = 0;
  std::size_t done = 0;
  auto stream = llm::batches(queries, limit, ask);
  for (int number = 1; done < queries.size(); ++number) {
    std::cout << "\nBatch " << number << ": Processing " << std::min(limit, queries.size() - done)
              << " queries...\n";
    const auto outcomes = co_await stream.next();
    for (const auto& outcome : *outcomes) {
      show(queries[done++], outcome);
      failed_in_batches += outcome ? 0 : 1;
    }
  }
  summarize("Batch processing", queries.size(), failed_in_batches, batches_watch.elapsed());

  std::cout << "3. Processing them again, " << limit << " at once in a sliding window...\n\n";

  // The same limit, but a place that comes free is taken at once by the next query.
  const demo::Stopwatch window_watch;
  auto options = llm::BatchOptions().on_progress(llm::ProgressBar("queries"));  // on a terminal
  auto working = llm::batch_outcomes(queries, limit, ask, std::move(options));
  const auto outcomes = co_await std::move(working);
  const auto elapsed = window_watch.elapsed();

  int failed = 0;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    show(queries[i], outcomes[i]);
    failed += outcomes[i] ? 0 : 1;
  }
  summarize("Sliding window", queries.size(), failed, elapsed);
  co_return failed_in_batches + failed;
}
