// The loop of a run, without I/O: what happened, and what comes next.
#pragma once

#include <asyncllm/tools/run.hpp>
#include <asyncllm/tools/run_options.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::detail {

/// Counts rounds, calls, tokens and failures; keeps the history paired. Knows neither tools nor
/// requests.
///
///     ask -> on_reply -> ask | call | end
///     call -> on_outcomes, go_on -> ask | end
///     call -> on_later -> end
class RunMachine {
 public:
  enum class Next { ask, call, end };

  RunMachine(Messages messages, const RunOptions& options);
  /// Continues a run that waits for approvals; `next()` is `call`. Throws `Error{invalid_argument}`
  /// for any other run, and for one whose parts do not fit together.
  RunMachine(Run run, const RunOptions& options);

  Next next() const noexcept { return next_; }
  const Run& run() const noexcept { return run_; }
  Run& run() noexcept { return run_; }

  /// At `ask`: whether the request offers tools, and which round it is, from 0.
  bool offers_tools() const noexcept { return !is_last_; }
  std::size_t round() const noexcept { return rounds_; }

  void on_reply(Reply reply);

  /// At `call`: an outcome for each call, in their order. One with a text is settled, and its tool
  /// does not run.
  const std::vector<ToolOutcome>& plan() const noexcept { return plan_; }
  /// All of them, settled. Then comes `go_on`.
  void on_outcomes(std::vector<ToolOutcome> outcomes);
  /// Throws `Error{limit_reached}` when that is what the options say.
  void go_on(bool stop);
  /// These calls need an approval, which comes later.
  void on_later(std::vector<PendingCall> pending);
  /// An error ended the run. Of the calls under way, those without a result get one that says so.
  void on_failure(std::vector<ToolOutcome> outcomes);

 private:
  // Result: how often the same call has failed, one after the other.
  std::size_t count_failure(const ToolOutcome& outcome);
  void plan_calls();
  void settle_all(const std::string& text);
  void add_results(std::vector<ToolOutcome> outcomes);
  void reach(std::string limit);
  void end(RunEnd why);

  const RunOptions options_;
  Run run_;
  Next next_ = Next::ask;
  std::vector<ToolOutcome> plan_;
  std::size_t rounds_ = 0, calls_ = 0;
  bool is_last_ = false;  // the request after a limit
  std::map<std::pair<std::string, std::string>, std::size_t> failures_;  // by name and arguments
};

}  // namespace asyncllm::detail
