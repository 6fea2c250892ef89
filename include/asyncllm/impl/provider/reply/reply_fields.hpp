// What the wires share to read replies.
#pragma once

#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/wire.hpp>
#include <asyncllm/model/reply.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1::provider {

/// Whether an `error` member is an error. Null and "" are not, nor is an object of empty members,
/// which some gateways add to every answer.
bool is_error(json::Value value);

/// Whether MiniMax's base_resp says that there is no reply: {"status_code": 1008, "status_msg":
/// "..."} beside a status of 200 and choices of null.
bool is_refused(json::Value base_resp);

/// Takes the counts of `later` that are not 0: no server revokes a count, but some repeat it as 0,
/// or send the rest later. Result: whether anything changed.
bool merge_usage(Usage& usage, const Usage& later);

/// What the content of a message may hold.
struct ContentTexts {
  std::string text, thinking, refusal;

  void clear() noexcept
  {
    text.clear();
    thinking.clear();
    refusal.clear();
  }
};

/// Appends a content that is a string, null, a part `{"type": "text", "text": ...}` or an array of
/// parts. Parts of reasoning and refusals go to the other texts; parts of unknown types are
/// ignored.
void append_content(json::Value value, ContentTexts& texts);

/// Reads tokens of the form `{"token", "logprob", "top_logprobs": [{"token", "logprob"}]}`;
/// anything but an array counts as empty; elements that are not objects are skipped.
void read_token_list(json::Value value, std::vector<TokenLogprob>& tokens);

/// Appends the elements of an array, as JSON text, to those that the JSON array `into` holds.
void append_array(json::Value value, std::string& into);

/// Appends the elements of the JSON array `more` to the JSON array `array`, which is "" at first.
void append_elements(std::string& array, std::string_view more);

/// The layout of a list of models.
struct NameFields {
  std::string_view list, name;
  std::string_view after;  ///< the parameter that goes with "has_more" and "last_id"
};
/// The names in the list of the object `body`; a null list is empty. Also taken are the list alone,
/// lists of bare names, and those of other wires.
ModelPage read_names(std::string& body, const NameFields& fields);

}  // namespace asyncllm::provider
