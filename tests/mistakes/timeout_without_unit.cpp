// says: a time limit has a unit
#include <asyncllm/asyncllm.hpp>

#include <string>
#include <vector>

namespace llm = asyncllm;

asio::awaitable<int> co_main()
{
  const auto agent = llm::LlmAgent::builder("a", "ollama::m").build();
  auto call = llm::with_timeout(agent.send_message_async("x"), 5);
  co_await std::move(call);
  co_return 0;
}
int main()
{
  return llm::run(co_main());
}
