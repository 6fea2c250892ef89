// What whole and streamed replies of the Responses wire have in common.
#pragma once

#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/model/reply.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1::provider {

/// An element of the content of an item, or of its summary.
struct ResponsesPart {
  enum class Kind { text, refusal, reasoning, unknown };

  Kind kind = Kind::unknown;
  std::string text;
  std::string annotations;  ///< a JSON array, or ""
  std::vector<TokenLogprob> logprobs;
};

ResponsesPart read_responses_part(json::Value value);

/// An element of `output`.
struct ResponsesItem {
  std::string type, id, call_id, name, arguments;
  std::vector<ResponsesPart> summary, content;
  std::string raw;  ///< as the server sent it
  bool is_encrypted = false, has_summary = false, has_phase = false;

  bool is_call() const noexcept { return type == "function_call"; }
  bool is_message() const noexcept { return type == "message"; }
  bool is_reasoning() const noexcept { return type == "reasoning"; }
};

/// Throws simdjson_error when it is not valid JSON, also in a member that is not read here.
ResponsesItem read_responses_item(json::Value value);

/// A response object: the body of a whole reply, and a member of some events.
struct ResponsesAnswer {
  std::string status, incomplete_reason, model, id;
  std::string output_text;  ///< all text once more, from some gateways
  std::vector<ResponsesItem> items;
  Usage usage;
  bool has_output = false;  ///< an `output`, even an empty one
  bool is_error = false;    ///< an `error` that is not empty
  bool is_stored = false;   ///< the server keeps it

  /// Whether the server says that no reply will come of it.
  bool has_failed() const noexcept;
};

void read_responses_answer(json::Object object, ResponsesAnswer& answer);

/// The server's word for the end of a reply: why it is incomplete, else its status.
std::string_view finish_word(const ResponsesAnswer& answer) noexcept;

/// The reason for that word. A reply of nothing but a refusal is one.
FinishReason responses_finish(std::string_view word, const Reply& reply, bool has_calls) noexcept;

/// The error of a response that failed; `text` is that object as JSON.
Error responses_failure(const ResponsesAnswer& answer, std::string_view text);

/// The items in their order, as the API takes them back; nothing for a plain text.
///
/// The API refuses reasoning that nothing follows, calls without a result, and ids of what it did
/// not keep. So, unless it `is_stored`: hidden reasoning that is not encrypted is left out, and
/// beside hidden reasoning no item has an id. `was_cut`: a call with cut arguments is left out.
NativeTurn responses_turn(std::vector<ResponsesItem> items, bool is_stored, bool was_cut);

}  // namespace asyncllm::provider
