// All five demos, one after the other.
#include "demo.hpp"

#include <asio/awaitable.hpp>

#include <iostream>
#include <string>

asio::awaitable<int> async_llm_demo(std::string model)
{
  std::cout << '\n';
  demo::heading("🚀 asyncllm: Async LLM Demo");
  std::cout << "\nThis demo showcases asyncllm's async functionality:\n"
            << "- Concurrent LLM queries using send_message_async()\n"
            << "- Different async patterns with coroutines\n"
            << "- Error handling in async contexts\n\n"
            << std::string(60, '=') << "\n\n";

  int failed = co_await concurrent_gather(model);
  failed += co_await as_completed(model);
  failed += co_await batch_processing(model);
  failed += co_await error_handling(model);
  failed += co_await stream_tokens(model);

  if (failed == 0)
    demo::heading("✅ All demos completed successfully!");
  else
    demo::heading("❌ " + std::to_string(failed) + " queries failed: their errors are above.");
  co_return failed;
}
