#include <asyncllm/client/idle_connections.hpp>
#include <asyncllm/impl/http/connect/context_service.hpp>

namespace asyncllm::inline v0_1 {

std::size_t close_idle_connections(const asio::any_io_executor& executor)
{
  return http::ContextService::of(executor)->pool.clear();
}

}  // namespace asyncllm
