// One request to a server that may do anything, and what came of it.
#pragma once

#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace faults {

/// The three ways in which a reply comes.
enum class Wire { chat, sse, ndjson };

/// Goes with each request and must not be found in any error.
inline constexpr std::string_view secret = "sk-a-secret-of-the-tests";

struct Asked {
  std::string text;                      // of a whole reply, or of the pieces before the error
  std::optional<asyncllm::Error> error;  // nothing: the reply is said to be complete
  std::chrono::milliseconds took{0};
};

/// Asks `url`, which ends where the provider's own path begins. `text` of a failed stream is what
/// its pieces held.
inline asio::awaitable<Asked> ask(Wire wire, std::string url, asyncllm::Timeouts timeouts)
{
  const auto started = std::chrono::steady_clock::now();
  Asked asked;
  try {
    const std::string provider = wire == Wire::ndjson ? "ollama" : "openai";
    const asyncllm::Client client(
        asyncllm::ClientOptions(provider).base_url(url).api_key(std::string(secret)));
    auto messages = asyncllm::Messages().user("x");
    // Each try shows its own fault: another one would hide it.
    auto options = asyncllm::RequestOptions().timeouts(timeouts).retries(
        asyncllm::RetryPolicy().max_retries(0));
    if (wire == Wire::chat) {
      auto chat = client.chat("m", messages, options);
      const auto reply = co_await std::move(chat);
      asked.text = reply.text;
    } else {
      auto stream = client.stream("m", messages, options);
      while (const auto delta = co_await stream.next())
        if (delta->kind == asyncllm::Delta::Kind::text)
          asked.text += delta->text;
    }
  } catch (const asyncllm::Error& error) {
    asked.error = error;
  }
  asked.took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - started);
  co_return asked;
}

/// Whether the error tells the key.
inline bool tells_secret(const asyncllm::Error& error)
{
  for (const std::string_view text :
       {std::string_view(error.what()),
        std::string_view(error.server_message()),
        std::string_view(error.partial_text()),
        std::string_view(error.body())})
    if (text.find(secret) != text.npos)
      return true;
  return false;
}

}  // namespace faults
