// How a run with tools goes: its limits, its hooks, who approves.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/options/request_options.hpp>
#include <asyncllm/tools/run.hpp>

#include <asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1 {

/// What happens at a limit of a run.
enum class AtLimit {
  answer,  ///< one more request, without tools, so that the model answers with what it has
  error    ///< `Error{limit_reached}`
};

/// The next request of a run, which `RunOptions::prepare` may change. The run's own history is not
/// changed.
struct NextRequest {
  std::size_t round = 0;           ///< from 0
  Messages messages;               ///< without the agent's system prompt
  RequestOptions options;          ///< without tools
  std::vector<std::string> tools;  ///< the names of those that are offered
};

/// The options of `LlmAgent::run_async`.
class RunOptions {
 public:
  /// Of each request. A `tool_choice` counts for the first one only, for the model would have to
  /// call tools for ever. Tools in it are ignored: a run has those of the agent.
  RunOptions& request(RequestOptions options)
  {
    request_ = std::move(options);
    return *this;
  }
  /// How many requests may offer tools, at least 1. Default: 10.
  RunOptions& max_rounds(std::size_t count)
  {
    max_rounds_ = count;
    return *this;
  }
  /// How many calls may run, over all rounds. Default: 100.
  RunOptions& max_calls(std::size_t count)
  {
    max_calls_ = count;
    return *this;
  }
  /// No tool runs after so many tokens of input and output, as the server counts them. Default: no
  /// limit.
  RunOptions& max_tokens_spent(std::int64_t count)
  {
    max_tokens_spent_ = count;
    return *this;
  }
  /// How often a call with the same arguments may fail, at least 1. Default: 3.
  RunOptions& max_repeated_failures(std::size_t count)
  {
    max_repeated_failures_ = count;
    return *this;
  }
  /// What happens when one of these limits is reached. Default: `AtLimit::answer`.
  RunOptions& at_limit(AtLimit what)
  {
    at_limit_ = what;
    return *this;
  }
  /// How many tools may run at once, at least 1. Default: 8.
  RunOptions& max_parallel(std::size_t count)
  {
    max_parallel_ = count;
    return *this;
  }
  /// Asked for each call of a tool that needs it, one after the other, before any tool of the round
  /// runs. The arguments have been checked. Default: `Approval::later()` for each.
  RunOptions& approve(std::function<asio::awaitable<Approval>(const PendingCall&)> ask)
  {
    approve_ = std::move(ask);
    return *this;
  }
  /// Called before each request.
  RunOptions& prepare(std::function<void(NextRequest&)> change)
  {
    prepare_ = std::move(change);
    return *this;
  }
  /// Called after each step that had calls; true ends the run.
  RunOptions& stop_when(std::function<bool(const std::vector<Step>&)> test)
  {
    stop_when_ = std::move(test);
    return *this;
  }
  /// Called after each step, the last one too.
  RunOptions& on_step(std::function<void(const Step&)> hook)
  {
    on_step_ = std::move(hook);
    return *this;
  }

  const RequestOptions& request() const noexcept { return request_; }
  std::size_t max_rounds() const noexcept { return max_rounds_; }
  std::size_t max_calls() const noexcept { return max_calls_; }
  std::optional<std::int64_t> max_tokens_spent() const noexcept { return max_tokens_spent_; }
  std::size_t max_repeated_failures() const noexcept { return max_repeated_failures_; }
  AtLimit at_limit() const noexcept { return at_limit_; }
  std::size_t max_parallel() const noexcept { return max_parallel_; }
  const auto& approve() const noexcept { return approve_; }
  const auto& prepare() const noexcept { return prepare_; }
  const auto& stop_when() const noexcept { return stop_when_; }
  const auto& on_step() const noexcept { return on_step_; }

 private:
  RequestOptions request_;
  std::size_t max_rounds_ = 10, max_calls_ = 100, max_repeated_failures_ = 3, max_parallel_ = 8;
  std::optional<std::int64_t> max_tokens_spent_;
  AtLimit at_limit_ = AtLimit::answer;
  std::function<asio::awaitable<Approval>(const PendingCall&)> approve_;
  std::function<void(NextRequest&)> prepare_;
  std::function<bool(const std::vector<Step>&)> stop_when_;
  std::function<void(const Step&)> on_step_;
};

}  // namespace asyncllm
