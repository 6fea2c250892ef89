// For tests of the testing room's pure pieces: requests from text, and answers to them.
#pragma once
#include <asyncllm/impl/testing/request_reader.hpp>
#include <asyncllm/impl/testing/script.hpp>

#include "support/raw_http.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::testing {

inline Request parsed(std::string_view bytes)
{
  RequestReader reader;
  reader.feed(bytes);
  std::optional<Request> request = reader.next();
  if (!request)
    throw std::runtime_error("not a whole request: " + std::string(bytes));
  return *request;
}

/// 2026-01-02 03:04:05.006 UTC
inline std::chrono::system_clock::time_point some_day()
{
  return std::chrono::system_clock::time_point(std::chrono::milliseconds(1767323045006));
}

inline std::string all_bytes(const Playback& playback)
{
  std::string bytes;
  for (const Step& step : playback.steps)
    bytes += step.bytes;
  return bytes;
}

inline support::RawResponse asked(Script& script, std::string_view request)
{
  std::string bytes = all_bytes(script.play(parsed(request), some_day()));
  return support::cut_response(bytes);
}

}  // namespace asyncllm::testing
