#include <asyncllm/agent/run_json.hpp>
#include <asyncllm/impl/agent/saved_json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace asyncllm::inline v0_1 {
namespace detail {
namespace {

struct UsageMember {
  const char* name;
  std::int64_t Usage::* count;
};
constexpr UsageMember usage_members[] = {
    {"input_tokens", &Usage::input_tokens},
    {"output_tokens", &Usage::output_tokens},
    {"cached_input_tokens", &Usage::cached_input_tokens},
    {"reasoning_tokens", &Usage::reasoning_tokens},
    {"cache_write_tokens", &Usage::cache_write_tokens}};

constexpr std::array saved_ends = {
    RunEnd::answer,
    RunEnd::limit,
    RunEnd::stopped,
    RunEnd::approval,
    RunEnd::cut_off,
    RunEnd::refused};
constexpr std::array saved_reasons = {
    FinishReason::stop,
    FinishReason::length,
    FinishReason::tool_calls,
    FinishReason::content_filter,
    FinishReason::refusal,
    FinishReason::error,
    FinishReason::unknown};

// --- writing -----------------------------------------------------------------

SavedJson saved_usage(const Usage& usage)
{
  SavedJson json = SavedJson::object();
  if (!usage.reported)
    return json;
  for (const auto& [name, count] : usage_members)
    json[name] = usage.*count;
  return json;
}

SavedJson saved_reply(const Reply& reply)
{
  SavedJson json = {{"text", reply.text}, {"finish_reason", to_string(reply.finish_reason)}};
  save_text(json, "finish_reason_text", reply.finish_reason_text);
  save_text(json, "reasoning", reply.reasoning);
  save_text(json, "refusal", reply.refusal);
  save_text(json, "model", reply.model);
  save_text(json, "id", reply.id);
  save_text(json, "request_id", reply.request_id);
  json["usage"] = saved_usage(reply.usage);
  for (const auto& call : reply.tool_calls)
    json["tool_calls"].push_back(to_saved(call));
  return json;
}

// Images of outcomes are in the messages.
SavedJson saved_step(const Step& step)
{
  SavedJson json = {{"reply", saved_reply(step.reply)}, {"outcomes", SavedJson::array()}};
  for (const auto& outcome : step.outcomes)
    json["outcomes"].push_back(
        {{"call", to_saved(outcome.call)},
         {"text", outcome.text},
         {"failed", outcome.failed},
         {"ran", outcome.ran}});
  return json;
}

// --- reading -----------------------------------------------------------------

const SavedJson& member_of(const SavedJson& object, const char* name, const std::string& where)
{
  if (!object.is_object())
    fail_saved(where, "is no object");
  const auto at = object.find(name);
  if (at == object.end())
    fail_saved(where, std::string(name) + " is missing");
  return *at;
}

const SavedJson& array_of(const SavedJson& object, const char* name, const std::string& where)
{
  const auto& array = member_of(object, name, where);
  if (!array.is_array())
    fail_saved(where, std::string(name) + " is no array");
  return array;
}

bool flag_of(const SavedJson& object, const char* name, const std::string& where)
{
  const auto& flag = member_of(object, name, where);
  if (!flag.is_boolean())
    fail_saved(where, std::string(name) + " is neither true nor false");
  return flag.get<bool>();
}

// The one of `known` that the member names.
template <class Known>
auto named_of(
    const SavedJson& object, const char* name, const Known& known, const std::string& where)
{
  const auto text = saved_text(object, name, where);
  for (const auto one : known)
    if (text == to_string(one))
      return one;
  fail_saved(where, std::string(name) + " is \"" + text + '"');
}

Usage usage_from_saved(const SavedJson& json, const std::string& where)
{
  Usage usage;
  if (!json.is_object())
    fail_saved(where, "usage is no object");
  usage.reported = !json.empty();
  for (const auto& [name, count] : usage_members) {
    const auto at = json.find(name);
    if (at == json.end())
      continue;
    if (!at->is_number_integer())
      fail_saved(where, std::string(name) + " is no integer");
    usage.*count = at->get<std::int64_t>();
  }
  return usage;
}

Reply reply_from_saved(const SavedJson& json, const std::string& where)
{
  Reply reply;
  reply.usage = usage_from_saved(member_of(json, "usage", where), where);
  reply.text = saved_text(json, "text", where);
  reply.finish_reason = named_of(json, "finish_reason", saved_reasons, where);
  reply.finish_reason_text = saved_text(json, "finish_reason_text", where);
  reply.reasoning = saved_text(json, "reasoning", where);
  reply.refusal = saved_text(json, "refusal", where);
  reply.model = saved_text(json, "model", where);
  reply.id = saved_text(json, "id", where);
  reply.request_id = saved_text(json, "request_id", where);
  if (json.contains("tool_calls"))
    for (const auto& call : array_of(json, "tool_calls", where))
      reply.tool_calls.push_back(call_from_saved(call, where));
  return reply;
}

Step step_from_saved(const SavedJson& json, const std::string& where)
{
  Step step{reply_from_saved(member_of(json, "reply", where), where), {}};
  for (const auto& outcome : array_of(json, "outcomes", where))
    step.outcomes.push_back(
        {call_from_saved(member_of(outcome, "call", where), where),
         saved_text(outcome, "text", where),
         flag_of(outcome, "failed", where),
         flag_of(outcome, "ran", where),
         {}});
  return step;
}

bool is_same_call(const ToolCall& one, const ToolCall& other)
{
  return one.id == other.id && one.name == other.name && one.arguments == other.arguments;
}

// What waits must be what the model was last heard to ask for.
void check_pending(const Run& run)
{
  if (run.steps.empty() || run.messages.empty())
    fail_saved("the run", "waits for approvals without a step");
  const auto& last = std::prev(run.messages.end())->tool_calls();
  const auto& calls = run.steps.back().reply.tool_calls;
  if (!std::ranges::equal(last, calls, is_same_call))
    fail_saved("the run", "the calls of its last step are not those of its last message");
}

}  // namespace
}  // namespace detail

std::string run_to_json(const Run& run)
{
  using detail::SavedJson;
  SavedJson json = {
      {"why", to_string(run.why)},
      {"messages", detail::to_saved(run.messages)},
      {"steps", SavedJson::array()},
      {"usage", detail::saved_usage(run.usage)},
      {"pending", SavedJson::array()}};
  detail::save_text(json, "limit", run.limit);
  for (const auto& step : run.steps)
    json["steps"].push_back(detail::saved_step(step));
  for (const auto& pending : run.pending)
    json["pending"].push_back({{"call", detail::to_saved(pending.call)}, {"step", pending.step}});
  return detail::dump_saved(json);
}

Run run_from_json(std::string_view text)
{
  const std::string where = "the run";
  const auto json = detail::SavedJson::parse(text, nullptr, false);
  if (json.is_discarded())
    detail::fail_saved(where, "is not JSON");
  Run run;
  const auto& messages = detail::array_of(json, "messages", where);
  run.why = detail::named_of(json, "why", detail::saved_ends, where);
  run.messages = detail::messages_from_saved(messages, run.why == RunEnd::approval);
  run.limit = detail::saved_text(json, "limit", where);
  run.usage = detail::usage_from_saved(detail::member_of(json, "usage", where), where);
  for (const auto& step : detail::array_of(json, "steps", where)) {
    const auto number = std::to_string(run.steps.size());
    run.steps.push_back(detail::step_from_saved(step, "steps[" + number + "]"));
  }
  for (const auto& pending : detail::array_of(json, "pending", where)) {
    const auto number = std::to_string(run.pending.size());
    const auto here = "pending[" + number + "]";
    const auto& step = detail::member_of(pending, "step", here);
    if (!step.is_number_unsigned() || step.get<std::size_t>() >= run.steps.size())
      detail::fail_saved(here, "step is no step of the run");
    run.pending.push_back(
        {detail::call_from_saved(detail::member_of(pending, "call", here), here),
         step.get<std::size_t>()});
  }
  if (!run.steps.empty())
    run.reply = run.steps.back().reply;
  if (run.why == RunEnd::approval)
    detail::check_pending(run);
  return run;
}

}  // namespace asyncllm
