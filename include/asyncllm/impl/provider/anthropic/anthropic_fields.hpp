// What whole and streamed replies of Anthropic's wire have in common.
#pragma once

#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/model/reply.hpp>

#include <cstdint>
#include <string>

namespace asyncllm::inline v0_1::provider {

/// One element of `content`.
struct AnthropicBlock {
  std::string type, text, thinking, signature, data;  ///< as the block names them
  std::string id, name, input;                        ///< of a tool_use; input: JSON text, or ""
  std::string citations;                              ///< of a text: a JSON array, or ""
  std::string raw;  ///< a block of another type, as the server sent it
};

AnthropicBlock read_anthropic_block(json::Value value);

/// Token counts as this wire sends them: `input` is without what was read from the cache or written
/// to it.
struct AnthropicUsage {
  std::int64_t input = 0, output = 0, cache_read = 0, cache_write = 0, thinking = 0;
  bool reported = false;

  Usage usage() const;
};
/// A missing count leaves its member unchanged: a stream has them in two events.
void read_anthropic_usage(json::Value value, AnthropicUsage& usage);

/// A reply's blocks in their order, as the API takes them back. Unsigned thinking is left out, for
/// the API refuses it.
class AnthropicTurn {
 public:
  void add(const AnthropicBlock& block);
  bool ends_with_call() const noexcept { return ends_with_call_; }
  /// Removes the block that was added last.
  void drop_last() { json_.resize(last_at_); }
  bool is_more_than_text() const noexcept { return !is_text_ && !json_.empty(); }
  NativeTurn native() const { return NativeTurn("anthropic", '[' + json_ + ']'); }

 private:
  std::string json_;  // the elements of an array
  std::size_t last_at_ = 0;
  bool ends_with_call_ = false, is_text_ = true;
};

/// Appends the block to the JSON array `extra`, if it is reasoning that Anthropic needs back in the
/// next turn: it is signed, or hidden.
void keep_reasoning(const AnthropicBlock& block, std::string& extra);

}  // namespace asyncllm::provider
