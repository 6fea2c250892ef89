// Counters and histograms of calls, for Prometheus.
#pragma once

#include <asyncllm/core/export.hpp>
#include <asyncllm/observe/observer.hpp>

#include <memory>
#include <ostream>

namespace asyncllm::inline v0_1 {

/// Counts calls. Series are told apart by operation, provider and model, at most 1,000 of them;
/// what is beyond has the model "other".
///
///     gen_ai_client_operation_duration_seconds           histogram, also by error_type
///     gen_ai_client_operation_time_to_first_chunk_seconds  histogram, of streamed replies
///     gen_ai_client_token_usage                          histogram, by token_type: input, output
///     asyncllm_attempts_total                            counter
///     asyncllm_calls_in_flight                           gauge
///     asyncllm_tool_duration_seconds                     histogram, by tool and failed
class ASYNCLLM_EXPORT Metrics : public Observer {
 public:
  Metrics();
  ~Metrics() override;

  void call_started(const CallInfo& call) override;
  void attempt_ended(const CallInfo& call, const AttemptInfo& attempt) override;
  void call_ended(const CallInfo& call, const CallEnd& end) override;
  void tool_ran(const ToolInfo& tool) override;

  /// All of them in Prometheus's text format, version 0.0.4.
  void write(std::ostream& out) const;

 private:
  struct Series;
  std::unique_ptr<Series> series_;
};

}  // namespace asyncllm
