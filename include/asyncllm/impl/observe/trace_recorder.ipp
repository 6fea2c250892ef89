#include <asyncllm/impl/observe/timeline.hpp>
#include <asyncllm/observe/log_observer.hpp>
#include <asyncllm/observe/otel.hpp>
#include <asyncllm/observe/trace_recorder.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

namespace asyncllm::inline v0_1 {

struct TraceRecorder::Calls {
  explicit Calls(std::size_t its_most) : most(std::max<std::size_t>(its_most, 1)) {}

  void keep(detail::TracedCall call)
  {
    if (ended.size() == most)
      ended.pop_front();
    ended.push_back(std::move(call));
  }

  // In the order of their starts.
  std::vector<detail::TracedCall> sorted() const
  {
    const std::lock_guard lock(mutex);
    std::vector<detail::TracedCall> all(ended.begin(), ended.end());
    std::ranges::stable_sort(all, {}, &detail::TracedCall::started);
    return all;
  }

  mutable std::mutex mutex;
  const std::size_t most;
  std::deque<detail::TracedCall> ended;
  std::map<std::uint64_t, std::vector<AttemptInfo>> running;  // by the call's id
};

TraceRecorder::TraceRecorder(std::size_t most_calls) : calls_(std::make_unique<Calls>(most_calls))
{}
TraceRecorder::~TraceRecorder() = default;

void TraceRecorder::attempt_ended(const CallInfo& call, const AttemptInfo& attempt)
{
  auto kept = attempt;
  kept.error = nullptr;
  const std::lock_guard lock(calls_->mutex);
  calls_->running[call.id].push_back(kept);
}

void TraceRecorder::call_ended(const CallInfo& call, const CallEnd& end)
{
  detail::TracedCall traced{
      otel::span_name(call),
      log_line(call, end),
      call.started,
      end.ended,
      {},
      end.error != nullptr};
  const std::lock_guard lock(calls_->mutex);
  if (auto attempts = calls_->running.extract(call.id))
    for (const auto& attempt : attempts.mapped()) {
      const bool is_last = &attempt == &attempts.mapped().back();
      detail::append_spans(traced.spans, attempt, is_last ? end.first_token : std::nullopt);
    }
  calls_->keep(std::move(traced));
}

void TraceRecorder::tool_ran(const ToolInfo& tool)
{
  const std::lock_guard lock(calls_->mutex);
  calls_->keep(
      {"tool " + tool.name,
       tool.failed ? "failed" : "",
       tool.started,
       tool.ended,
       {{detail::Phase::tool, tool.started, tool.ended}},
       tool.failed});
}

std::size_t TraceRecorder::size() const
{
  const std::lock_guard lock(calls_->mutex);
  return calls_->ended.size();
}

void TraceRecorder::write_chrome(std::ostream& out) const
{
  detail::write_chrome_trace(out, calls_->sorted());
}

void TraceRecorder::write_svg(std::ostream& out) const
{
  detail::write_svg_timeline(out, calls_->sorted());
}

}  // namespace asyncllm
