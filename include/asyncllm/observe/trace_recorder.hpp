// Keeps the times of calls, and draws them.
#pragma once

#include <asyncllm/core/export.hpp>
#include <asyncllm/observe/observer.hpp>

#include <cstddef>
#include <memory>
#include <ostream>

namespace asyncllm::inline v0_1 {

/// Keeps the times of the last calls that have ended.
///
///     auto trace = std::make_shared<TraceRecorder>();
///     ... builder.with_observer(trace) ...
///     std::ofstream file("trace.svg");
///     trace->write_svg(file);
class ASYNCLLM_EXPORT TraceRecorder : public Observer {
 public:
  /// `most_calls`: how many to keep; the oldest are forgotten.
  explicit TraceRecorder(std::size_t most_calls = 10'000);
  ~TraceRecorder() override;

  void attempt_ended(const CallInfo& call, const AttemptInfo& attempt) override;
  void call_ended(const CallInfo& call, const CallEnd& end) override;
  void tool_ran(const ToolInfo& tool) override;

  std::size_t size() const;

  /// Chrome's trace events as JSON, which Perfetto (ui.perfetto.dev) and chrome://tracing show.
  /// Calls at the same time are below each other.
  void write_chrome(std::ostream& out) const;
  /// A picture of the calls over time, one line each: waiting for admission, connecting, waiting
  /// for the answer, tokens, waiting to retry; with a legend.
  void write_svg(std::ostream& out) const;

 private:
  struct Calls;
  std::unique_ptr<Calls> calls_;
};

}  // namespace asyncllm
