// The thin rim of a run: sends what the run machine wants sent, and calls the tools.
#pragma once

#include <asyncllm/agent/run.hpp>
#include <asyncllm/impl/tools/run_machine.hpp>

#include <asio/awaitable.hpp>

#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::detail {

/// One run. Its coroutines take a shared pointer, so that it lives as long as they do.
struct RunState {
  RunState(LlmAgent its_agent, RunMachine its_machine, RunOptions its_options)
      : agent(std::move(its_agent)),
        options(std::move(its_options)),
        machine(std::move(its_machine))
  {}

  LlmAgent agent;
  RunOptions options;
  RunMachine machine;
  std::vector<std::string> offered;   // the tools of the last request
  std::vector<ToolOutcome> outcomes;  // of the calls under way
  std::optional<ReplyStream> stream;  // the reply under way
  bool is_streamed = false;
  std::deque<RunEvent> events;       // if it is streamed
  std::vector<PendingCall> pending;  // what `decisions` decide
  std::vector<Approval> decisions;
  bool is_busy = false;
  std::exception_ptr failure;  // what ended the run; each further next() throws it again
};

/// Throws `Error{invalid_argument}` for options that no run can have.
std::shared_ptr<RunState> start_run(LlmAgent agent, Messages messages, RunOptions options);

/// One piece, one reply or one round of calls.
asio::awaitable<void> advance(std::shared_ptr<RunState> state);
/// The same; an `Error` becomes a `RunError`, and the history stays paired.
asio::awaitable<void> advance_or_fail(std::shared_ptr<RunState> state);

}  // namespace asyncllm::detail
