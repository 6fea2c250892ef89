// The wires there are.
#pragma once

#include "provider/wire.hpp"

namespace asyncllm::provider {

const Wire& ollama_wire() noexcept;
const Wire& openai_wire() noexcept;

}  // namespace asyncllm::provider
