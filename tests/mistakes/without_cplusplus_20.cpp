// says: asyncllm needs C++20
// with: -std=c++17
#include <asyncllm/agent/agent.hpp>
