// A line for each call.
#pragma once

#include <asyncllm/core/export.hpp>
#include <asyncllm/observe/observer.hpp>

#include <mutex>
#include <ostream>
#include <string>

namespace asyncllm::inline v0_1 {

/// The line of a call:
///
///     2026-11-27T18:16:48.123Z chat ollama gemma3:latest 1.08s first 0.31s tokens 12+34 stop
///     2026-11-27T18:16:49.000Z chat openai gpt-5 0.20s attempts 3 error rate_limited: ...
ASYNCLLM_EXPORT std::string log_line(const CallInfo& call, const CallEnd& end);

/// Writes a line for each call that has ended, and flushes it. `out` must live as long as this.
class ASYNCLLM_EXPORT LogObserver : public Observer {
 public:
  explicit LogObserver(std::ostream& out) : out_(out) {}
  void call_ended(const CallInfo& call, const CallEnd& end) override;

 private:
  std::mutex mutex_;
  std::ostream& out_;
};

}  // namespace asyncllm
