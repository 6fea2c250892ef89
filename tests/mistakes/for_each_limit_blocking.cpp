// says: the function returns no awaitable
#include <asyncllm/asyncllm.hpp>

#include <string>
#include <vector>

namespace llm = asyncllm;

asio::awaitable<int> co_main()
{
  const auto agent = llm::LlmAgent::builder("a", "ollama::m").build();
  const std::vector<std::string> questions{"a", "b"};
  auto ask = [&](const std::string& question) { return agent.send_message(question).text; };
  auto print = [](std::size_t, auto) {};
  co_await llm::for_each_limit(questions, 5, ask, print);
  co_return 0;
}
int main()
{
  return llm::run(co_main());
}
