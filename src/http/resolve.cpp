#include "http/resolve.hpp"

#include <asio/ip/address.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <utility>

namespace asyncllm::http {

std::optional<Endpoints> known_endpoints(const std::string& host, std::uint16_t port)
{
  using asio::ip::tcp;
  asio::error_code no_address;
  const auto address = asio::ip::make_address(host, no_address);
  if (!no_address)
    return Endpoints{tcp::endpoint(address, port)};
  if (host == "localhost" || host.ends_with(".localhost"))
    return Endpoints{
        tcp::endpoint(asio::ip::address_v4::loopback(), port),
        tcp::endpoint(asio::ip::address_v6::loopback(), port)};
  return std::nullopt;
}

std::shared_ptr<Lookup> Lookups::join(
    const asio::any_io_executor& executor, const std::string& host, std::uint16_t port)
{
  const auto service = std::to_string(port);
  auto& known = by_host_[host + ':' + service];
  if (auto lookup = known.lock(); lookup && !lookup->answered)
    return lookup;
  const auto lookup = std::make_shared<Lookup>(executor);
  known = lookup;
  std::erase_if(by_host_, [](const auto& entry) { return entry.second.expired(); });
  lookup->resolver.async_resolve(
      host,
      service,
      asio::ip::resolver_base::numeric_service,
      [lookup](
          const asio::error_code& failure, const asio::ip::tcp::resolver::results_type& results) {
        lookup->answered = true;
        lookup->error = failure;
        for (const auto& result : results)
          lookup->endpoints.push_back(result.endpoint());
        for (auto& waiting : lookup->waiting)
          waiting.cancel();
      });
  return lookup;
}

Resolution::Resolution(const asio::any_io_executor& executor, std::shared_ptr<Lookup> lookup)
    : lookup_(std::move(lookup)),
      over_(lookup_->waiting.emplace(
          lookup_->waiting.end(), executor, asio::steady_timer::time_point::max()))
{}

asio::awaitable<Endpoints> Resolution::run(asio::error_code& error)
{
  co_await over_->async_wait(asio::redirect_error(asio::use_awaitable, error));
  error = lookup_->answered ? lookup_->error : asio::error::operation_aborted;
  co_return lookup_->endpoints;
}

}  // namespace asyncllm::http
