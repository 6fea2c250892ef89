// The reasoning blocks that are sent back to a provider, from the fragments of a stream.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

/// OpenRouter's `reasoning_details` (its documentation: Reasoning Tokens). Fragments of one `type`
/// and `index`, or one `type` and `id` where there is no index, are one block, unless their ids
/// differ; consecutive texts and summaries with neither are one. The members text, summary and data
/// are joined; of the others the first that is not empty counts. A fragment with more than 64
/// members, or one that is not an object, is kept unchanged.
class ReasoningBlocks {
 public:
  ReasoningBlocks();
  ~ReasoningBlocks();
  ReasoningBlocks(ReasoningBlocks&&) noexcept;
  ReasoningBlocks& operator=(ReasoningBlocks&&) noexcept;

  /// `json` is valid JSON. Linear in its size.
  void add(std::string_view json);
  /// All blocks as a JSON array, in the order of their first fragments; "" when there are none.
  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;  // made when needed
};

}  // namespace asyncllm::provider
