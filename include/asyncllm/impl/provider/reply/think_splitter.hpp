// Splits the reasoning off a text that begins with <think>...</think>.
#pragma once

#include <asyncllm/model/reply.hpp>
#include <asyncllm/model/think_tags.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

/// A machine that takes a text in pieces. It holds back what may be a part of a tag or the space
/// around it, 64 bytes at most.
class ThinkSplitter {
 public:
  explicit ThinkSplitter(ThinkTags tags = ThinkTags::keep)
      : tags_(tags), state_(tags == ThinkTags::keep ? State::text : State::beginning)
  {}

  /// Whether a piece may be anything but text.
  bool is_open() const noexcept { return state_ != State::text; }

  /// The reasoning comes before the text. The views are valid until the next call, or as long as
  /// the piece.
  struct Split {
    std::string_view reasoning, text;
  };
  Split feed(std::string_view piece);
  /// No more pieces follow: what was held back.
  Split finish();

 private:
  enum class State { beginning, reasoning, behind, text };

  void read_beginning(std::string_view& rest);
  void read_reasoning(std::string_view& rest, Split& split);
  void read_behind(std::string_view& rest);
  void hold(std::string_view& rest);

  ThinkTags tags_;
  State state_;
  bool has_reasoning_ = false;
  std::string held_, joined_;
};

/// The same with the text of a whole reply.
void split_thinking(Reply& reply, ThinkTags tags);

}  // namespace asyncllm::provider
