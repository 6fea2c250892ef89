// says: the function cannot be called with an item of this range
#include <asyncllm/asyncllm.hpp>

#include <string>
#include <vector>

namespace llm = asyncllm;

asio::awaitable<int> co_main()
{
  const auto agent = llm::LlmAgent::builder("a", "ollama::m").build();
  const std::vector<int> numbers{1, 2};
  auto ask = [&](const std::string& question) { return agent.send_message_async(question); };
  auto stream = llm::batches(numbers, 5, ask);
  co_return 0;
}
int main()
{
  return llm::run(co_main());
}
