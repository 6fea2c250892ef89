// says: pass the container with std::move(tasks)
#include <asyncllm/asyncllm.hpp>

#include <string>
#include <vector>

namespace llm = asyncllm;

asio::awaitable<int> co_main()
{
  const auto agent = llm::LlmAgent::builder("a", "ollama::m").build();
  const std::vector<asio::awaitable<llm::Reply>> tasks;
  auto replies = co_await llm::gather(std::move(tasks));
  co_return 0;
}
int main()
{
  return llm::run(co_main());
}
