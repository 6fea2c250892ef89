// How much of an answer is read before it is refused.
#pragma once

#include <cstddef>

namespace asyncllm::inline v0_1 {

/// Limits on what a server may send, so that no answer, however long, fills the memory. An answer
/// that exceeds one is `Error{response_too_large}`, whose text names the limit and its value. Sizes
/// are in bytes. A limit cannot be switched off, but it can be as high as you like.
class Limits {
 public:
  Limits() = default;

  /// The first line of an answer. Default: 8 KiB.
  Limits& status_line(std::size_t bytes)
  {
    status_line_ = bytes;
    return *this;
  }
  /// All status lines and header fields of an answer, interim responses included; separately, all
  /// trailer fields of a chunked body. Default: 256 KiB.
  Limits& header_bytes(std::size_t bytes)
  {
    header_bytes_ = bytes;
    return *this;
  }
  /// The number of those fields. Default: 1,000.
  Limits& header_count(std::size_t fields)
  {
    header_count_ = fields;
    return *this;
  }
  /// Interim responses (1xx) before the final one. Default: 32.
  Limits& interim_responses(std::size_t count)
  {
    interim_responses_ = count;
    return *this;
  }
  /// What follows the size of a chunk on its line. Default: 4 KiB.
  Limits& chunk_extension(std::size_t bytes)
  {
    chunk_extension_ = bytes;
    return *this;
  }
  /// The body of an answer that is not a stream. Default: 64 MiB.
  Limits& body_bytes(std::size_t bytes)
  {
    body_bytes_ = bytes;
    return *this;
  }

  /// One event of a stream. Default: 8 MiB, as in Ollama's own client.
  Limits& event_bytes(std::size_t bytes)
  {
    event_bytes_ = bytes;
    return *this;
  }

  /// All that a streamed reply holds: its texts, tool calls, signatures, logprobs, and events kept
  /// for later. Default: 64 MiB.
  Limits& reply_bytes(std::size_t bytes)
  {
    reply_bytes_ = bytes;
    return *this;
  }
  /// The number of tool calls of a streamed reply. Default: 10,000.
  Limits& tool_calls(std::size_t count)
  {
    tool_calls_ = count;
    return *this;
  }
  /// The number of tokens of a streamed reply that have logprobs. Default: 1,000,000.
  Limits& logprobs(std::size_t tokens)
  {
    logprobs_ = tokens;
    return *this;
  }

  std::size_t status_line() const noexcept { return status_line_; }
  std::size_t header_bytes() const noexcept { return header_bytes_; }
  std::size_t header_count() const noexcept { return header_count_; }
  std::size_t interim_responses() const noexcept { return interim_responses_; }
  std::size_t chunk_extension() const noexcept { return chunk_extension_; }
  std::size_t body_bytes() const noexcept { return body_bytes_; }
  std::size_t event_bytes() const noexcept { return event_bytes_; }
  std::size_t reply_bytes() const noexcept { return reply_bytes_; }
  std::size_t tool_calls() const noexcept { return tool_calls_; }
  std::size_t logprobs() const noexcept { return logprobs_; }

 private:
  std::size_t status_line_ = std::size_t{8} << 10;
  std::size_t header_bytes_ = std::size_t{256} << 10;
  std::size_t header_count_ = 1000;
  std::size_t interim_responses_ = 32;
  std::size_t chunk_extension_ = std::size_t{4} << 10;
  std::size_t body_bytes_ = std::size_t{64} << 20;
  std::size_t event_bytes_ = std::size_t{8} << 20;
  std::size_t reply_bytes_ = std::size_t{64} << 20;
  std::size_t tool_calls_ = 10'000;
  std::size_t logprobs_ = 1'000'000;
};

}  // namespace asyncllm
