#include <asyncllm/impl/http/connect/resolve.hpp>

#include <asio/ip/address.hpp>

#include <utility>

namespace asyncllm::inline v0_1::http {

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
  const std::lock_guard lock(mutex_);
  auto& known = by_host_[host + ':' + service];
  if (auto lookup = known.lock()) {
    const std::lock_guard its_lock(lookup->mutex);
    if (!lookup->answered)
      return lookup;
  }
  const auto lookup = std::make_shared<Lookup>(executor);
  known = lookup;
  std::erase_if(by_host_, [](const auto& entry) { return entry.second.expired(); });
  lookup->resolver.async_resolve(
      host,
      service,
      asio::ip::resolver_base::numeric_service,
      [lookup](
          const asio::error_code& failure, const asio::ip::tcp::resolver::results_type& results) {
        const std::lock_guard its_lock(lookup->mutex);
        lookup->answered = true;
        lookup->error = failure;
        for (const auto& result : results)
          lookup->endpoints.push_back(result.endpoint());
        for (auto& sleeper : lookup->waiting)
          sleeper.wake();
      });
  return lookup;
}

Resolution::Resolution(const asio::any_io_executor& executor, std::shared_ptr<Lookup> lookup)
    : lookup_(std::move(lookup))
{
  const std::lock_guard lock(lookup_->mutex);
  sleeper_ = lookup_->waiting.emplace(lookup_->waiting.end(), executor);
  if (lookup_->answered)
    sleeper_->wake();
}

Resolution::~Resolution()
{
  const std::lock_guard lock(lookup_->mutex);
  lookup_->waiting.erase(sleeper_);
}

asio::awaitable<Endpoints> Resolution::run(asio::error_code& error)
{
  co_await sleeper_->sleep(lookup_->mutex, Sleeper::TimePoint::max(), error);
  const std::lock_guard lock(lookup_->mutex);
  error = lookup_->answered ? lookup_->error : asio::error::operation_aborted;
  co_return lookup_->endpoints;
}

void Resolution::cancel()
{
  const std::lock_guard lock(lookup_->mutex);
  sleeper_->wake();
}

}  // namespace asyncllm::http
