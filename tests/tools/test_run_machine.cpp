// The loop of a run as a table: what happened, and what comes next. No socket, no tool.
#include <asyncllm/impl/tools/run_machine.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace asyncllm;
using detail::RunMachine;
using Next = RunMachine::Next;
using support::error_of;

namespace {

Reply answer(std::string text)
{
  Reply reply;
  reply.text = std::move(text);
  reply.finish_reason = FinishReason::stop;
  return reply;
}

Reply calls(int count, const std::string& arguments = "{}")
{
  Reply reply;
  reply.finish_reason = FinishReason::tool_calls;
  for (int i = 0; i < count; ++i)
    reply.tool_calls.push_back(ToolCall{"id" + std::to_string(i), "f", arguments, ""});
  return reply;
}

RunMachine machine_with(const RunOptions& options = RunOptions())
{
  return RunMachine(Messages().user("question"), options);
}

// Every call of the plan that may run gets this outcome.
void finish_calls(RunMachine& machine, bool failed = false, bool stop = false)
{
  auto outcomes = machine.plan();
  for (auto& outcome : outcomes)
    if (outcome.text.empty()) {
      outcome.text = failed ? "error: no" : "yes";
      outcome.failed = failed;
      outcome.ran = true;
    }
  machine.on_outcomes(std::move(outcomes));
  machine.go_on(stop);
}

// Each call of an assistant's message has exactly one result, right behind it, in order.
bool is_paired(const Messages& messages)
{
  std::vector<std::string> open;
  for (const auto& message : messages) {
    if (message.role() == Role::tool) {
      if (open.empty() || open.front() != message.tool_call_id())
        return false;
      open.erase(open.begin());
      continue;
    }
    if (!open.empty())
      return false;
    for (const auto& call : message.tool_calls())
      open.push_back(call.id);
  }
  return open.empty();
}

std::vector<std::string> results_of(const RunMachine& machine)
{
  std::vector<std::string> texts;
  for (const auto& outcome : machine.run().steps.back().outcomes)
    texts.push_back(outcome.text);
  return texts;
}

}  // namespace

TEST_CASE("a reply without calls ends the run", "[tools]")
{
  auto machine = machine_with();
  CHECK(machine.next() == Next::ask);
  CHECK(machine.offers_tools());
  machine.on_reply(answer("forty-two"));
  CHECK(machine.next() == Next::end);
  CHECK(machine.run().why == RunEnd::answer);
  CHECK(machine.run().reply.text == "forty-two");
  CHECK(machine.run().messages.size() == 2);
}

TEST_CASE("calls are made and their results go back, in order", "[tools]")
{
  auto machine = machine_with();
  machine.on_reply(calls(3));
  REQUIRE(machine.next() == Next::call);
  REQUIRE(machine.plan().size() == 3);
  finish_calls(machine);
  CHECK(machine.next() == Next::ask);
  CHECK(machine.round() == 1);
  machine.on_reply(answer("done"));
  CHECK(machine.run().why == RunEnd::answer);
  CHECK(machine.run().steps.size() == 2);
  CHECK(machine.run().messages.size() == 6);
  CHECK(is_paired(machine.run().messages));
}

TEST_CASE("exactly max_rounds requests offer tools, then one does not", "[tools]")
{
  for (const std::size_t most : {1u, 2u, 10u}) {
    auto machine = machine_with(RunOptions().max_rounds(most));
    std::size_t offering = 0, requests = 0;
    for (; machine.next() != Next::end; ++requests) {
      offering += machine.offers_tools() ? 1 : 0;
      machine.on_reply(calls(1));
      if (machine.next() == Next::call)
        finish_calls(machine);
    }
    CHECK(offering == most);
    CHECK(requests == most + 1);
    CHECK(machine.run().why == RunEnd::limit);
    const auto limit = "the limit of " + std::to_string(most) + " rounds is reached";
    CHECK(machine.run().limit == limit);
    CHECK(results_of(machine) == std::vector<std::string>{"not run: " + limit});
    CHECK(is_paired(machine.run().messages));
  }
}

TEST_CASE("an answer after the limit is the run's reply, and the limit is named", "[tools]")
{
  auto machine = machine_with(RunOptions().max_rounds(1));
  machine.on_reply(calls(1));
  finish_calls(machine);
  CHECK_FALSE(machine.offers_tools());
  machine.on_reply(answer("as far as I know"));
  CHECK(machine.run().why == RunEnd::limit);
  CHECK(machine.run().reply.text == "as far as I know");
}

TEST_CASE("where a limit is an error no tool of the last round runs", "[tools]")
{
  auto machine = machine_with(RunOptions().max_rounds(2).at_limit(AtLimit::error));
  machine.on_reply(calls(1));
  finish_calls(machine);
  machine.on_reply(calls(2));
  const auto error = error_of([&] { finish_calls(machine); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::limit_reached);
  CHECK(error->message() == "the limit of 2 rounds is reached");
  CHECK(machine.next() == Next::end);
  for (const auto& outcome : machine.run().steps.back().outcomes)
    CHECK_FALSE(outcome.ran);
  CHECK(is_paired(machine.run().messages));
}

TEST_CASE("max_calls holds within one reply too", "[tools]")
{
  auto machine = machine_with(RunOptions().max_calls(3));
  machine.on_reply(calls(5));
  finish_calls(machine);
  const std::string limit = "not run: the limit of 3 calls is reached";
  CHECK(results_of(machine) == std::vector<std::string>{"yes", "yes", "yes", limit, limit});
  CHECK(machine.next() == Next::ask);
  CHECK_FALSE(machine.offers_tools());
}

TEST_CASE("no tool runs once the tokens are spent", "[tools]")
{
  auto machine = machine_with(RunOptions().max_tokens_spent(100));
  auto reply = calls(1);
  reply.usage.input_tokens = 60;
  reply.usage.output_tokens = 39;
  machine.on_reply(reply);
  finish_calls(machine);
  CHECK(results_of(machine) == std::vector<std::string>{"yes"});
  machine.on_reply(reply);
  finish_calls(machine);
  CHECK(
      results_of(machine) ==
      std::vector<std::string>{"not run: the limit of 100 tokens is reached"});
  CHECK_FALSE(machine.offers_tools());
  CHECK(machine.run().usage.input_tokens == 120);
}

TEST_CASE("the same call that fails again and again is a limit", "[tools]")
{
  auto machine = machine_with(RunOptions().max_repeated_failures(2));
  machine.on_reply(calls(1, R"({"x":1})"));
  finish_calls(machine, true);
  machine.on_reply(calls(1, R"({"x":2})"));  // another call
  finish_calls(machine, true);
  CHECK(machine.offers_tools());
  machine.on_reply(calls(1, R"({"x":1})"));
  finish_calls(machine, true);
  CHECK_FALSE(machine.offers_tools());
  CHECK(machine.run().limit == "a call of f failed 2 times with the same arguments");
}

TEST_CASE("a call that succeeds again has not failed", "[tools]")
{
  auto machine = machine_with(RunOptions().max_repeated_failures(2));
  for (const bool failed : {true, false, true, false}) {
    machine.on_reply(calls(1));
    finish_calls(machine, failed);
  }
  CHECK(machine.offers_tools());
}

TEST_CASE("a refused or truncated reply runs no tool, and stays paired", "[tools]")
{
  struct Row {
    FinishReason reason;
    RunEnd end;
    std::string text;
  };
  for (const auto& [reason, end, text] :
       {Row{FinishReason::length, RunEnd::cut_off, "not run: the reply was cut off"},
        Row{FinishReason::refusal, RunEnd::refused, "not run: the reply was refused"},
        Row{FinishReason::content_filter, RunEnd::refused, "not run: the reply was refused"}}) {
    auto machine = machine_with();
    auto reply = calls(2);
    reply.finish_reason = reason;
    machine.on_reply(reply);
    CHECK(machine.next() == Next::end);
    CHECK(machine.run().why == end);
    CHECK(results_of(machine) == std::vector<std::string>{text, text});
    CHECK(is_paired(machine.run().messages));
  }
}

TEST_CASE("a test of the caller stops the run between two requests", "[tools]")
{
  auto machine = machine_with();
  machine.on_reply(calls(1));
  finish_calls(machine, false, true);
  CHECK(machine.next() == Next::end);
  CHECK(machine.run().why == RunEnd::stopped);
  CHECK(is_paired(machine.run().messages));
}

TEST_CASE("ids that a model repeats are made unique, empty ones stay", "[tools]")
{
  auto machine = machine_with();
  auto reply = calls(4);
  for (auto& call : reply.tool_calls)
    call.id = "a";
  reply.tool_calls[2].id = "";
  machine.on_reply(reply);
  std::vector<std::string> ids;
  for (const auto& outcome : machine.plan())
    ids.push_back(outcome.call.id);
  CHECK(ids == std::vector<std::string>{"a", "a_2", "", "a_3"});
  finish_calls(machine);
  CHECK(is_paired(machine.run().messages));
}

TEST_CASE("a run that waits for approval is resumed where it was", "[tools]")
{
  auto machine = machine_with(RunOptions().max_rounds(2));
  machine.on_reply(calls(2));
  machine.on_later({PendingCall{machine.plan()[1].call, 0}});
  CHECK(machine.next() == Next::end);
  CHECK(machine.run().why == RunEnd::approval);
  REQUIRE(machine.run().pending.size() == 1);

  RunMachine resumed(machine.run(), RunOptions().max_rounds(2));
  CHECK(resumed.next() == Next::call);
  CHECK(resumed.plan().size() == 2);
  finish_calls(resumed);
  CHECK(resumed.round() == 1);
  resumed.on_reply(calls(1));
  finish_calls(resumed);
  CHECK_FALSE(resumed.offers_tools());  // the round before counts
  CHECK(is_paired(resumed.run().messages));
}

TEST_CASE("a run that does not wait, or was forged, is not resumed", "[tools]")
{
  auto machine = machine_with();
  machine.on_reply(answer("x"));
  CHECK(error_of([&] {
          RunMachine(machine.run(), RunOptions());
        })->kind() == ErrorKind::invalid_argument);

  auto waiting = machine_with();
  waiting.on_reply(calls(1));
  waiting.on_later({PendingCall{waiting.plan()[0].call, 0}});
  auto run = waiting.run();
  run.pending[0].call.arguments = R"({"amount":1000000})";
  const auto error = error_of([&] { RunMachine(run, RunOptions()); });
  REQUIRE(error);
  CHECK(error->message() == "the run's pending calls are not those of its last reply");
}

TEST_CASE("after a failure every call has a result all the same", "[tools]")
{
  auto machine = machine_with();
  machine.on_reply(calls(2));
  auto outcomes = machine.plan();
  outcomes[0].text = "yes";
  outcomes[0].ran = true;
  machine.on_failure(outcomes);
  CHECK(machine.next() == Next::end);
  CHECK(
      results_of(machine) ==
      std::vector<std::string>{"yes", "not finished: an error ended the run"});
  CHECK(is_paired(machine.run().messages));
}

TEST_CASE("limits of 0 are refused", "[tools]")
{
  for (const auto& options :
       {RunOptions().max_rounds(0),
        RunOptions().max_parallel(0),
        RunOptions().max_repeated_failures(0),
        RunOptions().max_tokens_spent(0)}) {
    const auto error = error_of([&] { machine_with(options); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::invalid_argument);
  }
}
