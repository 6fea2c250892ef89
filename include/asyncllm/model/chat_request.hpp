// One question to a model: what provider translates to a wire.
#pragma once

#include <asyncllm/model/message.hpp>
#include <asyncllm/model/parameters.hpp>

#include <string>

namespace asyncllm {

struct ChatRequest {
  std::string model;
  Messages messages;
  Parameters parameters;
};

}  // namespace asyncllm
