// A second file of the same program, which only uses the library.
#include <asyncllm/asyncllm.hpp>

std::string name_of_agent(const asyncllm::LlmAgent& agent)
{
  return agent.name();
}
