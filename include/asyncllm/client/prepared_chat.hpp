// A conversation that waits for its next question.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/core/export.hpp>

#include <memory>
#include <string>
#include <utility>

namespace asyncllm::inline v0_1 {

namespace client {
struct PreparedState;
}

/// From `Client::prepare`, for `Client::chat` and `Client::stream` of the same client: everything
/// but the question is serialised already. Immutable, cheap to copy.
class ASYNCLLM_EXPORT PreparedChat {
 public:
  const std::string& model() const noexcept;

 private:
  friend class Client;
  explicit PreparedChat(std::shared_ptr<const client::PreparedState> state)
      : state_(std::move(state))
  {}

  std::shared_ptr<const client::PreparedState> state_;
};

}  // namespace asyncllm
