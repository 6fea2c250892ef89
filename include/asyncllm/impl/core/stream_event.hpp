// One event of a streamed answer: stream/ makes it, provider/ reads it.
#pragma once

#include <string_view>

namespace asyncllm::inline v0_1 {

/// The views are valid only while the decoder's sink runs.
struct StreamEvent {
  std::string_view type;  ///< of a server-sent event, "message" if it named none; "" for NDJSON
  std::string_view data;  ///< bytes as they came: not checked to be UTF-8
  std::string_view id;    ///< the last event id so far, "" if there is none
};

}  // namespace asyncllm
