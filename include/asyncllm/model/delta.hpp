// One piece of a reply as it comes.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace asyncllm::inline v0_1 {

/// The views point into the stream's own reply so far, and are valid until the stream's next piece
/// is asked for, or the stream is destroyed. For usage and finish, look there.
struct Delta {
  enum class Kind { text, reasoning, refusal, tool_call, usage, finish };

  Kind kind = Kind::text;
  std::string_view text;       ///< of text, reasoning, refusal; a piece of a tool call's arguments
  std::size_t tool_index = 0;  ///< which of the calls, from 0
  std::string_view tool_name, tool_id;  ///< as far as they are known
  std::shared_ptr<const void> owner;    ///< of the texts, if the stream was a temporary; else null
};

}  // namespace asyncllm
