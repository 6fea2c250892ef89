#include <asyncllm/http/idle_connections.hpp>

#include "http/loop.hpp"

namespace asyncllm {

std::size_t close_idle_connections(const asio::any_io_executor& executor)
{
  return http::Loop::of(executor)->pool.clear();
}

}  // namespace asyncllm
