// usage: check server            runs a scripted server, prints its port, until its input ends
//        check ask URL [PROXY]   asks one question, whole and as a stream, and prints the answers
#include <asyncllm/asyncllm.hpp>
#include <asyncllm/testing/server_thread.hpp>

#include <exception>
#include <iostream>
#include <string>

namespace {

int serve()
{
  asyncllm::testing::ServerThread server;
  const auto url = server.url();
  std::cout << url.substr(url.rfind(':') + 1) << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
  }
  return 0;
}

asio::awaitable<int> ask(std::string url, const char* proxy)
{
  auto builder = asyncllm::LlmAgent::builder("check", "openai@" + url + "::m");
  if (proxy)
    builder.with_proxy(proxy);
  try {
    const auto agent = builder.build();
    for (int i = 0; i < 2; ++i) {  // the second on the connection of the first
      const auto reply = co_await agent.send_message_async("Are you there?");
      auto stream = agent.stream_message("Still there?");
      const auto streamed = co_await stream.collect();
      std::cout << reply.text << ' ' << streamed.text << '\n';
    }
  } catch (const asyncllm::Error& error) {
    std::cout << "error: " << error.what() << '\n';
  }
  co_return 0;
}

}  // namespace

int main(int count, char** arguments)
{
  if (count == 2 && arguments[1] == std::string("server"))
    return serve();
  if (count == 3 || count == 4)
    return asyncllm::run(ask(arguments[2], count == 4 ? arguments[3] : nullptr));
  std::cerr << "usage: check server | check ask URL [PROXY]\n";
  return 2;
}
