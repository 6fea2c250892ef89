// What an agent holds.
#pragma once

#include <asyncllm/agent/agent.hpp>
#include <asyncllm/tools/tool.hpp>

#include <string>
#include <vector>

namespace asyncllm::inline v0_1 {

struct LlmAgent::State {
  std::string name;
  ModelSpec spec;
  Client client;
  PreparedChat chat;  // with the system prompt and the defaults
  std::vector<Tool> tools;
};

}  // namespace asyncllm
