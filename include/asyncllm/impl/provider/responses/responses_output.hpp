// The output of a streamed response while it grows.
#pragma once

#include <asyncllm/impl/json/repair.hpp>
#include <asyncllm/impl/provider/reply/streamed_reply.hpp>
#include <asyncllm/impl/provider/responses/responses_fields.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::provider {

/// Puts the pieces into the order of the output, and hands them on to a reply. A text waits until
/// those before it are done. What an ending says beyond its pieces is added: some servers send
/// no pieces at all. Where an ending contradicts the pieces of a text, these stay, for they were
/// handed on; arguments of calls that are contradicted are an error.
///
/// What belongs to an item has its output_index, and its id. Copilot and OpenRouter change the ids
/// in the middle of a stream, llama.cpp sends no indices, and Ollama sends the same index for a
/// message and the call behind it.
class ResponsesOutput {
 public:
  /// How an event names an item.
  struct Name {
    std::optional<std::int64_t> index;
    std::string_view id;
  };
  /// A part of an item.
  struct Place {
    Name item;
    bool in_summary = false;  ///< else in the content
    std::int64_t part = 0;
  };

  /// Whether the texts that follow may hold marks for halves of surrogate pairs.
  void expect_halves(bool may_come) noexcept { has_halves_ = may_come; }

  void begin_item(const Name& name, const ResponsesItem& item, StreamedReply& reply);
  void begin_part(const Place& place, ResponsesPart::Kind kind, StreamedReply& reply);
  void add_piece(
      const Place& place,
      ResponsesPart::Kind kind,
      std::string_view piece,
      const std::vector<TokenLogprob>& logprobs,
      StreamedReply& reply);
  void end_part(
      const Place& place, ResponsesPart::Kind kind, std::string_view whole, StreamedReply& reply);
  void add_arguments(const Name& name, std::string_view piece, StreamedReply& reply);
  void end_arguments(const Name& name, std::string_view whole, StreamedReply& reply);
  void end_item(const Name& name, ResponsesItem& item, StreamedReply& reply);
  /// The response is over: all that waits is handed on, and what only `answer` has.
  void end(ResponsesAnswer& answer, StreamedReply& reply);

  /// The items as they ended, in their order.
  std::vector<ResponsesItem> take_items();

 private:
  struct Part {
    ResponsesPart::Kind kind = ResponsesPart::Kind::unknown;
    std::string text;
    std::size_t handed_on = 0;  // of the text
    json::HalfJoiner halves;
    bool is_done = false;
  };
  using Parts = std::map<std::int64_t, Part>;
  struct Item {
    std::int64_t number = 0;  // in the order of arrival
    std::string type, call_id, name;
    Parts summary, content;
    std::string arguments;
    std::size_t handed_on = 0;  // of the arguments
    json::HalfJoiner halves;
    ResponsesItem ended;
    bool is_begun = false, is_call_begun = false, has_logprobs = false, is_done = false;
    bool is_in_answer = false;

    bool is_reasoning() const noexcept { return type == "reasoning"; }
    bool is_text() const noexcept { return type == "message" || type == "reasoning"; }
  };

  using Key = std::pair<std::int64_t, std::int64_t>;  // the index, the number
  enum class Event { text, arguments, begin, end };

  static bool fits(const Item& item, Event event, std::string_view type);
  Item* find(const Name& name, Event event, std::string_view type);
  Item& add(const Name& name, StreamedReply& reply);
  Item& item_at(const Name& name, Event event, std::string_view type, StreamedReply& reply);
  Part& part_at(Item& item, const Place& place, ResponsesPart::Kind kind, StreamedReply& reply);
  Item& text_item_at(const Place& place, ResponsesPart::Kind kind, StreamedReply& reply);
  Item* find_in_answer(std::int64_t position, const ResponsesItem& item);
  void end_item(Item& item, ResponsesItem& ended, StreamedReply& reply);
  void end_arguments(Item& item, std::string_view whole, StreamedReply& reply);
  std::string joined(json::HalfJoiner& halves, std::string_view piece) const;
  std::string cleaned(std::string_view text) const;
  static void add_rest(Part& part, const std::string& whole, StreamedReply& reply);
  static void end_parts(
      Parts& parts, const std::vector<ResponsesPart>& ended, StreamedReply& reply);
  static std::string text_of(const Parts& parts);
  static bool fits(const Parts& parts, const std::vector<ResponsesPart>& ended);
  static bool repeats(const Parts& parts, const std::vector<ResponsesPart>& ended);
  static void begin_call(Item& item, bool is_last_chance, StreamedReply& reply);
  void hand_on(bool is_reasoning, StreamedReply& reply);
  static void hand_on(Part& part, StreamedReply& reply);

  std::map<Key, Item> items_;
  std::map<std::string, Key, std::less<>> by_id_;
  std::map<std::int64_t, Key> by_index_;  // the last one that began there
  Key last_{}, first_open_[2];            // the first item that is not done: of texts, of reasoning
  bool has_halves_ = false;
};

}  // namespace asyncllm::provider
