// Readers of a stream of completions.
#pragma once

#include <asyncllm/concurrency/as_completed.hpp>

#include "harness.hpp"

#include <string>

namespace harness {

using Stream = asyncllm::CompletionStream<int>;

/// Takes up to `count` items and writes "index:value" or "index!message" to the log.
inline asio::awaitable<void> consume(Stream& stream, Log& log, int count = 1000)
{
  while (count-- > 0) {
    const auto item = co_await stream.next();
    if (!item) {
      log.push_back("end");
      break;
    }
    const auto& result = item->result;
    log.push_back(
        std::to_string(item->index) +
        (result ? ":" + std::to_string(*result) : "!" + result.error_message()));
  }
}

inline asio::awaitable<void> close(Stream& stream)
{
  co_await stream.close();
}

}  // namespace harness
