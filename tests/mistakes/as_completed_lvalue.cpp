// says: pass the container with std::move(tasks)
#include <asyncllm/asyncllm.hpp>

#include <string>
#include <vector>

namespace llm = asyncllm;

asio::awaitable<int> co_main()
{
  const auto agent = llm::LlmAgent::builder("a", "ollama::m").build();
  std::vector<asio::awaitable<llm::Reply>> tasks;
  tasks.push_back(agent.send_message_async("x"));
  auto stream = llm::as_completed(tasks);
  co_return 0;
}
int main()
{
  return llm::run(co_main());
}
