// Requests in the form of OpenAI's Responses.
#pragma once

#include <asyncllm/impl/provider/preset.hpp>
#include <asyncllm/impl/provider/wire.hpp>
#include <asyncllm/model/chat_request.hpp>

#include <string>

namespace asyncllm::inline v0_1::provider {

/// Appends the body of a request. Throws as `Wire::encode`.
void write_responses_request(
    const ChatRequest& request, const Preset& preset, Delivery delivery, std::string& out);

}  // namespace asyncllm::provider
