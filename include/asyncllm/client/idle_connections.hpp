// Connections that are kept for later requests.
#pragma once

#include <asyncllm/core/export.hpp>

#include <asio/any_io_executor.hpp>

#include <cstddef>

namespace asyncllm::inline v0_1 {

/// Closes the idle connections of all clients on the execution context of `executor`
/// (`loop.get_executor()`). Otherwise they are closed when they have been idle for a minute, or as
/// long as the server allows, and a call on that context ends. Calls in flight are not affected.
///
/// Result: how many were closed.
/// Threads: safe from any thread.
ASYNCLLM_EXPORT std::size_t close_idle_connections(const asio::any_io_executor& executor);

}  // namespace asyncllm
