// Calls as spans of time, for the pictures of TraceRecorder. Pure.
#pragma once

#include <asyncllm/observe/call_info.hpp>

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

namespace asyncllm::inline v0_1::detail {

enum class Phase { queue, connect, wait, answer, retry, tool };

constexpr std::string_view to_string(Phase phase) noexcept
{
  switch (phase) {
    case Phase::queue: return "waiting for admission";
    case Phase::connect: return "connecting";
    case Phase::wait: return "waiting for the answer";
    case Phase::answer: return "answer";
    case Phase::retry: return "waiting to retry";
    case Phase::tool: return "tool";
  }
  return "";
}

struct Span {
  Phase phase;
  CallInfo::TimePoint from, to;
};

/// A call, or a tool, that has ended.
struct TracedCall {
  std::string name;     // "chat gemma3:latest"
  std::string details;  // one line
  CallInfo::TimePoint started, ended;
  std::vector<Span> spans;  // in order, without gaps
  bool failed = false;
};

/// The spans of an attempt. `first_token`: of a streamed reply, in this attempt.
void append_spans(
    std::vector<Span>& spans,
    const AttemptInfo& attempt,
    std::optional<CallInfo::TimePoint> first_token);

/// For each call, by the order of `calls`, the lowest lane in which it overlaps no other.
/// `calls` are in the order of their starts.
std::vector<std::size_t> lanes_of(const std::vector<TracedCall>& calls);

/// `calls` are in the order of their starts.
void write_chrome_trace(std::ostream& out, const std::vector<TracedCall>& calls);
void write_svg_timeline(std::ostream& out, const std::vector<TracedCall>& calls);

}  // namespace asyncllm::detail
