// Questions to a model: what provider translates to a wire.
#pragma once

#include <asyncllm/model/message.hpp>
#include <asyncllm/model/parameters.hpp>
#include <asyncllm/model/prompt.hpp>

#include <string>
#include <vector>

namespace asyncllm::inline v0_1 {

/// A conversation to go on with.
struct ChatRequest {
  std::string model;
  Messages messages;
  Parameters parameters;
};

/// A bare prompt to go on with.
struct GenerateRequest {
  std::string model;
  Prompt prompt;
  Parameters parameters;
};

/// Texts to be made vectors.
struct EmbedRequest {
  std::string model;
  std::vector<std::string> texts;
  Parameters parameters;
};

}  // namespace asyncllm
