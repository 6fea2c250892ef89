// The connections that wait for their next request.
#pragma once

#include <asyncllm/core/export.hpp>

#include <asio/any_io_executor.hpp>

#include <cstddef>

namespace asyncllm::inline v0_1 {

/// Closes the connections that wait for their next request, of all clients, on the execution
/// context of `executor` (`loop.get_executor()`). They are closed by themselves only when they are
/// a minute old, or as old as the server allows, and calls are made on that context. Calls in
/// flight are not touched.
///
/// Result: how many were closed. Threads: safe from any thread.
ASYNCLLM_EXPORT std::size_t close_idle_connections(const asio::any_io_executor& executor);

}  // namespace asyncllm
