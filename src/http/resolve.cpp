#include "http/resolve.hpp"

#include <asio/ip/address.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <utility>

namespace asyncllm::http {

std::optional<Endpoints> known_endpoints(const std::string& host, std::uint16_t port)
{
  asio::error_code no_address;
  const auto address = asio::ip::make_address(host, no_address);
  Endpoints endpoints;
  if (!no_address) {
    endpoints.emplace_back(address, port);
  } else if (host == "localhost" || host.ends_with(".localhost")) {
    endpoints.emplace_back(asio::ip::address_v4::loopback(), port);
    endpoints.emplace_back(asio::ip::address_v6::loopback(), port);
  } else {
    return std::nullopt;
  }
  return endpoints;
}

Resolution::Resolution(const asio::any_io_executor& executor)
    : state_(std::make_shared<State>(executor))
{}

asio::awaitable<Endpoints> Resolution::run(
    std::string host, std::uint16_t port, asio::error_code& error)
{
  const auto state = state_;
  state->over.expires_at(asio::steady_timer::time_point::max());
  state->resolver.async_resolve(
      host,
      std::to_string(port),
      asio::ip::resolver_base::numeric_service,
      [state](
          const asio::error_code& failure, const asio::ip::tcp::resolver::results_type& results) {
        state->answered = true;
        state->error = failure;
        for (const auto& result : results)
          state->endpoints.push_back(result.endpoint());
        state->over.cancel();
      });
  co_await state->over.async_wait(asio::redirect_error(asio::use_awaitable, error));
  error = state->answered ? state->error : asio::error::operation_aborted;
  co_return std::move(state->endpoints);
}

void Resolution::cancel()
{
  state_->over.cancel();
}

}  // namespace asyncllm::http
