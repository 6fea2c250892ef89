// says: while (auto delta = co_await stream.next())
#include <asyncllm/asyncllm.hpp>

#include <string>
#include <vector>

namespace llm = asyncllm;

asio::awaitable<int> co_main()
{
  const auto agent = llm::LlmAgent::builder("a", "ollama::m").build();
  for (auto delta : agent.stream_message("x"))
    static_cast<void>(delta);
  co_return 0;
}
int main()
{
  return llm::run(co_main());
}
