#include "provider/wires.hpp"

namespace asyncllm::provider {

const Wire& wire_of(const Preset& preset) noexcept
{
  return preset.wire == WireKind::ollama ? ollama_wire() : openai_wire();
}

}  // namespace asyncllm::provider
