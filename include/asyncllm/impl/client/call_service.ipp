#include <asyncllm/impl/client/call_service.hpp>

namespace asyncllm::inline v0_1::client {

SharedByCalls& CallService::of_client(
    const std::shared_ptr<const void>& client, const RetryPolicy& policy, std::size_t max_in_flight)
{
  const std::lock_guard lock(mutex_);
  const auto known = by_client_.find(client.get());
  if (known != by_client_.end() && !known->second.client.expired())
    return *known->second.shared;
  std::erase_if(by_client_, [](const auto& entry) { return entry.second.client.expired(); });
  std::shared_ptr<Admission> admission;
  if (max_in_flight > 0)
    admission = std::make_shared<InFlightLimit>(max_in_flight);
  Owned owned{client, nullptr};
  owned.shared.reset(new SharedByCalls{RetryBudget(policy), std::move(admission)});
  return *by_client_.emplace(client.get(), std::move(owned)).first->second.shared;
}

double CallService::random()
{
  const std::lock_guard lock(mutex_);
  return std::generate_canonical<double, 32>(random_);
}

}  // namespace asyncllm::client
