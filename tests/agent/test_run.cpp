// Runs with tools, against the scripted server: the loop, its limits, approvals, streams, ends.
#include <asyncllm/agent/run.hpp>
#include <asyncllm/concurrency/timeout.hpp>

#include "error_of.hpp"
#include "served.hpp"
#include "test.hpp"

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;
using support::says;
using support::Served;
using testing::Answer;
using Json = nlohmann::json;

namespace {

struct Town {
  std::string city;
};
ASYNCLLM_DESCRIBE(Town, (city, "City and country"))

Tool weather()
{
  return Tool("weather", "The weather", [](Town town) { return town.city + ": 21 degrees"; });
}

LlmAgent agent_with(
    const Served& served, std::vector<Tool> tools, const std::string& provider = "openai")
{
  auto builder = LlmAgent::builder("a", served.server.spec(provider, "m"));
  builder.with_api_key("key").with_system_prompt("S");
  for (auto& tool : tools)
    builder.with_tool(std::move(tool));
  return builder.build();
}

Answer call_of(const std::string& name, const std::string& arguments = "{}")
{
  return Answer::tool_call(name, arguments);
}

const std::string to_rome = R"({"city":"Rome"})";

Json body_at(Served& served, std::size_t number)
{
  return Json::parse(served.server.bodies().at(number));
}

asio::awaitable<void> sleep_for(std::chrono::milliseconds time)
{
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

// What the model read as the result of its only call.
std::string result_after(Served& served, Tool tool, const Answer& answer)
{
  served.server.push(answer).push(Answer::text("end"));
  const auto run = served.run(agent_with(served, {std::move(tool)}).run_async("Q"));
  CHECK(run.reply.text == "end");
  return run.steps.at(0).outcomes.at(0).text;
}

}  // namespace

TEST_CASE("a run calls tools until the model answers, on each wire, whole and streamed", "[agent]")
{
  for (const std::string provider : {"openai", "ollama", "anthropic"})
    for (const bool is_streamed : {false, true}) {
      INFO(provider << (is_streamed ? ", streamed" : ""));
      Served served;
      served.server.push(call_of("weather", to_rome).usage(10, 5));
      served.server.push(Answer::text("No umbrella.").usage(20, 3));
      const auto agent = agent_with(served, {weather()}, provider);
      auto stream = agent.run_stream("Umbrella?");
      std::string text, events;
      const auto read = [&]() -> asio::awaitable<void> {
        while (const auto event = co_await stream.next()) {
          if (const auto* delta = event->delta())
            text += delta->kind == Delta::Kind::text ? delta->text : "";
          if (const auto* call = event->call())
            events += "call " + call->name + "; ";
          if (const auto* result = event->result())
            events += "result " + result->text + "; ";
          if (const auto* step = event->step())
            events += "step " + std::to_string(*step) + "; ";
        }
      };
      if (is_streamed)
        served.run(read());
      const auto run = is_streamed ? stream.run() : served.run(agent.run_async("Umbrella?"));
      CHECK(run.why == RunEnd::answer);
      CHECK(run.reply.text == "No umbrella.");
      CHECK(run.usage.input_tokens == 30);
      CHECK(run.usage.output_tokens == 8);
      REQUIRE(run.steps.size() == 2);
      REQUIRE(run.steps[0].outcomes.size() == 1);
      CHECK(run.steps[0].outcomes[0].text == "Rome: 21 degrees");
      CHECK(run.messages.size() == 4);
      if (is_streamed) {
        CHECK(text == "No umbrella.");
        CHECK(events == "call weather; result Rome: 21 degrees; step 0; step 1; ");
      }
      CHECK(body_at(served, 0)["tools"].size() == 1);
      CHECK(served.server.bodies().at(1).find("Rome: 21 degrees") != std::string::npos);
    }
}

TEST_CASE("send_message offers no tools", "[agent]")
{
  Served served;
  served.server.always(Answer::text("x"));
  served.run(agent_with(served, {weather()}).send_message_async("Q"));
  CHECK_FALSE(body_at(served, 0).contains("tools"));
}

TEST_CASE("results are paired with their calls, and run at once up to the bound", "[agent]")
{
  for (const int count : {1, 8, 50}) {
    Served served;
    auto answer = call_of("slow", R"({"city":"0"})");
    for (int i = 1; i < count; ++i)
      answer.and_tool_call("slow", R"({"city":")" + std::to_string(i) + "\"}");
    served.server.push(answer).push(Answer::text("end"));
    int running = 0, most = 0;
    std::vector<std::string> ended;
    const Tool slow("slow", "", [&](Town town) -> asio::awaitable<std::string> {
      most = std::max(most, ++running);
      // Later calls end earlier.
      auto sleeping = sleep_for(std::chrono::milliseconds(count - std::stoi(town.city)));
      co_await std::move(sleeping);
      --running;
      ended.push_back(town.city);
      co_return town.city;
    });
    const auto options = RunOptions().max_parallel(4);
    const auto run = served.run(agent_with(served, {slow}).run_async("Q", options));
    CHECK(most == std::min(count, 4));
    CHECK(ended.size() == static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i)
      CHECK(run.steps[0].outcomes[static_cast<std::size_t>(i)].text == std::to_string(i));
    const auto messages = body_at(served, 1)["messages"];
    const auto& calls = messages[2]["tool_calls"];
    for (std::size_t i = 0; i < calls.size(); ++i)
      CHECK(messages[3 + i]["tool_call_id"] == calls[i]["id"]);
  }
}

TEST_CASE("a sequential tool waits for earlier calls and runs alone", "[agent]")
{
  Served served;
  auto answer = call_of("free");
  answer.and_tool_call("free", "{}").and_tool_call("alone", "{}").and_tool_call("free", "{}");
  served.server.push(answer).push(Answer::text("end"));
  std::string log;
  const auto tool = [&](const std::string& name) {
    return Tool(name, "", [&log, name]() -> asio::awaitable<void> {
      log += name[0];
      auto sleeping = sleep_for(1ms);
      co_await std::move(sleeping);
      log += static_cast<char>(name[0] - 'a' + 'A');
    });
  };
  served.run(agent_with(served, {tool("free"), tool("alone").sequential(true)}).run_async("Q"));
  CHECK(log == "ffFFaAfF");
}

TEST_CASE("the model reads why a call gave nothing", "[agent]")
{
  Served served;
  CHECK(
      result_after(served, weather(), call_of("wether")) ==
      "error: there is no tool \"wether\"; there are: weather");
  CHECK(
      result_after(served, weather(), call_of("weather")) ==
      "error: in the arguments, $.city is missing");
  const Tool refuses("f", "", [] { throw ToolError("the city is closed"); });
  CHECK(result_after(served, refuses, call_of("f")) == "error: the city is closed");
  const Tool throws("f", "", [] { throw std::runtime_error("password=1234"); });
  CHECK(result_after(served, throws, call_of("f")) == "error: the tool failed");
  const Tool throws_a_number("f", "", [] { throw 5; });
  CHECK(result_after(served, throws_a_number, call_of("f")) == "error: the tool failed");
  Tool hangs("f", "", []() -> asio::awaitable<void> { return sleep_for(1h); });
  hangs.timeout(20ms);
  CHECK(result_after(served, hangs, call_of("f")) == "error: took longer than 20 ms");
  const Tool cancels_itself("f", "", []() -> asio::awaitable<void> {
    throw Error(ErrorKind::cancelled, "by itself");
    co_return;
  });
  CHECK(result_after(served, cancels_itself, call_of("f")) == "error: the tool failed");
}

TEST_CASE("an Error of a tool ends the run, with the run so far", "[agent]")
{
  Served served;
  auto answer = call_of("weather", to_rome);
  answer.and_tool_call("broken", "{}").and_tool_call("hangs", "{}");
  served.server.push(answer);
  const Tool broken("broken", "", []() -> asio::awaitable<void> {
    auto sleeping = sleep_for(5ms);
    co_await std::move(sleeping);
    throw Error(ErrorKind::timeout, "the database is away");
  });
  bool has_ended = false;
  const Tool hangs("hangs", "", [&]() -> asio::awaitable<void> {
    struct AtEnd {
      bool& flag;
      ~AtEnd() { flag = true; }
    } at_end{has_ended};
    auto sleeping = sleep_for(1h);
    co_await std::move(sleeping);
  });
  const auto agent = agent_with(served, {weather(), broken, hangs});
  try {
    served.run(agent.run_async("Q"));
    FAIL("no error");
  } catch (const RunError& error) {
    CHECK(error.kind() == ErrorKind::tool_failed);
    CHECK(error.message() == "the tool \"broken\" failed: timeout: the database is away");
    CHECK(has_ended);  // cancelled and joined
    CHECK(error.run().messages.size() == 5);
    const auto& outcomes = error.run().steps.at(0).outcomes;
    CHECK(outcomes.at(0).text == "Rome: 21 degrees");
    CHECK(outcomes.at(1).text == "not finished: an error ended the run");
  }
}

TEST_CASE("an error of a later request keeps the steps before it", "[agent]")
{
  Served served;
  served.server.push(call_of("weather", to_rome));
  served.server.push(Answer::status(400, R"({"error":{"message":"no more"}})"));
  try {
    served.run(agent_with(served, {weather()}).run_async("Q"));
    FAIL("no error");
  } catch (const RunError& error) {
    CHECK(error.kind() == ErrorKind::bad_request);
    CHECK(error.server_message() == "no more");
    CHECK(error.run().steps.size() == 1);
    CHECK(error.run().messages.size() == 3);
  }
}

TEST_CASE("after the last round one request describes the tools and forbids them", "[agent]")
{
  for (const std::string provider : {"openai", "ollama", "anthropic"}) {
    INFO(provider);
    Served served;
    served.server.push(call_of("weather", to_rome)).push(Answer::text("as far as I know"));
    const auto agent = agent_with(served, {weather()}, provider);
    const auto run = served.run(agent.run_async("Q", RunOptions().max_rounds(1)));
    CHECK(run.why == RunEnd::limit);
    CHECK(run.limit == "the limit of 1 rounds is reached");
    CHECK(run.reply.text == "as far as I know");
    const auto body = body_at(served, 1);
    if (provider == "openai")
      CHECK(body["tool_choice"] == "none");
    if (provider == "anthropic")
      CHECK(body["tool_choice"]["type"] == "none");
    if (provider == "ollama")
      CHECK_FALSE(body.contains("tools"));
  }
}

TEST_CASE("a limit may be an error", "[agent]")
{
  Served served;
  served.server.always(call_of("weather", to_rome));
  const auto options = RunOptions().max_rounds(2).at_limit(AtLimit::error);
  const auto error = served.error_of(agent_with(served, {weather()}).run_async("Q", options));
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::limit_reached);
  CHECK(served.server.bodies().size() == 2);
}

TEST_CASE("a choice of tools counts for the first request only", "[agent]")
{
  Served served;
  served.server.push(call_of("weather", to_rome)).push(Answer::text("end"));
  const auto options =
      RunOptions().request(RequestOptions().tool_choice(ToolChoice::required()).temperature(0));
  served.run(agent_with(served, {weather()}).run_async("Q", options));
  CHECK(body_at(served, 0)["tool_choice"] == "required");
  CHECK(body_at(served, 1)["tool_choice"] == "auto");
  CHECK(body_at(served, 1)["temperature"] == 0);
}

TEST_CASE("prepare sees each request and may change it", "[agent]")
{
  Served served;
  served.server.push(call_of("weather", to_rome)).push(call_of("other")).push(Answer::text("end"));
  const Tool other("other", "", [] {});
  const auto options = RunOptions().prepare([](NextRequest& next) {
    if (next.round == 1) {
      next.tools = {"weather"};
      next.messages.user("Be brief.");
      next.options.temperature(0.5);
    }
  });
  const auto run = served.run(agent_with(served, {weather(), other}).run_async("Q", options));
  CHECK(body_at(served, 0)["tools"].size() == 2);
  CHECK(body_at(served, 1)["tools"].size() == 1);
  CHECK(body_at(served, 1)["temperature"] == 0.5);
  CHECK(body_at(served, 1)["messages"].back()["content"] == "Be brief.");
  CHECK(run.steps[1].outcomes[0].text == "error: there is no tool \"other\"; there are: weather");
  CHECK(run.messages.size() == 6);  // without what prepare added

  const auto unknown = RunOptions().prepare([](NextRequest& next) { next.tools = {"x"}; });
  CHECK(says(
      served.error_of(agent_with(served, {weather()}).run_async("Q", unknown)),
      "prepare offers the tool \"x\""));
}

TEST_CASE("the caller sees each step and may stop the run", "[agent]")
{
  Served served;
  served.server.always(call_of("weather", to_rome));
  std::size_t seen = 0;
  const auto options = RunOptions()
                           .on_step([&](const Step& step) { seen += step.outcomes.size(); })
                           .stop_when([](const auto& steps) { return steps.size() == 3; });
  const auto run = served.run(agent_with(served, {weather()}).run_async("Q", options));
  CHECK(run.why == RunEnd::stopped);
  CHECK(run.steps.size() == 3);
  CHECK(seen == 3);
}

TEST_CASE("calls that need it are approved or refused in order, before any runs", "[agent]")
{
  Served served;
  auto answer = call_of("pay", R"({"city":"A"})");
  answer.and_tool_call("weather", to_rome).and_tool_call("pay", R"({"city":"B"})");
  answer.and_tool_call("pay", "{}");
  served.server.push(answer).push(Answer::text("end"));
  std::string log;
  Tool pay("pay", "", [&](Town town) { log += "pay " + town.city + "; "; });
  pay.needs_approval(true);
  const auto options =
      RunOptions().approve([&](const PendingCall& pending) -> asio::awaitable<Approval> {
        log += "ask " + pending.call.arguments + "; ";
        const bool is_first = pending.call.arguments.find('A') != std::string::npos;
        co_return is_first ? Approval::no("too much") : Approval::yes();
      });
  const auto run = served.run(agent_with(served, {pay, weather()}).run_async("Q", options));
  CHECK(log == R"(ask {"city":"A"}; ask {"city":"B"}; pay B; )");
  const auto& outcomes = run.steps.at(0).outcomes;
  CHECK(outcomes.at(0).text == "not run: refused by the user: too much");
  CHECK(outcomes.at(1).text == "Rome: 21 degrees");
  CHECK(outcomes.at(2).text == "done");
  CHECK(outcomes.at(3).text == "error: in the arguments, $.city is missing");
}

TEST_CASE("an approval may come later, and is for the calls that were asked for", "[agent]")
{
  Served served;
  auto answer = call_of("pay", R"({"city":"A"})");
  answer.and_tool_call("pay", R"({"city":"B"})").and_tool_call("weather", to_rome);
  served.server.push(answer).push(Answer::text("end"));
  std::string paid;
  Tool pay("pay", "", [&](Town town) { paid += town.city; });
  const auto agent = agent_with(served, {pay.needs_approval(true), weather()});
  auto waiting = served.run(agent.run_async("Q"));
  CHECK(waiting.why == RunEnd::approval);
  CHECK(paid.empty());
  REQUIRE(waiting.pending.size() == 2);

  CHECK(says(
      served.error_of(agent.resume_async(waiting, {Approval::yes()})),
      "the run has 2 pending calls, but there are 1 decisions"));
  auto forged = waiting;
  forged.pending[0].call.arguments = R"({"city":"Z"})";
  const std::vector<Approval> both = {Approval::yes(), Approval::yes()};
  CHECK(says(served.error_of(agent.resume_async(forged, both)), "not those of its last reply"));
  CHECK(paid.empty());

  std::vector<Approval> decisions = {Approval::no(), Approval::yes()};
  const auto run = served.run(agent.resume_async(waiting, std::move(decisions)));
  CHECK(run.why == RunEnd::answer);
  CHECK(paid == "B");
  CHECK(run.steps.at(0).outcomes.at(0).text == "not run: refused by the user");
  CHECK(run.steps.at(0).outcomes.at(2).text == "Rome: 21 degrees");
  CHECK(run.messages.size() == 6);
}

TEST_CASE("a cancelled run ends its tools and keeps its history paired", "[agent]")
{
  for (const bool is_streamed : {false, true}) {
    Served served;
    served.server.push(call_of("hangs"));
    const Tool hangs("hangs", "", []() -> asio::awaitable<void> { return sleep_for(1h); });
    const auto agent = agent_with(served, {hangs});
    auto stream = agent.run_stream("Q");
    const auto read = [&]() -> asio::awaitable<void> {
      while (co_await stream.next()) {
      }
    };
    const auto run = [&]() -> asio::awaitable<void> {
      auto running = agent.run_async("Q");
      co_await std::move(running);
    };
    auto limited = with_timeout(is_streamed ? read() : run(), 50ms);
    const auto error = served.error_of(std::move(limited));
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::timeout);
    if (is_streamed) {
      CHECK(stream.run().messages.size() == 3);
      CHECK(stream.run().steps.at(0).outcomes.at(0).failed);
    }
  }
}

TEST_CASE("wrong tools and options are found at once", "[agent]")
{
  Served served;
  const auto build = [&](std::vector<Tool> tools) {
    return support::error_of([&] { agent_with(served, std::move(tools)); });
  };
  CHECK(says(build({weather(), weather()}), "with_tool(\"weather\"): there are two tools"));
  CHECK(says(build({Tool("a b", "", [] {})}), "with_tool(\"a b\"): a name has 1 to 64"));
  const auto agent = agent_with(served, {weather()});
  CHECK(says(served.error_of(agent.run_async("Q", RunOptions().max_rounds(0))), "max_rounds is 0"));
  const auto with_tools = RunOptions().request(RequestOptions().tool(ToolDefinition("x", "", "")));
  CHECK(says(served.error_of(agent.run_async("Q", with_tools)), "a run has those of the agent"));
  CHECK(served.server.bodies().empty());
}
