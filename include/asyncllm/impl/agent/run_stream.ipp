#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/agent/run_state.hpp>

#include <stdexcept>

namespace asyncllm::inline v0_1 {
namespace {

asio::awaitable<Run> run_to_end(std::shared_ptr<detail::RunState> state)
{
  while (state->machine.next() != detail::RunMachine::Next::end) {
    auto step = detail::advance_or_fail(state);
    co_await std::move(step);
  }
  co_return std::move(state->machine.run());
}

// Here, so that wrong options are found when the call is awaited, like everything else.
asio::awaitable<Run> run_messages(LlmAgent agent, Messages messages, RunOptions options)
{
  auto state = detail::start_run(std::move(agent), std::move(messages), std::move(options));
  auto running = run_to_end(std::move(state));
  co_return co_await std::move(running);
}

asio::awaitable<Run> resume(
    LlmAgent agent, Run run, std::vector<Approval> decisions, RunOptions options)
{
  if (decisions.size() != run.pending.size())
    throw Error(
        ErrorKind::invalid_argument,
        "the run has " + std::to_string(run.pending.size()) + " pending calls, but there are " +
            std::to_string(decisions.size()) + " decisions");
  auto pending = run.pending;
  detail::RunMachine machine(std::move(run), options);
  auto state =
      std::make_shared<detail::RunState>(std::move(agent), std::move(machine), std::move(options));
  for (const auto& tool : state->agent.tools())
    state->offered.push_back(tool.name());
  state->pending = std::move(pending);
  state->decisions = std::move(decisions);
  auto running = run_to_end(std::move(state));
  co_return co_await std::move(running);
}

// The stream may go while its next() is pending.
asio::awaitable<std::optional<RunEvent>> next_event(std::shared_ptr<detail::RunState> state)
{
  if (state->is_busy)
    throw std::logic_error("asyncllm: another next() of the run is pending");
  struct Busy {
    explicit Busy(bool& its_flag) : flag(its_flag) { flag = true; }
    ~Busy() { flag = false; }
    bool& flag;
  } busy(state->is_busy);
  if (state->failure)
    std::rethrow_exception(state->failure);
  while (state->events.empty() && state->machine.next() != detail::RunMachine::Next::end) {
    auto step = detail::advance_or_fail(state);
    co_await std::move(step);
  }
  std::optional<RunEvent> event;
  if (!state->events.empty()) {
    event = std::move(state->events.front());
    state->events.pop_front();
  }
  co_return event;
}

}  // namespace

asio::awaitable<std::optional<RunEvent>> RunStream::next()
{
  return next_event(state_);
}

const Run& RunStream::run() const
{
  return state_->machine.run();
}

asio::awaitable<Run> LlmAgent::run_async(std::string question) const
{
  return run_async(std::move(question), RunOptions());
}

asio::awaitable<Run> LlmAgent::run_async(std::string question, RunOptions options) const
{
  return run_messages_async(Messages().user(std::move(question)), std::move(options));
}

asio::awaitable<Run> LlmAgent::run_messages_async(Messages messages, RunOptions options) const
{
  return run_messages(*this, std::move(messages), std::move(options));
}

RunStream LlmAgent::run_stream(std::string question) const
{
  return run_stream(std::move(question), RunOptions());
}

RunStream LlmAgent::run_stream(std::string question, RunOptions options) const
{
  return run_messages_stream(Messages().user(std::move(question)), std::move(options));
}

RunStream LlmAgent::run_messages_stream(Messages messages, RunOptions options) const
{
  auto state = detail::start_run(*this, std::move(messages), std::move(options));
  state->is_streamed = true;
  return RunStream(std::move(state));
}

asio::awaitable<Run> LlmAgent::resume_async(Run run, std::vector<Approval> decisions) const
{
  return resume_async(std::move(run), std::move(decisions), RunOptions());
}

asio::awaitable<Run> LlmAgent::resume_async(
    Run run, std::vector<Approval> decisions, RunOptions options) const
{
  return resume(*this, std::move(run), std::move(decisions), std::move(options));
}

}  // namespace asyncllm
