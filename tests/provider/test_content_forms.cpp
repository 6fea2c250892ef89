// The text of a reply in the forms that servers send, on the wires where they differ.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include "error_of.hpp"
#include "openai_forms.hpp"
#include "stream_reader.hpp"
#include "test.hpp"

#include <string>

using namespace asyncllm;

namespace forms = support::forms;

namespace {

std::string texts_of(const Reply& reply)
{
  return reply.text + '|' + reply.reasoning + '|' + reply.refusal;
}

// What a message's content says, whole and streamed.
std::string content(const std::string& json)
{
  const auto members = "\"content\":" + json;
  const auto text = texts_of(forms::whole(forms::message(members, "stop")));
  CHECK(texts_of(forms::streamed({forms::delta(members), forms::delta("", "stop")})) == text);
  return text;
}

}  // namespace

TEST_CASE("parts of content go where they belong, in any order of their members", "[provider]")
{
  CHECK(
      content(R"([{"type":"text","text":"a"},{"text":"b","type":"output_text"},"c"])") == "abc||");
  CHECK(content(R"([{"text":"Hm","type":"reasoning"},{"type":"text","text":"a"}])") == "a|Hm|");
  CHECK(
      content(R"([{"type":"reasoning","reasoning":"Hm"},{"type":"text","text":"a"}])") == "a|Hm|");
  CHECK(content(R"([{"type":"thinking","thinking":[{"type":"text","text":"Hm"}]}])") == "|Hm|");
  CHECK(content(R"([{"type":"refusal","refusal":"No."}])") == "||No.");
  CHECK(content(R"([{"type":"text","text":{"value":"a","annotations":[]}}])") == "a||");
  // One part without a list, and parts that a Reply has no place for.
  CHECK(content(R"({"type":"text","text":"a"})") == "a||");
  CHECK(
      content(R"([null,{"type":"reference","reference_ids":[1]},{"type":"text","text":"a"},)"
              R"({"type":"image_url","image_url":{"url":"http://x/"}}])") == "a||");
  CHECK(content("[]") == "||");
  CHECK(content("null") == "||");
  CHECK(content(R"([{"type":"text","text":null}])") == "||");
}

TEST_CASE("content of another type is an error, not an empty text", "[provider]")
{
  for (const std::string json : {"7", "true", "[7]", "{}", R"({"value":"a"})"}) {
    const auto members = "\"content\":" + json;
    INFO(json);
    const auto whole = support::error_of([&] { forms::whole(forms::message(members, "stop")); });
    REQUIRE(whole);
    CHECK(whole->kind() == ErrorKind::bad_response);
    const auto streamed = support::error_of([&] { forms::streamed({forms::delta(members)}); });
    REQUIRE(streamed);
    CHECK(streamed->kind() == ErrorKind::bad_response);
  }
}

// A filter or the limit may leave no message at all; a reply that ended well has one.
TEST_CASE("a choice without a message is a reply where its reason says why", "[provider]")
{
  for (const std::string members : {"", R"("message":null,)", R"("delta":null,)"}) {
    const auto body = [&](const std::string& finish) {
      return R"({"choices":[{)" + members + R"("index":0,"finish_reason":)" + finish + "}]}";
    };
    INFO(members);
    const auto reply = forms::whole(body("\"content_filter\""));
    CHECK(reply.finish_reason == FinishReason::content_filter);
    CHECK(reply.text.empty());
    CHECK(forms::whole(body("\"length\"")).finish_reason == FinishReason::length);
    CHECK(forms::whole(body("\"abort\"")).finish_reason == FinishReason::error);
    for (const std::string finish : {"\"stop\"", "null", "\"something new\""}) {
      const auto error = support::error_of([&] { forms::whole(body(finish)); });
      REQUIRE(error);
      CHECK(error->kind() == ErrorKind::bad_response);
    }
  }
}

TEST_CASE("a completion's pieces that repeat the text so far are text", "[provider]")
{
  const auto piece = [](const std::string& text, const std::string& finish) {
    return R"({"choices":[{"index":0,"text":")" + text + R"(","finish_reason":)" + finish + "}]}";
  };
  CHECK(forms::streamed({piece("ha", "null"), piece("ha", "\"stop\"")}).text == "haha");
}

TEST_CASE("logprobs in a form of their own spoil no reply", "[provider]")
{
  for (const std::string logprobs :
       {R"({"content":[null,{"token":"a","logprob":-1,"top_logprobs":[null]}]})",
        R"({"tokens":["a"],"token_logprobs":[-1]})",
        R"({"content":[{"token":7,"logprob":"-1"}]})",
        "[]"}) {
    INFO(logprobs);
    const auto choice =
        R"({"choices":[{"index":0,"message":{"content":"a"},"delta":{"content":"a"},)"
        R"("logprobs":)" +
        logprobs + R"(,"finish_reason":"stop"}]})";
    CHECK(forms::whole(choice).text == "a");
    CHECK(forms::streamed({choice}).text == "a");
  }
}

TEST_CASE("Anthropic: content as a text, blocks and pieces without a type", "[provider]")
{
  const auto whole = [](const std::string& content) {
    std::string body = R"({"content":)" + content + R"(,"stop_reason":"end_turn"})";
    return texts_of(provider::anthropic_wire().decode(body));
  };
  CHECK(whole(R"("Hi")") == "Hi||");
  CHECK(whole(R"([{"text":"Hi"}])") == "Hi||");
  CHECK(
      whole(
          R"([{"type":"server_tool_use","name":"web_search","input":{}},{"type":"text","text":"Hi"}])") ==
      "Hi||");
  const auto event = [](const std::string& type, const std::string& members) {
    return R"(data: {"type":")" + type + "\"," + members + "}\n\n";
  };
  const auto body = event("content_block_start", R"("index":0,"content_block":{"text":"H"})") +
                    event("content_block_delta", R"("index":0,"delta":{"text":"i"})") +
                    event("content_block_delta", R"("index":1,"delta":{"thinking":"Hm"})") +
                    event("content_block_delta", R"("index":1,"delta":{})") +
                    event("message_delta", R"("delta":{"stop_reason":"end_turn"})") +
                    event("message_stop", "\"a\":1");
  for (const std::size_t piece : {0U, 1U, 7U})
    CHECK(
        texts_of(support::read_stream_of(provider::anthropic_wire(), body, piece).reply) ==
        "Hi|Hm|");
}
