// Typed answers.
#include <asyncllm/agent/ask.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/impl/agent/json_in_text.hpp>
#include <asyncllm/schema/to_json.hpp>

#include "error_of.hpp"
#include "served.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace asyncllm;
using support::says;
using support::Served;
using testing::Answer;
using Json = nlohmann::json;

namespace {

struct Place {
  std::string city;
  int days = 0;
  bool operator==(const Place&) const = default;
};
ASYNCLLM_DESCRIBE(Place, (city, "City and country"), days)

const std::string rome = R"({"city":"Rome","days":2})";

LlmAgent agent_of(const Served& served, const std::string& provider = "openai")
{
  return LlmAgent::builder("a", served.server.spec(provider, "m")).with_system_prompt("S").build();
}

Json body_of(Served& served, std::size_t number)
{
  return Json::parse(served.server.bodies().at(number));
}

}  // namespace

TEST_CASE("an answer is read as the type that was asked for", "[agent]")
{
  Served served;
  served.server.always(Answer::text(rome).usage(7, 3));
  const auto agent = agent_of(served);
  CHECK(served.run(agent.ask_async<Place>("Where?")) == Place{"Rome", 2});
  const auto body = body_of(served, 0);
  CHECK(
      body["response_format"]["json_schema"]["schema"] ==
      Json::parse(schema::json_schema<Place>()));
  CHECK(body["messages"].size() == 2);
  CHECK(body["messages"][1]["content"] == "Where?");

  const auto options = AskOptions().request(RequestOptions().temperature(0.5));
  const auto answer = served.run(agent.ask_reply_async<Place>("Where?", options));
  CHECK(answer.value == Place{"Rome", 2});
  CHECK(answer.tries == 1);
  CHECK(answer.reply.text == rome);
  CHECK(answer.usage.input_tokens == 7);
  CHECK(body_of(served, 1)["temperature"] == 0.5);
}

TEST_CASE("a type that is no object is asked for within one", "[agent]")
{
  Served served;
  served.server.always(Answer::text(R"({"value":[1,2]})"));
  const auto agent = agent_of(served);
  CHECK(served.run(agent.ask_async<std::vector<int>>("Which?")) == std::vector<int>{1, 2});
  const auto schema = body_of(served, 0)["response_format"]["json_schema"]["schema"];
  CHECK(schema["type"] == "object");
  CHECK(schema["properties"]["value"]["type"] == "array");
}

TEST_CASE("fences and words around the JSON are ignored", "[agent]")
{
  using detail::json_object_in;
  CHECK(json_object_in(" {\"a\":1}\n") == R"({"a":1})");
  CHECK(json_object_in("```json\n{\"a\":1}\n```") == R"({"a":1})");
  CHECK(json_object_in("Here {you} are: {\"a\":\"}{\\\"\"} Enjoy {it}!") == R"({"a":"}{\""})");
  CHECK(json_object_in("[1]") == "[1]");
  const auto refused = [](std::string_view text, std::string_view words) {
    return support::fails_with(ErrorKind::invalid_output, words, [&] { json_object_in(text); });
  };
  CHECK(refused("", "not JSON"));
  CHECK(refused("no braces", "not JSON"));
  CHECK(refused("{\"a\":1,}", "not JSON"));
  CHECK(refused("{\"a\":1", "not JSON"));
  CHECK(refused("{\"a\":1} {\"b\":2}", "more than one"));
  CHECK(refused(std::string(1 << 20, '{'), "not JSON"));
}

TEST_CASE("an answer without the form goes back to the model once, with what is wrong", "[agent]")
{
  Served served;
  served.server.push(Answer::text(R"({"city":"Rome"})").usage(7, 3));
  served.server.push(Answer::text("```\n" + rome + "\n```").usage(20, 5));
  const auto answer = served.run(agent_of(served).ask_reply_async<Place>("Where?"));
  CHECK(answer.value == Place{"Rome", 2});
  CHECK(answer.tries == 2);
  CHECK(answer.usage.input_tokens == 27);
  CHECK(answer.usage.output_tokens == 8);
  const auto messages = body_of(served, 1)["messages"];
  REQUIRE(messages.size() == 4);
  CHECK(messages[2]["content"] == R"({"city":"Rome"})");
  CHECK(messages[3]["content"].get<std::string>().find("$.days is missing") != std::string::npos);
}

TEST_CASE("a second answer without the form is an error that has both", "[agent]")
{
  Served served;
  served.server.push(Answer::text("Rome").usage(7, 3));
  served.server.push(Answer::text(R"({"city":"Rome","days":"two"})").usage(20, 5));
  const auto error = served.error_of(agent_of(served).ask_async<Place>("Where?"));
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::invalid_output);
  CHECK(says(error, "$.days: expected an integer, got \"two\""));
  CHECK(says(error, "before that: the text is not JSON"));
  CHECK(error->partial_text() == R"({"city":"Rome","days":"two"})");
  CHECK(error->input_tokens() == 27);
  CHECK(error->output_tokens() == 8);
  CHECK(served.server.stats().requests == 2);

  served.server.push(Answer::text("Rome"));
  const auto once = AskOptions().max_reasks(0);
  CHECK(says(served.error_of(agent_of(served).ask_async<Place>("Where?", once)), "not JSON"));
  CHECK(served.server.stats().requests == 3);
}

TEST_CASE("an answer that a limit cut or the model refused is not read", "[agent]")
{
  Served served;
  const auto kind_for = [&](const std::string& reason, const std::string& text) {
    served.server.push(Answer::text(text).finish_reason(reason).usage(7, 3));
    const auto error = served.error_of(agent_of(served).ask_async<Place>("Where?"));
    REQUIRE(error);
    CHECK(error->partial_text() == text);
    CHECK(error->output_tokens() == 3);
    return error->kind();
  };
  CHECK(kind_for("length", rome) == ErrorKind::cut_off);
  CHECK(kind_for("length", "") == ErrorKind::cut_off);
  CHECK(kind_for("content_filter", rome) == ErrorKind::content_filtered);
  served.server.push(Answer::status(
      200, R"({"choices":[{"message":{"content":null,"refusal":"No."},"finish_reason":"stop"}]})"));
  const auto refused = served.error_of(agent_of(served).ask_async<Place>("Where?"));
  REQUIRE(refused);
  CHECK(refused->kind() == ErrorKind::refused);
  CHECK(says(refused, "No."));
  CHECK(served.server.stats().requests == 4);
}

TEST_CASE("no beginning of an answer is taken for all of it", "[agent]")
{
  Served served;
  const auto agent = agent_of(served);
  const auto once = AskOptions().max_reasks(0);
  for (std::size_t size = 0; size < rome.size(); ++size) {
    served.server.push(Answer::text(rome.substr(0, size)));
    const auto error = served.error_of(agent.ask_async<Place>("Where?", once));
    INFO(rome.substr(0, size));
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::invalid_output);
  }
}

TEST_CASE("Ollama gets the schema in the question too", "[agent]")
{
  Served served;
  served.server.always(Answer::text(rome));
  const auto agent = agent_of(served, "ollama");
  served.run(agent.ask_async<Place>("Where?"));
  const auto body = body_of(served, 0);
  CHECK(body["format"] == Json::parse(schema::json_schema<Place>()));
  const auto question = body["messages"][1]["content"].get<std::string>();
  CHECK(question.starts_with("Where?\n"));
  CHECK(question.ends_with(schema::json_schema<Place>()));
  served.run(agent.ask_async<Place>("Where?", AskOptions().repeat_schema(false)));
  CHECK(body_of(served, 1)["messages"][1]["content"] == "Where?");
}

TEST_CASE("two hundred answers are asked for at once, each is its own", "[agent]")
{
  Served served;
  served.server.when([](std::string_view, const Json& body) {
    const auto question = body["messages"].back()["content"].get<std::string>();
    return Answer::text(schema::to_json(Place{question, static_cast<int>(question.size())}));
  });
  std::vector<asio::awaitable<Place>> tasks;
  for (int i = 0; i < 200; ++i)
    tasks.push_back(agent_of(served).ask_async<Place>(std::to_string(i)));
  const auto places = served.run(gather(std::move(tasks)));
  REQUIRE(places.size() == 200);
  for (int i = 0; i < 200; ++i)
    CHECK(places[static_cast<std::size_t>(i)].city == std::to_string(i));
}
