// What a provider wants back with a model's reasoning, from the fragments of a stream.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace asyncllm::provider {

/// OpenRouter's `reasoning_details`: fragments of one `index` and `type` are one block, whose texts
/// are joined. Objects without an index are blocks of their own.
class ReasoningBlocks {
 public:
  ReasoningBlocks();
  ~ReasoningBlocks();
  ReasoningBlocks(ReasoningBlocks&&) noexcept;
  ReasoningBlocks& operator=(ReasoningBlocks&&) noexcept;

  /// A JSON value; one that is not an object is kept as it is.
  void add(std::string_view json);
  /// All blocks as a JSON array, in the order of their first fragments; "" when there are none.
  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;  // made when needed
};

}  // namespace asyncllm::provider
