// The scripted server in the form of OpenAI's Responses: what it takes and sends.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "error_of.hpp"
#include "on_loop.hpp"
#include "shared_data.hpp"
#include "support/raw_http.hpp"
#include "test.hpp"
#include "testing/requests.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace asyncllm;
using nlohmann::json;
using testing::Answer;
using testing::ScriptedServer;

namespace {

// The data of the events of a stream.
std::vector<json> events_of(std::string_view body)
{
  std::vector<json> events;
  constexpr std::string_view begin = "\ndata: ";
  for (auto at = body.find(begin); at != body.npos; at = body.find(begin, at + 1)) {
    const auto from = at + begin.size();
    events.push_back(json::parse(body.substr(from, body.find('\n', from) - from)));
  }
  return events;
}

std::vector<std::string> types_of(const std::vector<json>& events)
{
  std::vector<std::string> types;
  for (const auto& event : events)
    types.push_back(event["type"].get<std::string>().substr(std::string("response.").size()));
  return types;
}

json answer_to(const Answer& answer, const json& request)
{
  testing::Script script;
  script.always(answer);
  const auto response = testing::asked(script, support::post("/v1/responses", request.dump()));
  CHECK(response.status == 200);
  if (!request.value("stream", false))
    return json::parse(response.body);
  const auto events = events_of(response.body);
  REQUIRE_FALSE(events.empty());
  for (std::size_t i = 0; i < events.size(); ++i)
    CHECK(events[i]["sequence_number"] == i);
  return events.back()["response"];
}

}  // namespace

TEST_CASE("a scripted response is whole, or a stream of numbered events", "[testing]")
{
  const json request{{"model", "m"}, {"input", "x"}};
  const auto whole = answer_to(Answer::text("Hi there").usage(7, 2), request);
  CHECK(whole["object"] == "response");
  CHECK(whole["status"] == "completed");
  CHECK(whole["output"][0]["content"][0]["text"] == "Hi there");
  CHECK(whole["usage"]["input_tokens"] == 7);
  const auto cut = answer_to(Answer::text("Hi").finish_reason("max_output_tokens"), request);
  CHECK(cut["status"] == "incomplete");
  CHECK(cut["incomplete_details"]["reason"] == "max_output_tokens");

  auto for_stream = request;
  for_stream["stream"] = true;
  testing::Script script;
  script.always(Answer::text("Hi there").and_tool_call("f", R"({"a":1})"));
  const auto body = testing::asked(script, support::post("/v1/responses", for_stream.dump())).body;
  const auto events = events_of(body);
  CHECK(
      types_of(events) == std::vector<std::string>{
                              "created",
                              "in_progress",
                              "output_item.added",
                              "content_part.added",
                              "output_text.delta",
                              "output_text.delta",
                              "output_text.done",
                              "content_part.done",
                              "output_item.done",
                              "output_item.added",
                              "function_call_arguments.delta",
                              "function_call_arguments.delta",
                              "function_call_arguments.done",
                              "output_item.done",
                              "completed"});
  for (std::size_t i = 0; i < events.size(); ++i)
    CHECK(events[i]["sequence_number"] == i);
  CHECK(events.back()["response"]["output"].size() == 2);
}

TEST_CASE("the scripted server says what is wrong with a request for a response", "[testing]")
{
  testing::Script script;
  const auto complaint = [&](const char* body) {
    const auto response = testing::asked(script, support::post("/v1/responses", body));
    CHECK(response.status == 400);
    return json::parse(response.body)["error"]["message"].get<std::string>();
  };
  CHECK(complaint(R"({"input":"x"})") == "model is required");
  CHECK(complaint(R"({"model":"m"})") == "input is required");
  CHECK(complaint(R"({"model":"m","input":1})") == "input must be a string or an array");
  CHECK(complaint(R"({"model":"m","input":[{}]})").starts_with("every item of the input"));
}

TEST_CASE("a conversation with a tool, by a scripted server's responses", "[testing]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    const Client client(ClientOptions("openai-responses").base_url(server.url() + "/v1"));
    for (const bool is_streamed : {false, true}) {
      server.push(Answer::text("Let me look.").and_tool_call("look", "{}"));
      server.push(Answer::text("It is red."));
      auto options =
          RequestOptions().tool(ToolDefinition("look", "Looks.")).wire_streaming(is_streamed);
      auto messages = Messages().system("Be brief.").user("Which colour?");
      auto first = client.chat("m", messages, options);
      const auto call = co_await std::move(first);
      REQUIRE(call.tool_calls.size() == 1);
      messages.add(Message::assistant(call));
      messages.add(Message::tool(call.tool_calls[0].id, "look", "red"));
      auto second = client.chat("m", messages, options);
      const auto reply = co_await std::move(second);
      CHECK(reply.text == "It is red.");
      CHECK(reply.finish_reason == FinishReason::stop);
      const auto sent = json::parse(server.bodies().back());
      CHECK(sent["instructions"] == "Be brief.");
      CHECK(sent["store"] == false);
      REQUIRE(sent["input"].size() == 4);
      CHECK(sent["input"][1]["content"][0]["text"] == "Let me look.");
      CHECK(sent["input"][2]["call_id"] == call.tool_calls[0].id);
      CHECK(sent["input"][3]["output"] == "red");
    }
    server.stop();
  });
}

TEST_CASE("reasoning that the server can no longer read is left out of the request", "[testing]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.when([](std::string_view, const json& body) {
      const bool has_reasoning =
          body["input"].dump().find("encrypted_content") != std::string::npos;
      const char* const refusal =
          R"({"error":{"code":"invalid_encrypted_content","message":"not verified"}})";
      return has_reasoning ? Answer::status(400, refusal, "application/json") : Answer::text("Hi");
    });
    auto turn = Message::assistant("x");
    turn.with_native(NativeTurn(
        "responses",
        R"([{"type":"reasoning","summary":[],"encrypted_content":"g"},)"
        R"({"type":"message","id":"i","role":"assistant","content":"x"}])"));
    const auto messages = Messages().user("U").add(turn).user("V");
    const Client client(ClientOptions("openai-responses").base_url(server.url() + "/v1"));
    for (const bool is_streamed : {false, true}) {
      auto options = RequestOptions().wire_streaming(is_streamed);
      auto chat = client.chat("m", messages, std::move(options));
      const auto reply = co_await std::move(chat);
      CHECK(reply.text == "Hi");
      CHECK(reply.attempts == 2);
      const auto sent = json::parse(server.bodies().back());
      CHECK(sent["stream"] == is_streamed);
      CHECK(
          sent["input"][1] ==
          json::parse(R"({"type":"message","role":"assistant","content":"x"})"));
    }
    server.stop();
  });
}

TEST_CASE("the scripted server answers the forms of the Open Responses' own tests", "[testing]")
{
  const auto file = support::shared_data("responses/compliance_requests.json");
  if (!file)
    return;
  int answered = 0;
  const auto cases = json::parse(support::read_file(*file))["cases"];
  json with_tools;
  for (const auto& one : cases) {
    auto body = one["body"];
    if (body.is_string())
      body = with_tools;  // as the case before
    const bool has_tools = body.contains("tools");
    if (has_tools)
      with_tools = body;
    body["model"] = "m";
    body["stream"] = one["stream"];
    const auto answer = has_tools ? Answer::tool_call("get_weather", R"({"location":"here"})")
                                  : Answer::text("one two three");
    const auto response = answer_to(answer, body);
    INFO(one["id"].get<std::string>());
    CHECK(response["status"] == "completed");
    REQUIRE(response["output"].size() == 1);
    CHECK(response["output"][0]["type"] == (has_tools ? "function_call" : "message"));
    ++answered;
  }
  CHECK(answered == 7);
}
