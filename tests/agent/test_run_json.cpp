// Runs as JSON: one that waits for an approval goes on in another process.
#include <asyncllm/agent/run.hpp>
#include <asyncllm/agent/run_json.hpp>

#include "error_of.hpp"
#include "served.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace asyncllm;
using support::fails_with;
using support::says;
using support::Served;
using testing::Answer;
using RunJson = nlohmann::json;

namespace {

struct Payment {
  std::string to;
};
ASYNCLLM_DESCRIBE(Payment, to)

LlmAgent payer(const Served& served, const std::string& provider, std::string& paid)
{
  Tool pay("pay", "", [&paid](Payment payment) { paid += payment.to; });
  return LlmAgent::builder("a", served.server.spec(provider, "m"))
      .with_api_key("k")
      .with_tool(pay.needs_approval(true))
      .with_tool(Tool("look", "", [] { return "nothing new"; }))
      .build();
}

Answer payment_of(const std::string& to)
{
  return Answer::text("I pay.").and_tool_call("pay", R"({"to":")" + to + R"("})");
}

// A run that waits: one step before, then a payment to Ann and one to Bob.
Run waiting_run(Served& served, const std::string& provider, std::string& paid)
{
  served.server.push(Answer::text("I look.").and_tool_call("look", "{}").usage(5, 2));
  auto both = payment_of("Ann");
  served.server.push(both.and_tool_call("pay", R"({"to":"Bob"})").usage(7, 3));
  auto run = served.run(payer(served, provider, paid).run_async("Pay them."));
  REQUIRE(run.why == RunEnd::approval);
  return run;
}

std::vector<Approval> not_ann()
{
  return {Approval::no("not her"), Approval::yes()};
}

}  // namespace

TEST_CASE("a run that waits is saved, loaded and resumed, by each API", "[agent]")
{
  for (const auto* provider : {"openai", "ollama", "anthropic", "openai-responses"}) {
    INFO(provider);
    Served served;
    std::string paid;
    auto run = waiting_run(served, provider, paid);
    const auto json = run_to_json(run);
    auto loaded = run_from_json(json);
    CHECK(run_to_json(loaded) == json);
    CHECK(loaded.pending.size() == 2);
    CHECK(loaded.usage.input_tokens == 12);
    CHECK(loaded.steps.at(0).outcomes.at(0).text == "nothing new");
    CHECK(loaded.steps.at(0).outcomes.at(0).ran);
    CHECK(loaded.reply.text == "I pay.");

    // The request that follows is the same as without the detour.
    served.server.push(Answer::text("Done.").usage(9, 4));
    served.server.push(Answer::text("Done.").usage(9, 4));
    const auto agent = payer(served, provider, paid);
    const auto direct = served.run(agent.resume_async(std::move(run), not_ann()));
    const auto resumed = served.run(agent.resume_async(std::move(loaded), not_ann()));
    CHECK(resumed.why == RunEnd::answer);
    CHECK(paid == "BobBob");
    CHECK(resumed.usage.input_tokens == 21);
    CHECK(resumed.messages.size() == direct.messages.size());
    const auto bodies = served.server.bodies();
    CHECK(bodies.at(3) == bodies.at(2));
  }
}

TEST_CASE("limits go on counting after a run was loaded", "[agent]")
{
  Served served;
  std::string paid;
  auto loaded = run_from_json(run_to_json(waiting_run(served, "openai", paid)));
  served.server.always(Answer::text("Enough."));
  const auto agent = payer(served, "openai", paid);
  const auto options = RunOptions().max_rounds(2);
  const auto run = served.run(agent.resume_async(std::move(loaded), not_ann(), options));
  CHECK(run.why == RunEnd::limit);
  CHECK(run.limit == "the limit of 2 rounds is reached");
}

TEST_CASE("a run that has ended is saved too", "[agent]")
{
  Served served;
  std::string paid;
  served.server.push(Answer::text("Hello."));
  const auto run = served.run(payer(served, "openai", paid).run_async("Hi."));
  const auto loaded = run_from_json(run_to_json(run));
  CHECK(loaded.why == RunEnd::answer);
  CHECK(loaded.reply.text == "Hello.");
  CHECK(loaded.messages.size() == 2);
  CHECK(says(
      served.error_of(payer(served, "openai", paid).resume_async(loaded, {})),
      "only a run that waits for an approval"));
}

TEST_CASE("a run that was tampered with is refused", "[agent]")
{
  Served served;
  std::string paid;
  const auto good = RunJson::parse(run_to_json(waiting_run(served, "openai", paid)));
  const auto refused = [&](const std::string& words, auto change) {
    auto json = good;
    change(json);
    INFO(json.dump());
    CHECK(
        fails_with(ErrorKind::invalid_argument, words, [&] { (void)run_from_json(json.dump()); }));
  };
  refused("why is \"never\"", [](RunJson& json) { json["why"] = "never"; });
  refused("messages is missing", [](RunJson& json) { json.erase("messages"); });
  refused("steps is no array", [](RunJson& json) { json["steps"] = 1; });
  refused("input_tokens is no integer", [](RunJson& json) { json["usage"]["input_tokens"] = "9"; });
  refused("pending[0]: step is no step", [](RunJson& json) { json["pending"][0]["step"] = 9; });
  refused("pending[1]: a tool call has no name", [](RunJson& json) {
    json["pending"][1]["call"]["function"].erase("name");
  });
  refused("steps[0]: ran is neither", [](RunJson& json) {
    json["steps"][0]["outcomes"][0]["ran"] = "yes";
  });
  refused("not those of its last message", [](RunJson& json) {
    json["steps"][1]["reply"]["tool_calls"][0]["function"]["arguments"] = R"({"to":"Eve"})";
  });
  refused("a tool result without its call", [](RunJson& json) {
    json["messages"][2]["tool_call_id"] = "other";
  });
  refused("waits for approvals without a step", [](RunJson& json) {
    json["steps"] = RunJson::array();
    json["pending"] = RunJson::array();
  });
  refused("without its result", [](RunJson& json) { json["why"] = "answer"; });

  auto forged = good;
  forged["pending"][0]["call"]["function"]["arguments"] = R"({"to":"Eve"})";
  auto loaded = run_from_json(forged.dump());
  CHECK(says(
      served.error_of(payer(served, "openai", paid).resume_async(std::move(loaded), not_ann())),
      "not those of its last reply"));
  CHECK(paid.empty());
}

TEST_CASE("no beginning of a saved run is taken for all of it", "[agent]")
{
  Served served;
  std::string paid;
  const auto json = run_to_json(waiting_run(served, "anthropic", paid));
  for (std::size_t size = 0; size < json.size(); ++size)
    if (!fails_with(ErrorKind::invalid_argument, "the run: is not JSON", [&] {
          (void)run_from_json(json.substr(0, size));
        }))
      FAIL(json.substr(0, size));
  for (const auto* text : {"null", "[]", "1", "\"x\"", "{}"})
    CHECK(fails_with(ErrorKind::invalid_argument, "the run: ", [&] { (void)run_from_json(text); }));
}
