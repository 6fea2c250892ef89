// A reply that grows, and the pieces by which it grew that nobody has taken yet.
#pragma once

#include <asyncllm/model/delta.hpp>
#include <asyncllm/model/reply.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::provider {

class StreamedReply {
 public:
  void add_text(std::string_view piece) { add(Delta::Kind::text, reply_.text, piece); }
  void add_reasoning(std::string_view piece)
  {
    add(Delta::Kind::reasoning, reply_.reasoning, piece);
  }
  void add_refusal(std::string_view piece) { add(Delta::Kind::refusal, reply_.refusal, piece); }

  /// More elements, as a JSON array, for the array of what the provider wants back with the
  /// reasoning.
  void add_reasoning_extra(std::string_view array)
  {
    auto& all = reply_.reasoning_extra;
    if (array.empty())
      return;
    if (all.empty()) {
      all = array;
    } else {
      all.back() = ',';
      all += array.substr(1);
    }
  }
  /// The probabilities of the tokens that the last pieces were made of.
  void add_logprobs(const std::vector<TokenLogprob>& tokens)
  {
    reply_.logprobs.insert(reply_.logprobs.end(), tokens.begin(), tokens.end());
  }

  /// A fragment of a tool call. Which call it belongs to: the one of its `index`, unless that has
  /// another id already, which makes it a new call; without an index the one of its `id`, a new one
  /// for a new id, the last one without an id. A fragment with a name and arguments behind a call
  /// that is whole starts another, for servers that know neither. The first id and name win,
  /// arguments are appended.
  void add_tool_call(
      std::optional<std::int64_t> index,
      std::string_view id,
      std::string_view name,
      std::string_view arguments);
  /// What the provider wants back with the call that the last fragment belonged to.
  void set_tool_extra(std::string_view json);

  void set_usage(const Usage& usage);
  void set_finish(FinishReason reason, std::string_view text);

  /// The pieces not yet taken, in their order; the views hold until the next change.
  std::optional<Delta> next();
  bool has_next() const noexcept { return taken_ < pieces_.size(); }

  /// To be called when the stream is complete: tool calls that are whole become the reply's; a call
  /// whose arguments were cut does not.
  void complete();

  Reply& reply() noexcept { return reply_; }
  const Reply& reply() const noexcept { return reply_; }

 private:
  struct OpenCall {
    std::optional<std::int64_t> index;
    ToolCall call;
  };
  struct Piece {  // offsets, since the texts move while they grow
    Delta::Kind kind;
    std::size_t tool, offset, length;
  };

  void add(Delta::Kind kind, std::string& text, std::string_view piece);
  OpenCall& call_of(std::optional<std::int64_t> index, std::string_view id, bool starts_anew);

  Reply reply_;
  std::vector<OpenCall> calls_;
  std::vector<Piece> pieces_;
  std::size_t taken_ = 0;
  std::size_t last_call_ = 0;
};

}  // namespace asyncllm::provider
