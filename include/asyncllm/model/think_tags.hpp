// Reasoning that a server leaves in the text, between <think> and </think>.
#pragma once

namespace asyncllm::inline v0_1 {

/// What becomes of `<think>...</think>` at the beginning of a reply's text. A server that knows its
/// model sends the reasoning apart; one that does not leaves it in the text.
enum class ThinkTags {
  keep,   ///< it stays in the text
  split,  ///< it becomes `Reply::reasoning`, whole or streamed, without the tags and the space
          ///< around them. A text that does not begin with the tag is not changed. One that never
          ///< closes it is all reasoning
  split_begun,  ///< the same where the prompt template ends with `<think>`: the text begins within
                ///< the reasoning
};

}  // namespace asyncllm
