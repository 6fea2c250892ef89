// The body of a request without its question: the rest is serialised once.
#pragma once

#include <asyncllm/impl/provider/preset.hpp>
#include <asyncllm/impl/provider/wire.hpp>
#include <asyncllm/model/chat_request.hpp>

#include <optional>
#include <string>

namespace asyncllm::inline v0_1::provider {

class RequestTemplate {
 public:
  /// For `request` with one more user message. Nothing if the question's position cannot be
  /// distinguished from what else is in there. Throws as `Wire::encode`.
  static std::optional<RequestTemplate> make(
      const Wire& wire, ChatRequest request, const Preset& preset, Delivery delivery);

  /// Appends the body with `question`. Throws `Error{invalid_argument}` if that is not UTF-8 and is
  /// not to be replaced.
  void write(const std::string& question, bool replaces_invalid, std::string& out) const;

 private:
  std::string before_, behind_;
};

}  // namespace asyncllm::provider
