// What whole and streamed replies of Anthropic's wire have in common.
#pragma once

#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/model/reply.hpp>

#include <string>

namespace asyncllm::inline v0_1::provider {

/// One element of `content`.
struct AnthropicBlock {
  std::string type, text, thinking, signature, data;  ///< as the block names them
  std::string id, name, input;                        ///< of a tool_use; input: JSON text, or ""
};

AnthropicBlock read_anthropic_block(json::Value value);

/// Token counts. A missing count leaves its member unchanged: a stream has them in two events.
void read_anthropic_usage(json::Value value, Usage& usage);

/// Appends the block to the JSON array `extra`, if it is reasoning that Anthropic needs back in the
/// next turn: it is signed, or hidden.
void keep_reasoning(const AnthropicBlock& block, std::string& extra);

}  // namespace asyncllm::provider
