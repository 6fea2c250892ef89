#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/concurrency/for_each_limit.hpp>
#include <asyncllm/concurrency/timeout.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/agent/run_state.hpp>

#include <asio/error.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>

namespace asyncllm::inline v0_1::detail {
namespace {

const Tool* find_tool(const RunState& state, const std::string& name)
{
  if (std::ranges::count(state.offered, name) == 0)
    return nullptr;
  const auto& tools = state.agent.tools();
  const auto at = std::ranges::find(tools, name, &Tool::name);
  return at == tools.end() ? nullptr : &*at;
}

void settle(ToolOutcome& outcome, std::string text)
{
  outcome.text = std::move(text);
  outcome.failed = true;
}

std::string no_such_tool(const RunState& state, const std::string& name)
{
  std::string names;
  for (const auto& offered : state.offered)
    names += (names.empty() ? "" : ", ") + offered;
  return "error: there is no tool \"" + name + '"' +
         (names.empty() ? std::string() : "; there are: " + names);
}

// --- requests ----------------------------------------------------------------

NextRequest next_request(RunState& state)
{
  NextRequest next;
  next.round = state.machine.round();
  next.messages = state.machine.run().messages;
  next.options = state.options.request();
  const auto& choice = next.options.parameters().tool_choice;
  if (choice && next.round > 0)
    next.options.tool_choice(
        choice->kind() == ToolChoice::Kind::none ? ToolChoice::none() : ToolChoice::automatic());
  for (const auto& tool : state.agent.tools())
    next.tools.push_back(tool.name());
  if (state.options.prepare())
    state.options.prepare()(next);
  if (!state.machine.offers_tools())
    next.tools.clear();
  for (const auto& name : next.tools)
    if (std::ranges::count(state.agent.tools(), name, &Tool::name) == 0)
      throw Error(
          ErrorKind::invalid_argument,
          "prepare offers the tool \"" + name + "\", which the agent does not have");
  // Where calls are part of the history, APIs want the tools described even if none may be called.
  const bool offers_none = next.tools.empty() && !state.agent.tools().empty();
  for (const auto& tool : state.agent.tools())
    if (offers_none || std::ranges::count(next.tools, tool.name()) > 0)
      next.options.tool(tool.definition());
  if (offers_none)
    next.options.tool_choice(ToolChoice::none());
  state.offered = next.tools;
  return next;
}

void take_reply(RunState& state, Reply reply)
{
  state.machine.on_reply(std::move(reply));
  const auto& step = state.machine.run().steps.back();
  if (state.is_streamed)
    for (const auto& call : step.reply.tool_calls)
      state.events.emplace_back(call);
  if (state.machine.next() != RunMachine::Next::end)
    return;
  if (state.is_streamed)
    state.events.emplace_back(state.machine.run().steps.size() - 1);
  if (state.options.on_step())
    state.options.on_step()(step);
}

asio::awaitable<void> ask_model(std::shared_ptr<RunState> state)
{
  if (!state->is_streamed) {
    auto next = next_request(*state);
    auto sending =
        state->agent.send_messages_async(std::move(next.messages), std::move(next.options));
    auto reply = co_await std::move(sending);
    take_reply(*state, std::move(reply));
    co_return;
  }
  if (!state->stream) {
    auto next = next_request(*state);
    state->stream = state->agent.stream_messages(std::move(next.messages), std::move(next.options));
  }
  auto reading = state->stream->next();
  auto delta = co_await std::move(reading);
  if (delta) {
    state->events.emplace_back(*delta);
    co_return;
  }
  auto reply = state->stream->reply();
  state->stream.reset();
  take_reply(*state, std::move(reply));
}

// --- calls -------------------------------------------------------------------

// An Error of the tool itself, as against one of the time limit around it.
struct ErrorOfTool {
  Error error;
};

asio::awaitable<ToolResult> call_function(const Tool::Call& call, ToolContext& context)
{
  try {
    auto calling = call(context);
    co_return co_await std::move(calling);
  } catch (const Error& error) {
    if (is_cancelled(error.code()))
      throw;
    throw ErrorOfTool{error};
  }
}

std::string in_words(std::chrono::milliseconds time)
{
  return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s"
                                  : std::to_string(time.count()) + " ms";
}

// Tells the observers about a tool when it has ended, however it did.
class ToolWatch {
 public:
  ToolWatch(const LlmAgent& agent, const ToolCall& call) : observers_(agent.client().observers())
  {
    if (observers_.empty())
      return;
    info_.name = call.name;
    info_.call_id = call.id;
    info_.started = std::chrono::steady_clock::now();
    info_.failed = true;
  }
  ~ToolWatch()
  {
    if (observers_.empty())
      return;
    info_.ended = std::chrono::steady_clock::now();
    for (const auto& observer : observers_)
      tell(*observer);
  }
  ToolWatch(const ToolWatch&) = delete;
  ToolWatch& operator=(const ToolWatch&) = delete;

  void end(const ToolOutcome& outcome)
  {
    if (observers_.empty())
      return;
    info_.failed = outcome.failed;
    arguments_ = outcome.call.arguments;
    result_ = outcome.text;
  }

 private:
  void tell(Observer& observer) noexcept
  {
    try {
      const bool shows = observer.wants_content();
      info_.arguments = shows ? arguments_ : std::string();
      info_.result = shows ? result_ : std::string();
      observer.tool_ran(info_);
    } catch (...) {
      observer.count_failure();
    }
  }

  const std::vector<std::shared_ptr<Observer>> observers_;
  ToolInfo info_;
  std::string arguments_, result_;
};

asio::awaitable<ToolOutcome> call_tool(
    LlmAgent agent, const Tool& tool, const Tool::Call& call, ToolOutcome outcome)
{
  outcome.ran = true;
  ToolWatch watch(agent, outcome.call);
  ToolContext context(outcome.call);
  bool was_cancelled = false;
  try {
    auto calling = call_function(call, context);
    if (tool.timeout())
      calling = with_timeout(std::move(calling), *tool.timeout());
    const auto result = co_await std::move(calling);
    outcome.text = result.text();
    outcome.failed = result.is_error();
    outcome.images = result.images();
  } catch (const ToolError& error) {
    settle(outcome, "error: " + std::string(error.what()));
  } catch (const ErrorOfTool& failure) {
    throw Error(
        ErrorKind::tool_failed, "the tool \"" + tool.name() + "\" failed: " + failure.error.what());
  } catch (const std::system_error& error) {
    was_cancelled = is_cancelled(error.code());
    const bool took_too_long = error.code() == make_error_code(ErrorKind::timeout);
    settle(
        outcome,
        took_too_long ? "error: took longer than " + in_words(*tool.timeout())
                      : "error: the tool failed");
  } catch (...) {
    settle(outcome, "error: the tool failed");
  }
  if (was_cancelled) {
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none)
      throw asio::system_error(asio::error::make_error_code(asio::error::operation_aborted));
  }
  watch.end(outcome);
  co_return outcome;
}

// The calls of a round that are not settled, by their place in it.
struct Round {
  std::vector<const Tool*> tools;
  std::vector<Tool::Call> calls;
};

Round bind_calls(RunState& state)
{
  Round round;
  for (auto& outcome : state.outcomes) {
    round.tools.push_back(nullptr);
    round.calls.emplace_back();
    if (!outcome.text.empty())
      continue;
    const auto* const tool = find_tool(state, outcome.call.name);
    if (!tool) {
      settle(outcome, no_such_tool(state, outcome.call.name));
      continue;
    }
    try {
      round.calls.back() = tool->bind(outcome.call.arguments);
      round.tools.back() = tool;
    } catch (const Error& error) {
      settle(outcome, "error: in the arguments, " + std::string(error.message()));
    }
  }
  return round;
}

// The decision that `resume_async` was given for the call, each once.
std::optional<Approval> decision_for(RunState& state, const ToolCall& call)
{
  for (std::size_t i = 0; i < state.pending.size(); ++i) {
    const auto& pending = state.pending[i].call;
    if (pending.id != call.id || pending.name != call.name || pending.arguments != call.arguments)
      continue;
    auto decision = state.decisions[i];
    state.pending.erase(state.pending.begin() + static_cast<std::ptrdiff_t>(i));
    state.decisions.erase(state.decisions.begin() + static_cast<std::ptrdiff_t>(i));
    return decision;
  }
  return std::nullopt;
}

// Which calls have to wait for a later decision.
asio::awaitable<std::vector<PendingCall>> ask_for_approval(
    std::shared_ptr<RunState> state, Round& round)
{
  std::vector<PendingCall> later;
  for (std::size_t i = 0; i < round.tools.size(); ++i) {
    if (!round.tools[i] || !round.tools[i]->needs_approval())
      continue;
    auto& outcome = state->outcomes[i];
    const PendingCall pending{outcome.call, state->machine.run().steps.size() - 1};
    auto decision = decision_for(*state, outcome.call);
    if (!decision && state->options.approve()) {
      auto asking = state->options.approve()(pending);
      decision = co_await std::move(asking);
    }
    if (!decision || decision->is_later()) {
      later.push_back(pending);
    } else if (!decision->is_yes()) {
      const auto& reason = decision->reason();
      settle(outcome, "not run: refused by the user" + (reason.empty() ? "" : ": " + reason));
      round.tools[i] = nullptr;
    }
  }
  co_return later;
}

// Calls from `begin` that may run together: up to the next sequential one, or that one alone.
std::vector<std::size_t> together_from(const Round& round, std::size_t begin)
{
  std::vector<std::size_t> indices;
  for (auto i = begin; i < round.tools.size(); ++i) {
    const auto* const tool = round.tools[i];
    if (!tool)
      continue;
    if (tool->sequential() && !indices.empty())
      break;
    indices.push_back(i);
    if (tool->sequential())
      break;
  }
  return indices;
}

asio::awaitable<void> call_tools(std::shared_ptr<RunState> state)
{
  state->outcomes = state->machine.plan();
  auto round = bind_calls(*state);
  auto asking = ask_for_approval(state, round);
  auto later = co_await std::move(asking);
  if (!later.empty()) {
    state->machine.on_later(std::move(later));
    co_return;
  }
  const auto report = [&](std::size_t index) {
    if (state->is_streamed)
      state->events.emplace_back(state->outcomes[index]);
  };
  for (std::size_t i = 0; i < round.tools.size(); ++i)
    if (!round.tools[i])
      report(i);
  for (std::size_t begin = 0;;) {
    const auto indices = together_from(round, begin);
    if (indices.empty())
      break;
    begin = indices.back() + 1;
    std::function<asio::awaitable<ToolOutcome>(std::size_t)> call = [&](std::size_t index) {
      return call_tool(
          state->agent, *round.tools[index], round.calls[index], state->outcomes[index]);
    };
    std::function<void(std::size_t, Outcome<ToolOutcome>)> keep = [&](std::size_t nth,
                                                                      auto outcome) {
      const auto index = indices[nth];
      state->outcomes[index] = std::move(outcome).value();
      report(index);
    };
    auto running =
        for_each_limit(indices, state->options.max_parallel(), std::move(call), std::move(keep));
    co_await std::move(running);
  }
  state->machine.on_outcomes(std::move(state->outcomes));
  const auto& steps = state->machine.run().steps;
  if (state->is_streamed)
    state->events.emplace_back(steps.size() - 1);
  if (state->options.on_step())
    state->options.on_step()(steps.back());
  const auto& test = state->options.stop_when();
  state->machine.go_on(test && test(steps));
}

}  // namespace

std::shared_ptr<RunState> start_run(LlmAgent agent, Messages messages, RunOptions options)
{
  RunMachine machine(std::move(messages), options);
  if (!options.request().parameters().tools.empty())
    throw Error(
        ErrorKind::invalid_argument,
        "the options of a run's requests have tools, but a run has those of the agent");
  return std::make_shared<RunState>(std::move(agent), std::move(machine), std::move(options));
}

asio::awaitable<void> advance(std::shared_ptr<RunState> state)
{
  auto step = state->machine.next() == RunMachine::Next::ask ? ask_model(state) : call_tools(state);
  return step;
}

asio::awaitable<void> advance_or_fail(std::shared_ptr<RunState> state)
{
  std::optional<Error> failure;
  try {
    auto step = advance(state);
    co_await std::move(step);
  } catch (const Error& error) {
    failure = error;
  } catch (const std::system_error& error) {
    if (is_cancelled(error.code()))
      failure = Error(ErrorKind::cancelled, "the run was cancelled");
    state->failure = std::current_exception();
  } catch (...) {
    state->failure = std::current_exception();
  }
  if (!failure && !state->failure)
    co_return;
  state->stream.reset();
  state->machine.on_failure(std::move(state->outcomes));
  if (failure)
    state->failure = std::make_exception_ptr(RunError(*failure, state->machine.run()));
  std::rethrow_exception(state->failure);
}

}  // namespace asyncllm::detail
