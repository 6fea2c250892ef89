// The wires.
#pragma once

#include <asyncllm/impl/provider/wire.hpp>

#include <memory>

namespace asyncllm::inline v0_1::provider {

const Wire& ollama_wire() noexcept;
const Wire& openai_wire() noexcept;
const Wire& anthropic_wire() noexcept;
const Wire& responses_wire() noexcept;

/// Decoders of one streamed reply.
std::unique_ptr<DeltaDecoder> ollama_deltas();
std::unique_ptr<DeltaDecoder> openai_deltas();
std::unique_ptr<DeltaDecoder> anthropic_deltas();
std::unique_ptr<DeltaDecoder> responses_deltas();

}  // namespace asyncllm::provider
