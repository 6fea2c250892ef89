// What an agent holds.
#pragma once

#include <asyncllm/agent/agent.hpp>
#include <asyncllm/tools/tool.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace asyncllm::inline v0_1 {

struct LlmAgent::State {
  std::string name;
  ModelSpec spec;
  Client client;
  PreparedChat chat;  // with the system prompt and the defaults
  std::vector<Tool> tools;
  /// The form of typed answers that the server takes, as far as is known.
  std::shared_ptr<std::atomic<AnswerForm>> answer_form;
};

}  // namespace asyncllm
