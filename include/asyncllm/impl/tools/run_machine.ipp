#include <asyncllm/impl/tools/run_machine.hpp>

#include <algorithm>
#include <set>

namespace asyncllm::inline v0_1::detail {
namespace {

void add_usage(Usage& usage, const Usage& more)
{
  usage.reported = usage.reported || more.reported;
  for (const auto count : usage_counts)
    usage.*count += more.*count;
}

std::string limit_of(std::size_t count, const std::string& what)
{
  return "the limit of " + std::to_string(count) + ' ' + what + " is reached";
}

// Some servers repeat ids, by which an API pairs calls and results.
void make_ids_unique(std::vector<ToolCall>& calls)
{
  std::set<std::string> taken;
  for (auto& call : calls) {
    const auto id = call.id;
    for (int number = 2; !call.id.empty() && !taken.insert(call.id).second; ++number)
      call.id = id + '_' + std::to_string(number);
  }
}

bool has_repeated_ids(const std::vector<ToolCall>& calls)
{
  std::set<std::string_view> ids;
  return std::any_of(calls.begin(), calls.end(), [&](const ToolCall& call) {
    return !call.id.empty() && !ids.insert(call.id).second;
  });
}

void check(const RunOptions& options)
{
  const auto positive = [](std::size_t value, const char* name) {
    if (value == 0)
      throw Error(ErrorKind::invalid_argument, std::string(name) + " is 0, it must be at least 1");
  };
  positive(options.max_rounds(), "max_rounds");
  positive(options.max_parallel(), "max_parallel");
  positive(options.max_repeated_failures(), "max_repeated_failures");
  if (options.max_tokens_spent() && *options.max_tokens_spent() < 1)
    throw Error(ErrorKind::invalid_argument, "max_tokens_spent must be at least 1");
}

bool is_same(const ToolCall& one, const ToolCall& other)
{
  return one.id == other.id && one.name == other.name && one.arguments == other.arguments;
}

}  // namespace

RunMachine::RunMachine(Messages messages, const RunOptions& options) : options_(options)
{
  check(options_);
  run_.messages = std::move(messages);
}

RunMachine::RunMachine(Run run, const RunOptions& options)
    : options_(options), run_(std::move(run)), next_(Next::call)
{
  check(options_);
  const auto refuse = [](const char* what) { throw Error(ErrorKind::invalid_argument, what); };
  if (run_.why != RunEnd::approval || run_.steps.empty())
    refuse("only a run that waits for an approval can be resumed");
  const auto& calls = run_.steps.back().reply.tool_calls;
  for (const auto& pending : run_.pending)
    if (std::none_of(calls.begin(), calls.end(), [&](const ToolCall& call) {
          return is_same(call, pending.call);
        }))
      refuse("the run's pending calls are not those of its last reply");
  rounds_ = run_.steps.size();
  for (const auto& step : run_.steps)
    for (const auto& outcome : step.outcomes) {
      calls_ += outcome.ran ? 1 : 0;
      count_failure(outcome);
    }
  run_.pending.clear();
  plan_calls();
}

void RunMachine::on_reply(Reply reply)
{
  if (!is_last_)
    ++rounds_;
  add_usage(run_.usage, reply.usage);
  if (has_repeated_ids(reply.tool_calls)) {
    make_ids_unique(reply.tool_calls);
    reply.details = {};  // the native form has the old ids
  }
  run_.messages.add(Message::assistant(reply));
  run_.reply = reply;
  run_.steps.push_back(Step{std::move(reply), {}});
  const auto& last = run_.steps.back().reply;
  const bool is_refused = last.finish_reason == FinishReason::refusal ||
                          last.finish_reason == FinishReason::content_filter ||
                          !last.refusal.empty();
  if (is_refused || last.finish_reason == FinishReason::length) {
    plan_calls();
    settle_all(is_refused ? "not run: the reply was refused" : "not run: the reply was cut off");
    add_results(std::move(plan_));
    return end(is_refused ? RunEnd::refused : RunEnd::cut_off);
  }
  if (last.tool_calls.empty())
    return end(is_last_ ? RunEnd::limit : RunEnd::answer);
  plan_calls();
  next_ = Next::call;
}

// What a limit forbids is settled at once.
void RunMachine::plan_calls()
{
  plan_.clear();
  for (const auto& call : run_.steps.back().reply.tool_calls)
    plan_.push_back(ToolOutcome{call, {}, false, false, {}});
  if (is_last_)
    return settle_all("not run: " + run_.limit);
  const auto spent = run_.usage.input_tokens + run_.usage.output_tokens;
  const auto most = options_.max_tokens_spent();
  if (most && spent >= *most)
    reach(limit_of(static_cast<std::size_t>(*most), "tokens"));
  else if (rounds_ >= options_.max_rounds() && options_.at_limit() == AtLimit::error)
    reach(limit_of(options_.max_rounds(), "rounds"));
  if (!run_.limit.empty())
    return settle_all("not run: " + run_.limit);
  for (auto& outcome : plan_) {
    if (calls_ < options_.max_calls()) {
      ++calls_;
      continue;
    }
    reach(limit_of(options_.max_calls(), "calls"));
    outcome.text = "not run: " + run_.limit;
    outcome.failed = true;
  }
}

void RunMachine::settle_all(const std::string& text)
{
  for (auto& outcome : plan_) {
    outcome.text = text;
    outcome.failed = true;
  }
}

void RunMachine::on_outcomes(std::vector<ToolOutcome> outcomes)
{
  for (const auto& outcome : outcomes)
    if (count_failure(outcome) >= options_.max_repeated_failures())
      reach(
          "a call of " + outcome.call.name + " failed " +
          std::to_string(options_.max_repeated_failures()) + " times with the same arguments");
  add_results(std::move(outcomes));
}

std::size_t RunMachine::count_failure(const ToolOutcome& outcome)
{
  const std::pair key(outcome.call.name, outcome.call.arguments);
  if (outcome.failed)
    return ++failures_[key];
  failures_.erase(key);
  return 0;
}

void RunMachine::go_on(bool stop)
{
  if (is_last_)
    return end(RunEnd::limit);
  if (stop)
    return end(RunEnd::stopped);
  if (rounds_ >= options_.max_rounds())
    reach(limit_of(options_.max_rounds(), "rounds"));
  next_ = Next::ask;
  if (run_.limit.empty())
    return;
  if (options_.at_limit() == AtLimit::error) {
    end(RunEnd::limit);
    throw Error(ErrorKind::limit_reached, run_.limit);
  }
  is_last_ = true;
}

void RunMachine::on_later(std::vector<PendingCall> pending)
{
  run_.pending = std::move(pending);
  end(RunEnd::approval);
}

void RunMachine::on_failure(std::vector<ToolOutcome> outcomes)
{
  if (next_ == Next::call && run_.steps.back().outcomes.empty()) {
    if (outcomes.empty())
      outcomes = plan_;
    for (auto& outcome : outcomes)
      if (outcome.text.empty() && !outcome.ran) {
        outcome.text = "not finished: an error ended the run";
        outcome.failed = true;
      }
    add_results(std::move(outcomes));
  }
  next_ = Next::end;
}

void RunMachine::add_results(std::vector<ToolOutcome> outcomes)
{
  for (const auto& outcome : outcomes) {
    auto message = Message::tool(outcome.call.id, outcome.call.name, outcome.text);
    for (const auto& image : outcome.images)
      message.with_image(image.bytes, image.mime_type);
    run_.messages.add(std::move(message));
  }
  run_.steps.back().outcomes = std::move(outcomes);
}

// The first limit is the one that counts.
void RunMachine::reach(std::string limit)
{
  if (run_.limit.empty())
    run_.limit = std::move(limit);
}

void RunMachine::end(RunEnd why)
{
  run_.why = why;
  next_ = Next::end;
}

}  // namespace asyncllm::detail
