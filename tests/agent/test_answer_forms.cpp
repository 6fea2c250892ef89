// The ways to make a model answer in the form of a type, on hosts that refuse some of them.
#include <asyncllm/agent/ask.hpp>
#include <asyncllm/agent/conversation_ask.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/impl/agent/answer_form.hpp>

#include "error_of.hpp"
#include "served.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace asyncllm;
using support::says;
using support::Served;
using testing::Answer;
using FormJson = nlohmann::json;

namespace {

struct Home {
  std::string city;
  int days = 0;
  bool operator==(const Home&) const = default;
};
ASYNCLLM_DESCRIBE(Home, city, days)

const std::string oslo = R"({"city":"Oslo","days":3})";
const std::string town_schema = schema::json_schema<Home>();

LlmAgent asker(const Served& served, const std::string& provider = "openai")
{
  return LlmAgent::builder("a", served.server.spec(provider, "m")).with_api_key("k").build();
}

FormJson sent(Served& served, std::size_t number)
{
  return FormJson::parse(served.server.bodies().at(number));
}

std::string last_text(const FormJson& body)
{
  return body["messages"].back()["content"].get<std::string>();
}

Answer refusal(const std::string& words)
{
  return Answer::status(400, R"({"error":{"message":")" + words + R"("}})");
}

}  // namespace

TEST_CASE("the answer as the arguments of a tool that the model must call", "[agent]")
{
  Served served;
  served.server.always(Answer::text("").and_tool_call("answer", oslo));
  const auto options = AskOptions().form(AnswerForm::tool);
  for (const auto* provider : {"openai", "anthropic", "openai-responses"}) {
    INFO(provider);
    CHECK(
        served.run(asker(served, provider).ask_async<Home>("Where?", options)) == Home{"Oslo", 3});
  }
  const auto body = sent(served, 0);
  CHECK_FALSE(body.contains("response_format"));
  CHECK(last_text(body) == "Where?");
  CHECK(body["tools"].size() == 1);
  CHECK(body["tools"][0]["function"]["name"] == "answer");
  CHECK(body["tools"][0]["function"]["parameters"] == FormJson::parse(town_schema));
  CHECK(body["tool_choice"]["function"]["name"] == "answer");
  CHECK(sent(served, 1)["tool_choice"] == FormJson::parse(R"({"type":"tool","name":"answer"})"));
}

TEST_CASE("a call whose arguments do not have the form gets its result", "[agent]")
{
  Served served;
  served.server.push(Answer::text("").and_tool_call("answer", R"({"city":"Oslo"})"));
  served.server.push(Answer::text("").and_tool_call("answer", oslo));
  const auto options = AskOptions().form(AnswerForm::tool);
  const auto answer = served.run(asker(served).ask_reply_async<Home>("Where?", options));
  CHECK(answer.value == Home{"Oslo", 3});
  CHECK(answer.tries == 2);
  const auto messages = sent(served, 1)["messages"];
  REQUIRE(messages.size() == 3);
  CHECK(messages[1]["tool_calls"][0]["id"] == messages[2]["tool_call_id"]);
  CHECK(messages[2]["role"] == "tool");
  CHECK(messages[2]["content"].get<std::string>().find("$.days is missing") != std::string::npos);
}

TEST_CASE("a model that answers in words although it must call the tool", "[agent]")
{
  Served served;
  served.server.always(Answer::text("```\n" + oslo + "\n```"));
  const auto options = AskOptions().form(AnswerForm::tool);
  CHECK(served.run(asker(served).ask_async<Home>("Where?", options)) == Home{"Oslo", 3});
}

TEST_CASE("JSON mode has the schema in the question", "[agent]")
{
  Served served;
  served.server.always(Answer::text(oslo));
  const auto options = AskOptions().form(AnswerForm::json);
  const auto ask = [&](const std::string& provider, std::size_t number) {
    CHECK(
        served.run(asker(served, provider).ask_async<Home>("Where?", options)) == Home{"Oslo", 3});
    return sent(served, number);
  };
  const auto openai = ask("openai", 0);
  CHECK(openai["response_format"] == FormJson::parse(R"({"type":"json_object"})"));
  CHECK(last_text(openai).starts_with("Where?\n"));
  CHECK(last_text(openai).ends_with(town_schema));
  CHECK(ask("ollama", 1)["format"] == "json");
  CHECK(ask("openai-responses", 2)["text"]["format"]["type"] == "json_object");
  const auto error = served.error_of(asker(served, "anthropic").ask_async<Home>("Where?", options));
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::unsupported);
}

TEST_CASE("the question alone", "[agent]")
{
  Served served;
  served.server.always(Answer::text("Here: " + oslo));
  const auto options = AskOptions().form(AnswerForm::prompt);
  CHECK(served.run(asker(served).ask_async<Home>("Where?", options)) == Home{"Oslo", 3});
  CHECK_FALSE(sent(served, 0).contains("response_format"));
  CHECK(last_text(sent(served, 0)).ends_with(town_schema));
}

TEST_CASE("a form that the server refuses is replaced, and remembered", "[agent]")
{
  Served served;
  served.server.push(refusal("This model does not support response format `json_schema`."));
  served.server.push(refusal("tools are not supported by this model"));
  served.server.push(refusal("'response_format.type' must be 'text'"));
  served.server.always(Answer::text(oslo));
  const auto agent = asker(served);
  CHECK(served.run(agent.ask_async<Home>("Where?")) == Home{"Oslo", 3});
  CHECK(sent(served, 0)["response_format"]["type"] == "json_schema");
  CHECK(sent(served, 1).contains("tools"));
  CHECK(sent(served, 2)["response_format"]["type"] == "json_object");
  CHECK_FALSE(sent(served, 3).contains("response_format"));
  CHECK(served.run(agent.ask_async<Home>("And where?")) == Home{"Oslo", 3});
  CHECK(served.server.stats().requests == 5);
}

TEST_CASE("other errors, and forms that the caller set, are final", "[agent]")
{
  Served served;
  served.server.push(refusal("the message is too rude"));
  const auto rude = served.error_of(asker(served).ask_async<Home>("Where?"));
  CHECK(says(rude, "too rude"));
  served.server.push(Answer::status(401, R"({"error":{"message":"json_schema: no key"}})"));
  const auto unknown = served.error_of(asker(served).ask_async<Home>("Where?"));
  REQUIRE(unknown);
  CHECK(unknown->kind() == ErrorKind::authentication);
  served.server.push(refusal("no json_schema here"));
  const auto options = AskOptions().form(AnswerForm::schema);
  CHECK(says(served.error_of(asker(served).ask_async<Home>("Where?", options)), "no json_schema"));
  CHECK(served.server.stats().requests == 3);
}

TEST_CASE("Ollama cannot be forced to call a tool: the next form is JSON mode", "[agent]")
{
  Served served;
  served.server.push(Answer::status(400, R"({"error":"failed to parse grammar"})"));
  served.server.always(Answer::text(oslo));
  CHECK(served.run(asker(served, "ollama").ask_async<Home>("Where?")) == Home{"Oslo", 3});
  CHECK(sent(served, 1)["format"] == "json");
  CHECK(served.server.stats().requests == 2);
}

TEST_CASE("a host without schemas begins with JSON mode", "[agent]")
{
  Served served;
  served.server.always(Answer::text(oslo));
  const auto agent = LlmAgent::builder("a", "deepseek::m")
                         .with_base_url(served.server.url() + "/v1")
                         .with_api_key("k")
                         .build();
  CHECK(agent.client().schema_support() == SchemaSupport::none);
  CHECK(served.run(agent.ask_async<Home>("Where?")) == Home{"Oslo", 3});
  CHECK(sent(served, 0)["response_format"]["type"] == "json_object");
}

TEST_CASE("a form is refused by the words of servers", "[agent]")
{
  using detail::next_form;
  const auto next = [](AnswerForm form, ErrorKind kind, const std::string& words) {
    return next_form(form, Error(kind, "the request is wrong").with_server_message(words));
  };
  constexpr auto bad = ErrorKind::bad_request;
  CHECK(next(AnswerForm::schema, bad, "Invalid parameter: 'RESPONSE_FORMAT'") == AnswerForm::tool);
  CHECK(next(AnswerForm::schema, bad, "The compiled grammar is too large") == AnswerForm::tool);
  CHECK(next(AnswerForm::tool, bad, "tool_choice: forced") == AnswerForm::json);
  CHECK(next(AnswerForm::json, ErrorKind::unsupported, "no JSON mode") == AnswerForm::prompt);
  CHECK_FALSE(next(AnswerForm::prompt, bad, "response_format"));
  CHECK_FALSE(next(AnswerForm::schema, ErrorKind::server_error, "json_schema"));
  CHECK_FALSE(next(AnswerForm::schema, bad, "temperature"));
}

TEST_CASE("many agents' calls find the form at once", "[agent]")
{
  Served served;
  served.server.when([](std::string_view, const FormJson& body) {
    return body.contains("response_format") ? refusal("no response_format")
                                            : Answer::text("").and_tool_call("answer", oslo);
  });
  const auto agent = asker(served);
  std::vector<asio::awaitable<Home>> tasks;
  for (int i = 0; i < 50; ++i)
    tasks.push_back(agent.ask_async<Home>("Where?"));
  for (const auto& town : served.run(gather(std::move(tasks))))
    CHECK(town == Home{"Oslo", 3});
}

TEST_CASE("a typed answer in a conversation is a turn of it", "[agent]")
{
  Served served;
  served.server.push(Answer::text("Hello, Ann.").usage(5, 3));
  served.server.push(Answer::text("Oslo!").usage(20, 2));
  served.server.push(Answer::text(oslo).usage(40, 8));
  served.server.push(Answer::text("Bye.").usage(50, 2));
  Conversation chat(asker(served));
  served.run(chat.send("I am Ann."));
  CHECK(served.run(chat.ask_async<Home>("Where do I live?")) == Home{"Oslo", 3});
  CHECK(chat.messages().size() == 4);
  CHECK(chat.usage().input_tokens == 65);
  served.run(chat.send("Bye."));
  const auto messages = sent(served, 3)["messages"];
  REQUIRE(messages.size() == 5);
  CHECK(messages[2]["content"] == "Where do I live?");
  CHECK(messages[3]["content"] == oslo);
}

TEST_CASE("a typed answer that fails leaves the conversation as it was", "[agent]")
{
  Served served;
  served.server.push(Answer::text("Hello, Ann."));
  served.server.push(Answer::text("Oslo!"));
  served.server.push(Answer::text("Oslo!!"));
  served.server.push(Answer::text("").and_tool_call("answer", oslo));
  served.server.always(Answer::text("Bye."));
  Conversation chat(asker(served));
  served.run(chat.send("I am Ann."));
  const auto error = served.error_of(chat.ask_async<Home>("Where do I live?"));
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::invalid_output);
  CHECK(chat.messages().size() == 2);
  const auto options = AskOptions().form(AnswerForm::tool);
  CHECK(served.run(chat.ask_async<Home>("Where do I live?", options)) == Home{"Oslo", 3});
  served.run(chat.send("Bye."));
  const auto messages = sent(served, 4)["messages"];
  REQUIRE(messages.size() == 5);
  CHECK(
      messages[3] == FormJson::parse(
                         R"({"role":"assistant","content":")" +
                         std::string(R"({\"city\":\"Oslo\",\"days\":3})") + R"("})"));
}

namespace {

enum class Tone { calm, loud };
ASYNCLLM_DESCRIBE_ENUM(Tone, calm, loud)

struct Verse {
  std::optional<Tone> tone;
  std::map<std::string, int> counts;
  std::vector<Home> homes;
};
ASYNCLLM_DESCRIBE(Verse, (tone, "Calm if nothing is said"), counts, homes)

struct Branch {
  std::vector<Branch> branches;
};
ASYNCLLM_DESCRIBE(Branch, branches)

// Where each API takes the schema of an answer.
const std::pair<const char*, const char*> schema_places[] = {
    {"openai", "/response_format/json_schema/schema"},
    {"openai-responses", "/text/format/schema"},
    {"anthropic", "/output_config/format/schema"},
    {"ollama", "/format"}};

template <class T>
void check_schema(const std::string& answer)
{
  for (const auto& [provider, place] : schema_places) {
    INFO(provider << ' ' << answer);
    Served served;
    served.server.always(Answer::text(answer));
    (void)served.run(asker(served, provider).template ask_async<T>("Which?"));
    const auto schema = sent(served, 0).at(FormJson::json_pointer(place));
    CHECK(schema == FormJson::parse(schema::json_schema<detail::Root<T>>()));
    CHECK(schema["type"] == "object");
    CHECK(schema["additionalProperties"] == false);
  }
}

}  // namespace

TEST_CASE("each API gets the schema of each kind of type where it takes it", "[agent]")
{
  check_schema<Home>(oslo);
  check_schema<Verse>(R"({"tone":"loud","counts":{"a":1},"homes":[]})");
  check_schema<Branch>(R"({"branches":[{"branches":[]}]})");
  check_schema<std::vector<Home>>(R"({"value":[]})");
  check_schema<Tone>(R"({"value":"calm"})");
  check_schema<std::variant<int, std::string>>(R"({"value":"x"})");
}
