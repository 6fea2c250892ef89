// The turns of a conversation, and which of them are sent. No I/O.
#pragma once

#include <asyncllm/model/message.hpp>
#include <asyncllm/model/reply.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace asyncllm::inline v0_1::detail {

/// A turn is a message of the user and all up to the next one. What comes before the first turn is
/// always sent.
///
/// Turns are left out from the oldest on, whole ones only, and in steps: where a budget is
/// exceeded, down to a part of it, so that several requests begin alike and the provider's cache
/// holds. Sizes come from the server's counts, and from bytes where there are none, with as many
/// bytes a token as measured before.
class History {
 public:
  void keep_turns(std::size_t count) { most_turns_ = count; }
  void keep_tokens(std::int64_t budget, double cut_to);
  void pin(std::size_t first_turns) { pinned_ = first_turns; }

  /// What to send with `question`, which becomes the last turn if it succeeds.
  Messages view(const Message& question);
  /// The turn that `question` began. `tokens`: of the whole conversation as the server counted it
  /// after the last answer; 0: it did not.
  void commit(const Messages& turn, std::int64_t tokens);
  /// Removes the last turn. False if there is none.
  bool undo();
  /// Takes over messages that were saved.
  void assign(const Messages& messages);

  const Messages& messages() const noexcept { return messages_; }
  std::size_t turns() const noexcept { return turns_.size(); }
  /// How many of the turns after the pinned ones are left out at present.
  std::size_t left_out() const noexcept { return left_out_; }
  /// Tokens of what is sent, without the next question.
  std::int64_t estimated_tokens() const;

 private:
  struct Turn {
    std::size_t begin = 0;  // in messages_
    std::size_t bytes = 0;
    std::int64_t tokens = 0;  // 0: not measured
  };

  std::int64_t tokens_of(std::size_t bytes) const;
  std::int64_t tokens_of(const Turn& turn) const;
  bool is_sent(std::size_t turn) const { return turn < pinned_ || turn >= pinned_ + left_out_; }
  void trim(std::int64_t question);
  Messages sent() const;

  Messages messages_;
  std::vector<Turn> turns_;
  std::size_t before_ = 0;       // bytes before the first turn
  std::int64_t overhead_ = 0;    // tokens that are in no turn: system prompt, tools
  std::int64_t last_count_ = 0;  // of the server, for what is sent at present
  std::optional<std::size_t> most_turns_;
  std::optional<std::int64_t> budget_;
  double cut_to_ = 0.75;
  std::size_t pinned_ = 0, left_out_ = 0;
  double bytes_a_token_ = 4;
};

}  // namespace asyncllm::detail
