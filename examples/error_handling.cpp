// Demo 4: what goes wrong is an llm::Error, whose kind says what a program may do about it.
#include <asyncllm/asyncllm.hpp>

#include "demo.hpp"

#include <asio/awaitable.hpp>

#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace llm = asyncllm;

namespace {

struct Case {
  std::string label, query;
  llm::LlmAgent agent;
};

std::string preview(const std::string& text)
{
  std::size_t end = 50;
  if (text.size() <= end)
    return text;
  while (end > 0 && (text[end] & 0xC0) == 0x80)  // not in the middle of a UTF-8 character
    --end;
  return text.substr(0, end) + "...";
}

std::string_view advice(const llm::Error& error)
{
  switch (error.kind()) {
    case llm::ErrorKind::invalid_argument: return "the call is wrong: nothing was sent";
    case llm::ErrorKind::model_not_found: return "choose a model that the server has";
    case llm::ErrorKind::context_length_exceeded: return "ask for less at once";
    default: return error.retryable() ? "try again later" : "trying again does not help";
  }
}

llm::LlmAgent build_agent(std::string_view model)
{
  return llm::LlmAgent::builder("error_agent", model)
      .with_system_prompt("Be helpful.")
      .with_max_tokens(30)
      .build();
}

}  // namespace

asio::awaitable<int> error_handling(std::string model)
{
  demo::heading("Demo 4: Error Handling with Async Operations");

  std::cout << "\n1. Creating LLM agent...\n";
  const auto agent = build_agent(model);
  const auto server = model.substr(0, model.size() - agent.model().model.size());
  const auto lost_agent = build_agent(server + "no-such-model");
  std::cout << "[OK] Agent ready\n";

  const std::vector<Case> cases{
      {"Valid query", "What is 2+2?", agent},
      {"Empty query", "", agent},
      {"Very long query", std::string(10000, 'a'), agent},
      {"Another valid", "What is Python?", agent},
      {"Unknown model", "What is 2+2?", lost_agent},
  };
  std::cout << "\n2. Testing error handling with " << cases.size() << " different cases...\n\n";

  int successes = 0, errors = 0;
  for (const auto& [label, query, asked] : cases) {
    std::cout << "Testing: " << label << '\n';
    try {
      const auto reply = co_await asked.send_message_async(query);
      std::cout << "  ✓ Success: " << preview(reply.text) << '\n';
      ++successes;
    } catch (const llm::Error& error) {
      if (error.kind() == llm::ErrorKind::cancelled)  // Ctrl-C: nothing more is to be done
        throw;
      std::cout << "  ✗ Error: " << error.what() << '\n';  // begins with the kind's name
      if (error.http_status() != 0)
        std::cout << "    HTTP status " << error.http_status() << ", \"" << error.server_message()
                  << "\"\n";
      std::cout << "    What to do: " << advice(error) << '\n';
      ++errors;
    }
    std::cout << '\n';
  }

  std::cout << "✅ Error handling test complete!\n"
            << "   Successful: " << successes << '\n'
            << "   Errors caught: " << errors << "\n\n";
  co_return successes > 0 ? 0 : errors;  // errors are what this demo is about, but not errors only
}
