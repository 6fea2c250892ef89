// When the phases of an exchange ended.
#pragma once

#include <chrono>
#include <optional>

namespace asyncllm::inline v0_1::http {

/// A phase that was not reached has no time; an idle connection is neither made nor secured.
struct ExchangeTimes {
  using TimePoint = std::chrono::steady_clock::time_point;
  std::optional<TimePoint> connected, secured, sent, first_byte;
  bool reused = false;
};

}  // namespace asyncllm::http
