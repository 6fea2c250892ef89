// A reply so far, and its pieces that were not delivered yet.
#pragma once

#include <asyncllm/impl/json/repair.hpp>
#include <asyncllm/impl/json/syntax.hpp>
#include <asyncllm/impl/provider/reply/reasoning_blocks.hpp>
#include <asyncllm/impl/provider/reply/think_splitter.hpp>
#include <asyncllm/model/delta.hpp>
#include <asyncllm/model/reply.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace asyncllm::inline v0_1::provider {

/// The limits of a reply; see `Limits`.
struct ReplyBounds {
  std::size_t bytes = std::size_t{64} << 20;
  std::size_t tool_calls = 10'000;
  std::size_t logprobs = 1'000'000;
};

class StreamedReply {
 public:
  StreamedReply() = default;
  explicit StreamedReply(const ReplyBounds& bounds, ThinkTags tags = ThinkTags::keep)
      : bounds_(bounds), tags_(tags), splitter_(tags)
  {}

  /// Counts memory that the caller holds for this reply. Like everything that adds to the reply, it
  /// throws `Error{response_too_large}`, with the text so far, above a limit.
  void charge(std::size_t bytes)
  {
    bytes_ += bytes;
    if (bytes_ > bounds_.bytes)
      fail_too_large();
  }

  /// Whether the texts that follow may hold marks for halves of surrogate pairs. They are joined
  /// with the halves in the next piece of the same text.
  void expect_halves(bool may_come) noexcept
  {
    has_halves_ = may_come;
    had_halves_ = had_halves_ || may_come;
  }
  /// No more pieces follow: waiting halves become U+FFFD, and what may have been a tag is none.
  void end_texts();

  void add_text(std::string_view piece)
  {
    if (splitter_.is_open())
      add_split(joined(text_halves_, piece));
    else
      add(Delta::Kind::text, reply_.text, text_halves_, piece);
  }
  /// Whether `text` is the whole text so far, as the server sends it.
  bool has_text(std::string_view text) const;
  void add_reasoning(std::string_view piece)
  {
    add(Delta::Kind::reasoning, reply_.reasoning, reasoning_halves_, piece);
  }
  void add_refusal(std::string_view piece)
  {
    add(Delta::Kind::refusal, reply_.refusal, refusal_halves_, piece);
  }

  /// A JSON object, or a fragment of one, that is sent back with the reasoning. They are
  /// in the reply when it is complete.
  void add_reasoning_extra(std::string_view object)
  {
    charge(object.size());
    reasoning_.add(has_halves_ ? without_marks(object) : object);
  }
  /// A JSON array, whose elements are appended to the reply's.
  void add_annotations(std::string_view array);
  /// The probabilities of the tokens that the last pieces were made of.
  void add_logprobs(const std::vector<TokenLogprob>& tokens)
  {
    for (const auto& token : tokens)
      add_logprob(token);
  }

  /// A fragment of a tool call. It belongs to the call of its `index`; without an index to that of
  /// its `id`; without an id to the last one. But it starts another call:
  /// - with another id than that call has, and a name, or after a complete call (servers that
  ///   number all calls 0),
  /// - with a name and arguments, but no id, after a complete call,
  /// - without index and id, with another name, or with any if `is_next`: it follows another
  ///   such fragment in the same event.
  /// The first id counts; arguments are appended. A name is appended as long as there are no
  /// arguments, unless it is a repetition. A complete call that is sent again adds nothing.
  void add_tool_call(
      std::optional<std::int64_t> index,
      std::string_view id,
      std::string_view name,
      std::string_view arguments,
      bool is_next = false);
  bool has_tool_calls() const noexcept { return !calls_.empty(); }
  /// What is sent back with the call that the last fragment belonged to.
  void set_tool_extra(std::string_view json);

  /// As `merge_usage`.
  void add_usage(const Usage& usage);
  void set_finish(FinishReason reason, std::string_view text);

  /// A whole reply replaces everything except what was measured here and what the head of the
  /// answer said. Its texts become pieces.
  void take_whole(Reply whole);

  /// The next piece in order; its views are valid until the next change.
  std::optional<Delta> next();
  bool has_next() const noexcept { return taken_ < pieces_.size(); }

  /// Call this when the stream is complete: its tool calls become the reply's. Throws as
  /// `settle_tool_calls`.
  void complete();

  Reply& reply() noexcept { return reply_; }
  const Reply& reply() const noexcept { return reply_; }

 private:
  struct OpenCall {
    ToolCall call;
    json::SyntaxChecker syntax;  // of the arguments
    json::HalfJoiner halves;
    bool is_whole() const { return !call.name.empty() && syntax.is_complete(); }
  };
  struct Piece {  // offsets, since the texts move while they grow
    Delta::Kind kind;
    std::size_t tool, offset, length;
  };

  void add(Delta::Kind kind, std::string& text, json::HalfJoiner& halves, std::string_view piece)
  {
    if (!piece.empty())
      append(kind, text, has_halves_ || halves.is_waiting() ? joined(halves, piece) : piece);
  }
  void append(Delta::Kind kind, std::string& text, std::string_view piece);
  void append(const ThinkSplitter::Split& split);
  void add_split(std::string_view piece);
  void append_arguments(std::size_t index, std::string_view arguments);
  std::string_view joined(json::HalfJoiner& halves, std::string_view piece);
  std::string_view without_marks(std::string_view text);
  void add_logprob(const TokenLogprob& token);
  [[noreturn]] void fail_too_large() const;
  OpenCall& open_call(std::optional<std::int64_t> index);
  static bool starts_call(
      const OpenCall& known,
      std::optional<std::int64_t> index,
      std::string_view id,
      std::string_view name,
      std::string_view arguments,
      bool is_next);
  static void extend_name(std::string& name, std::string_view piece);
  std::optional<std::size_t> find_call(
      std::optional<std::int64_t> index, std::string_view id, std::string_view name) const;
  void check_count(
      std::size_t count, std::size_t most, std::string_view what, std::string_view name) const;

  Reply reply_;
  ReplyBounds bounds_;
  ThinkTags tags_ = ThinkTags::keep;
  ThinkSplitter splitter_;
  std::size_t bytes_ = 0;
  ReasoningBlocks reasoning_;
  std::vector<OpenCall> calls_;
  std::unordered_map<std::int64_t, std::size_t> by_index_;
  std::unordered_map<std::string, std::size_t> by_id_;
  std::vector<Piece> pieces_;
  std::size_t taken_ = 0;
  std::size_t last_call_ = 0;
  json::HalfJoiner text_halves_, reasoning_halves_, refusal_halves_;
  std::string joined_;  // the last piece, when its halves were joined
  bool has_halves_ = false, had_halves_ = false;
};

}  // namespace asyncllm::provider
