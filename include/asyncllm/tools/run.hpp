// What a run with tools did: its steps, its end, and the error that carries it.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/core/export.hpp>
#include <asyncllm/model/message.hpp>
#include <asyncllm/model/reply.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1 {

/// A call of the model, and what the model was given for it.
struct ToolOutcome {
  ToolCall call;
  std::string text;           ///< as the model reads it
  bool failed = false;        ///< `text` says why: the tool failed, or did not run
  bool ran = false;           ///< whether the tool was started
  std::vector<Image> images;  ///< for the model
};

/// One reply of the model, and an outcome for each of its calls, in their order.
struct Step {
  Reply reply;
  std::vector<ToolOutcome> outcomes;
};

/// A call that waits for an approval.
struct PendingCall {
  ToolCall call;
  std::size_t step = 0;  ///< in `Run::steps`
};

/// Whether a call may run.
class Approval {
 public:
  static Approval yes() { return Approval(Kind::yes); }
  /// The model is told, with the reason.
  static Approval no(std::string reason = std::string())
  {
    return Approval(Kind::no, std::move(reason));
  }
  /// The run ends with `RunEnd::approval`, and `LlmAgent::resume_async` continues it.
  static Approval later() { return Approval(Kind::later); }

  bool is_yes() const noexcept { return kind_ == Kind::yes; }
  bool is_later() const noexcept { return kind_ == Kind::later; }
  const std::string& reason() const noexcept { return reason_; }

 private:
  enum class Kind { yes, no, later };
  explicit Approval(Kind kind, std::string reason = std::string())
      : kind_(kind), reason_(std::move(reason))
  {}

  Kind kind_;
  std::string reason_;
};

/// Why a run ended.
enum class RunEnd {
  answer,    ///< the model answered
  limit,     ///< a limit was reached; `Run::limit` says which
  stopped,   ///< `RunOptions::stop_when` said so
  approval,  ///< calls wait for an approval: `Run::pending`
  cut_off,   ///< a limit on tokens, or the context, cut the last reply
  refused    ///< the model refused, or the provider's filter ended the reply
};

constexpr std::string_view to_string(RunEnd end) noexcept
{
  switch (end) {
    case RunEnd::answer: return "answer";
    case RunEnd::limit: return "limit";
    case RunEnd::stopped: return "stopped";
    case RunEnd::approval: return "approval";
    case RunEnd::cut_off: return "cut_off";
    case RunEnd::refused: return "refused";
  }
  return "unknown";
}

/// A run that has ended, or as far as it came.
struct Run {
  Reply reply;  ///< the last one
  std::vector<Step> steps;
  /// The whole conversation, without the agent's system prompt. Each call of a tool has exactly one
  /// result, except those that wait for an approval.
  Messages messages;
  Usage usage;  ///< of all requests
  RunEnd why = RunEnd::answer;
  std::string limit;  ///< "the limit of 10 rounds is reached", if one was
  std::vector<PendingCall> pending;
};

/// An error that ended a run, with the run as far as it came.
class ASYNCLLM_EXPORT RunError : public Error {
 public:
  RunError(const Error& error, Run run)
      : Error(error), run_(std::make_shared<const Run>(std::move(run)))
  {}

  const Run& run() const noexcept { return *run_; }

 private:
  std::shared_ptr<const Run> run_;  // copying an exception must not throw
};

}  // namespace asyncllm
