// One event of a streamed response.
#pragma once

#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/provider/responses/responses_fields.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1::provider {

/// The views are valid until the reader's next text.
struct ResponsesEvent {
  std::string_view type;
  std::string_view delta;  ///< a piece of a text or of arguments
  std::string_view whole;  ///< all of it, in the event that ends it
  std::optional<std::int64_t> output_index;
  std::string_view item_id;
  std::int64_t part_index = 0;  ///< of the content or of the summary
  std::vector<TokenLogprob> logprobs;
  std::optional<ResponsesItem> item;
  std::optional<ResponsesPart> part;
  std::optional<ResponsesAnswer> answer;
  std::string_view response;  ///< the object that `answer` was read from
  bool has_error = false;     ///< an `error` that is not empty

  /// Whether the event is an error by itself. An item that failed is none.
  bool is_error() const noexcept;
  /// Whether nothing follows the event.
  bool is_end() const noexcept;
  /// Whether the event ends the stream without a reply; then it has an `answer`.
  bool has_failed() const noexcept;
};

ResponsesEvent read_responses_event(json::Object object);

}  // namespace asyncllm::provider
