// The reasoning blocks that are sent back to a provider, from the fragments of a stream.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

/// OpenRouter's `reasoning_details` (its documentation: Reasoning Tokens). Fragments of one `type`
/// and `index`, or one `type` and `id` where there is no index, are one block, unless their ids
/// differ; texts and summaries with neither are one as long as they follow each other. The members
/// text, summary and data are joined, of the others the first that says something counts. What has
/// more than 64 members, or is not an object, is kept as it came.
class ReasoningBlocks {
 public:
  ReasoningBlocks();
  ~ReasoningBlocks();
  ReasoningBlocks(ReasoningBlocks&&) noexcept;
  ReasoningBlocks& operator=(ReasoningBlocks&&) noexcept;

  /// `json` is valid JSON. Takes time in proportion to its size.
  void add(std::string_view json);
  /// All blocks as a JSON array, in the order of their first fragments; "" when there are none.
  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;  // made when needed
};

}  // namespace asyncllm::provider
