// Conversations: what is sent, what is committed, what a failure leaves, saving and loading.
#include <asyncllm/agent/conversation.hpp>
#include <asyncllm/concurrency/timeout.hpp>

#include "error_of.hpp"
#include "served.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
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
using testing::Fault;
using testing::Phase;

namespace {

LlmAgent talker(const Served& served, bool has_tool = false, const std::string& provider = "openai")
{
  auto builder = LlmAgent::builder("a", served.server.spec(provider, "m"));
  builder.with_system_prompt("S").with_options(
      RequestOptions().retries(RetryPolicy().max_retries(0)));
  if (has_tool)
    builder.with_tool(Tool("f", "", [] { return "result"; }));
  return builder.build();
}

nlohmann::json sent_messages(Served& served, std::size_t number)
{
  return nlohmann::json::parse(served.server.bodies().at(number))["messages"];
}

asio::awaitable<std::string> read_all(ConversationStream& stream)
{
  std::string text;
  while (const auto delta = co_await stream.next())
    text += delta->text;
  co_return text;
}

std::string error_for(std::string json)
{
  const auto error = support::error_of([&] { messages_from_json(json); });
  return error ? std::string(error->message()) : "none";
}

}  // namespace

TEST_CASE("each question goes with all turns before it", "[agent]")
{
  Served served;
  served.server.push(Answer::text("Hello Ann.").usage(10, 4));
  served.server.push(Answer::text("Ann.").usage(30, 2));
  Conversation chat(talker(served));
  CHECK(served.run(chat.send("I am Ann.")).text == "Hello Ann.");
  CHECK(chat.estimated_tokens() == 14);
  CHECK(served.run(chat.send("Who am I?")).text == "Ann.");
  CHECK(chat.estimated_tokens() == 32);
  CHECK(chat.messages().size() == 4);
  CHECK(chat.usage().input_tokens == 40);
  const auto messages = sent_messages(served, 1);
  REQUIRE(messages.size() == 4);
  CHECK(messages[0]["content"] == "S");
  CHECK(messages[2]["content"] == "Hello Ann.");
  CHECK(messages[3]["content"] == "Who am I?");
}

TEST_CASE("a streamed turn is committed when it is complete", "[agent]")
{
  Served served;
  served.server.always(Answer::text("one two three"));
  Conversation chat(talker(served));
  auto stream = chat.stream("Q");
  CHECK(chat.messages().empty());
  CHECK(served.run(read_all(stream)) == "one two three");
  CHECK(chat.messages().size() == 2);
  CHECK(stream.reply().text == "one two three");
  {
    auto left = chat.stream("Q2");
    served.run(left.next());
    CHECK_THROWS_AS(served.run(chat.send("at once")), std::logic_error);
    CHECK_THROWS_AS(chat.undo(), std::logic_error);
  }
  CHECK(chat.messages().size() == 2);
  CHECK(served.run(chat.send("Q3")).text == "one two three");
  CHECK(chat.messages().size() == 4);
}

TEST_CASE("an agent's tools are part of the turn", "[agent]")
{
  for (const bool is_streamed : {false, true}) {
    Served served;
    served.server.push(Answer::tool_call("f", "{}")).push(Answer::text("end"));
    served.server.push(Answer::text("more"));
    Conversation chat(talker(served, true));
    if (is_streamed) {
      auto stream = chat.stream("Q");
      CHECK(served.run(read_all(stream)) == "end");
    } else {
      CHECK(served.run(chat.send("Q")).text == "end");
    }
    CHECK(chat.messages().size() == 4);
    served.run(chat.send("Q2"));
    CHECK(sent_messages(served, 2).size() == 6);
    CHECK(chat.undo());
    CHECK(chat.undo());
    CHECK(chat.messages().empty());
  }
}

TEST_CASE("a turn that fails leaves the history as it was, and another can follow", "[agent]")
{
  for (const bool is_streamed : {false, true})
    for (const auto& failure :
         {Answer::status(500), Answer::text("a long answer").fault(Fault::reset(Phase::piece))}) {
      Served served;
      served.server.push(Answer::text("one"));
      served.server.push(Answer::tool_call("f", "{}"));
      served.server.push(failure);
      served.server.push(Answer::text("two"));
      Conversation chat(talker(served, true));
      served.run(chat.send("Q1"));
      const auto before = chat.to_json();
      if (is_streamed) {
        auto stream = chat.stream("Q2");
        const auto error = served.error_of(read_all(stream));
        REQUIRE(error);
        // Again, and not as if the turn were complete.
        CHECK(served.error_of(stream.next())->kind() == error->kind());
      } else {
        CHECK(served.error_of(chat.send("Q2")));
      }
      CHECK(chat.to_json() == before);
      CHECK(served.run(chat.send("Q3")).text == "two");
      CHECK(chat.messages().size() == 4);
    }
}

TEST_CASE("a cancelled turn leaves the history as it was", "[agent]")
{
  Served served;
  served.server.push(Answer::text("x").after(1h)).push(Answer::text("two"));
  Conversation chat(talker(served));
  auto limited = with_timeout(chat.send("Q"), 30ms);
  CHECK(served.error_of(std::move(limited))->kind() == ErrorKind::timeout);
  CHECK(chat.messages().empty());
  CHECK(served.run(chat.send("Q2")).text == "two");
}

TEST_CASE("a copy is a branch, also while a turn runs", "[agent]")
{
  Served served;
  served.server.always(Answer::text("x"));
  Conversation chat(talker(served));
  served.run(chat.send("Q1"));
  auto stream = chat.stream("Q2");
  served.run(stream.next());
  Conversation branch = chat;
  served.run(branch.send("other"));
  CHECK(branch.messages().size() == 4);
  CHECK(chat.messages().size() == 2);
  served.run(read_all(stream));
  CHECK(chat.messages().size() == 4);
  branch = chat;
  CHECK(branch.to_json() == chat.to_json());
}

TEST_CASE("a call that waits for an approval is an error, with the run", "[agent]")
{
  Served served;
  served.server.push(Answer::tool_call("f", "{}")).push(Answer::text("end"));
  auto builder = LlmAgent::builder("a", served.server.spec("openai", "m"));
  builder.with_tool(Tool("f", "", [] {}).needs_approval(true));
  const auto agent = builder.build();
  Conversation chat(agent);
  std::optional<Run> waiting;
  try {
    served.run(chat.send("Q"));
  } catch (const RunError& error) {
    CHECK(error.kind() == ErrorKind::unsupported);
    waiting = error.run();
  }
  CHECK(chat.messages().empty());
  REQUIRE(waiting);
  std::vector<Approval> decisions = {Approval::yes()};
  CHECK(served.run(agent.resume_async(*waiting, std::move(decisions))).reply.text == "end");
}

TEST_CASE("a conversation is saved and loaded with all its parts", "[agent]")
{
  Messages messages;
  messages.system("S").add(
      Message::user("look").with_image("\x01\x02\xff", "image/png").with_text("and"));
  messages.add(Message::assistant("", {{"id1", "f", "{\"a\":1}", "{\"x\":2}"}})
                   .with_reasoning("because", "[1]")
                   .with_native({"anthropic", "[{}]"}));
  messages.add(Message::tool("id1", "f", "result"));
  messages.add(Message::assistant("end").with_extra("{\"name\":\"Ann\"}"));
  messages.add(Message::user("url")
                   .with_image_url("https://example.org/x.png")
                   .with_document("%PDF-", "application/pdf", "report.pdf")
                   .with_document_url("https://example.org/x.pdf")
                   .with_audio("sound", "audio/ogg"));
  const auto json = messages_to_json(messages);
  const auto loaded = messages_from_json(json);
  CHECK(messages_to_json(loaded) == json);
  std::vector<Message> list(loaded.begin(), loaded.end());
  REQUIRE(list.size() == 6);
  CHECK(std::get<Image>(list[1].parts().at(0)).bytes == "\x01\x02\xff");
  CHECK(list[2].tool_calls().at(0).extra == "{\"x\":2}");
  CHECK(list[2].native().wire == "anthropic");
  CHECK(list[2].reasoning() == "because");
  CHECK(list[3].tool_name() == "f");
  const auto& media = list[5].parts();
  CHECK(std::get<Document>(media.at(1)).bytes == "%PDF-");
  CHECK(std::get<Document>(media.at(1)).name == "report.pdf");
  CHECK(std::get<Document>(media.at(2)).url == "https://example.org/x.pdf");
  CHECK(std::get<Audio>(media.at(3)).mime_type == "audio/ogg");

  Served served;
  served.server.always(Answer::text("x"));
  messages = messages_from_json(json);
  auto plain = Messages();
  for (const auto& message : messages)
    if (message.text() != "url")
      plain.add(message);
  auto chat = Conversation::from_json(talker(served), messages_to_json(plain));
  served.run(chat.send("Q"));
  CHECK(sent_messages(served, 0).size() == 7);
}

TEST_CASE("parts without their content are refused", "[agent]")
{
  const auto refused = [](const std::string& part, const std::string& words) {
    const auto json = R"([{"role":"user","content":[)" + part + "]}]";
    return support::fails_with(
        ErrorKind::invalid_argument, words, [&] { (void)messages_from_json(json); });
  };
  CHECK(refused(R"({"type":"image_url","image_url":5})", "messages[0]: an image has no URL"));
  CHECK(refused(R"({"type":"image_url","image_url":{"url":"data:a;base64,!"}})", "not base64"));
  CHECK(refused(R"({"type":"file","file":{}})", "a document has no data"));
  CHECK(refused(R"({"type":"input_audio","input_audio":[]})", "a recording has no data"));
  CHECK(refused(R"({"type":"input_audio","input_audio":{"data":"!"}})", "not base64"));
  CHECK(refused("5", "a part of the type \"\" is unknown"));
}

TEST_CASE("a bare array of OpenAI's API is loaded", "[agent]")
{
  const auto messages = messages_from_json(R"([
    {"role":"user","content":[{"type":"text","text":"hi"}]},
    {"role":"assistant","content":null,
     "tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"1","content":"r"}])");
  CHECK(messages.size() == 3);
}

TEST_CASE("messages that cannot be sent are refused, by their number", "[agent]")
{
  CHECK(error_for("") == "the messages are not JSON");
  CHECK(error_for("{}") == "the messages are no JSON array");
  CHECK(error_for("[{\"role\":\"user\",\"content\":\"x\"}") == "the messages are not JSON");
  CHECK(error_for("[1]") == "messages[0]: is no object");
  CHECK(error_for(R"([{"content":"x"}])") == "messages[0]: has no role");
  CHECK(error_for(R"([{"role":"boss"}])") == "messages[0]: the role \"boss\" is unknown");
  CHECK(error_for(R"([{"role":"user","content":5}])").find("neither") != std::string::npos);
  CHECK(error_for(R"([{"role":5}])") == "messages[0]: role is no text");
  CHECK(
      error_for(R"([{"role":"user"},{"role":"tool","tool_call_id":"1"}])") ==
      "messages[1]: a tool result without its call");
  const std::string call =
      R"({"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f"}}]})";
  CHECK(error_for("[" + call + "]") == "messages[0]: a call of a tool without its result");
  CHECK(
      error_for("[" + call + R"(,{"role":"user"}])") ==
      "messages[0]: a call of a tool without its result");
  CHECK(
      error_for(R"([{"role":"assistant","tool_calls":[{}]}])").find("no name") !=
      std::string::npos);
}

TEST_CASE("the turns that are sent are limited, those that are kept are not", "[agent]")
{
  Served served;
  served.server.always(Answer::text("x"));
  Conversation chat(talker(served));
  chat.keep_turns(2);
  for (int i = 0; i < 4; ++i)
    served.run(chat.send("Q"));
  CHECK(chat.messages().size() == 8);
  CHECK(sent_messages(served, 3).size() == 4);  // system, one turn, the question
  CHECK(says(
      support::error_of([&] { chat.keep_turns(1); }), "keep_turns: at least 2 turns are sent"));
}
