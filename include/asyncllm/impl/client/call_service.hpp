// What the calls on one io_context share besides connections.
#pragma once

#include <asyncllm/impl/client/admission.hpp>
#include <asyncllm/impl/client/retry_decision.hpp>
#include <asyncllm/impl/client/scratch.hpp>
#include <asyncllm/impl/http/connect/context_service.hpp>
#include <asyncllm/impl/http/connect/mutex.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <random>
#include <unordered_map>

namespace asyncllm::inline v0_1::client {

/// Of the calls of one client.
struct SharedByCalls {
  RetryBudget budget;
  std::shared_ptr<Admission> admission;  ///< null: every call may start
};

/// Safe from any thread. Lives as long as the loop.
class CallService {
 public:
  static CallService& of(http::ContextService& loop) { return loop.extension<CallService>(); }

  /// Of the calls of `client`, valid as long as the client. `policy` and `max_in_flight` are read
  /// by the first call.
  SharedByCalls& of_client(
      const std::shared_ptr<const void>& client,
      const RetryPolicy& policy,
      std::size_t max_in_flight);

  /// A number from 0 to 1.
  double random();

  Scratch scratch;

 private:
  struct Owned {
    std::weak_ptr<const void> client;
    std::unique_ptr<SharedByCalls> shared;
  };

  http::Mutex mutex_;  // of what follows
  std::unordered_map<const void*, Owned> by_client_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace asyncllm::client
