// How long one event of a stream may be.
#pragma once

#include <asyncllm/core/error.hpp>

#include <cstddef>
#include <string>

namespace asyncllm::inline v0_1::stream {

/// As in Ollama's own client.
inline constexpr std::size_t default_event_limit = 8 * 1024 * 1024;

/// Throws `Error{response_too_large}` when `size` is more than `limit` bytes.
inline void check_event_size(std::size_t size, std::size_t limit)
{
  if (size > limit)
    throw Error(
        ErrorKind::response_too_large,
        "an event of the stream is longer than " + std::to_string(limit) +
            " bytes (Limits::event_bytes)");
}

}  // namespace asyncllm::stream
