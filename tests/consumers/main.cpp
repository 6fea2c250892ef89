// What a user's first program may look like: one question to one agent.
#include <asyncllm/asyncllm.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include <asio/this_coro.hpp>

#include <iostream>

namespace llm = asyncllm;

asio::awaitable<int> co_main()
{
  llm::testing::ScriptedServer server(co_await asio::this_coro::executor);
  server.always(llm::testing::Answer::echo());
  auto agent = llm::LlmAgent::builder("consumer", server.spec("ollama", "any")).build();
  const llm::Reply reply = co_await agent.send_message_async("Hello from a consumer.");
  std::cout << reply << '\n';
  co_return reply.text == "Hello from a consumer." ? 0 : 1;
}

int main()
{
  return llm::run(co_main());
}
