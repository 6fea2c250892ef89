// A conversation that waits for its next question.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/core/export.hpp>

#include <memory>
#include <utility>

namespace asyncllm::inline v0_1 {

/// From `Client::prepare`, for `Client::chat` and `Client::stream` of the same client: everything
/// but the question is serialised already. Immutable, cheap to copy.
class ASYNCLLM_EXPORT PreparedChat {
 public:
  struct State;
  explicit PreparedChat(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  const std::shared_ptr<const State>& state() const noexcept { return state_; }

 private:
  std::shared_ptr<const State> state_;
};

}  // namespace asyncllm
