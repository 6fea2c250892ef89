// says: the function returns no awaitable
#include <asyncllm/asyncllm.hpp>

#include <string>
#include <vector>

namespace llm = asyncllm;

asio::awaitable<int> co_main()
{
  const auto agent = llm::LlmAgent::builder("a", "ollama::m").build();
  const std::vector<std::string> questions{"a", "b"};
  auto ask = [&](const std::string& question) { return agent.send_message(question); };
  auto replies = co_await llm::batch(questions, 5, ask);
  co_return 0;
}
int main()
{
  return llm::run(co_main());
}
