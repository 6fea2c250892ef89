// Demo 5: prints an answer token by token, as the model writes it.
#include <asyncllm/asyncllm.hpp>

#include "demo.hpp"

#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <iomanip>
#include <iostream>
#include <string>

namespace llm = asyncllm;

namespace {

using Seconds = std::chrono::duration<double>;

// The server's own count and time, where it tells them; else the pieces that came, by our clock.
double tokens_per_second(const llm::Reply& reply, std::size_t pieces)
{
  const auto& timings = reply.timings;
  const auto tokens = reply.usage.reported ? static_cast<double>(reply.usage.output_tokens)
                                           : static_cast<double>(pieces);
  const Seconds time = timings.eval.value_or(timings.total - timings.first_token);
  return time.count() > 0 ? tokens / time.count() : 0;
}

}  // namespace

asio::awaitable<int> stream_tokens(std::string model)
{
  demo::heading("Demo 5: Tokens as they come");

  const auto agent = llm::LlmAgent::builder("streaming_agent", model)
                         .with_system_prompt("You are a helpful assistant.")
                         .with_temperature(0.7)
                         .with_max_tokens(200)
                         .build();
  const std::string question = "Why is the sky blue?";
  std::cout << "\nQ: " << question << "\nA: ";

  // Nothing is sent before the first next(). It gives what has come already without suspending.
  auto stream = agent.stream_message(question);
  std::size_t pieces = 0;
  try {
    while (const auto delta = co_await stream.next()) {
      if (delta->kind == llm::Delta::Kind::text)
        std::cout << delta->text << std::flush;
      else if (delta->kind == llm::Delta::Kind::reasoning && pieces == 0)
        std::cout << "(thinking) " << std::flush;
      ++pieces;
    }
  } catch (const llm::Error& error) {
    if (error.kind() == llm::ErrorKind::cancelled)
      throw;
    // What had come is on the screen already, and in error.partial_text().
    std::cout << "\n\n❌ The answer broke off: " << error.what() << '\n';
    co_return 1;
  }

  const auto& reply = stream.reply();  // the whole of it, as send_message_async gives
  std::cout << "\n\n✅ Finished: " << to_string(reply.finish_reason)
            << "\n   First token after: " << demo::seconds(reply.timings.first_token)
            << "\n   Tokens per second: " << std::fixed << std::setprecision(1)
            << tokens_per_second(reply, pieces) << "\n\n";
  co_return 0;
}
