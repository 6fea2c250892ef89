// Characters whose two halves, as JSON escapes, come in two deltas.
#include <asyncllm/impl/provider/wires.hpp>

#include "stream_reader.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace asyncllm;
using support::read_stream_of;

namespace {

enum class What { text, reasoning, arguments };

const std::vector<const provider::Wire*> all_wires{
    &provider::openai_wire(),
    &provider::ollama_wire(),
    &provider::anthropic_wire(),
    &provider::responses_wire()};

// A stream with these pieces, which are JSON without the quotes around it.
std::string halves_stream(
    const provider::Wire& wire, What what, const std::vector<std::string>& pieces)
{
  std::string body;
  if (&wire == &provider::openai_wire()) {
    const auto add = [&](const std::string& delta) {
      body += "data: {\"choices\":[{\"delta\":{" + delta + "}}]}\n\n";
    };
    if (what == What::arguments)
      add(R"("tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":""}}])");
    for (const auto& piece : pieces)
      add(what == What::text ? "\"content\":\"" + piece + '"'
          : what == What::reasoning
              ? "\"reasoning_content\":\"" + piece + '"'
              : "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"" + piece + "\"}}]");
    return body + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
  }
  if (&wire == &provider::ollama_wire()) {
    for (const auto& piece : pieces)
      body += std::string("{\"message\":{\"") + (what == What::text ? "content" : "thinking") +
              "\":\"" + piece + "\"}}\n";
    return body + "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}\n";
  }
  if (&wire == &provider::responses_wire()) {
    const auto add = [&](const std::string& type, const std::string& fields) {
      body += "data: {\"type\":\"response." + type + "\"," + fields + "}\n\n";
    };
    if (what == What::arguments)
      add("output_item.added",
          R"("output_index":0,"item":{"type":"function_call","call_id":"c","name":"f"})");
    for (const auto& piece : pieces)
      add(what == What::text        ? "output_text.delta"
          : what == What::reasoning ? "reasoning_summary_text.delta"
                                    : "function_call_arguments.delta",
          "\"output_index\":0,\"delta\":\"" + piece + '"');
    add("completed", R"("response":{"status":"completed","output":[]})");
    return body;
  }
  const std::string block = what == What::text ? R"({"type":"text","text":""})"
                            : what == What::reasoning
                                ? R"({"type":"thinking","thinking":""})"
                                : R"({"type":"tool_use","id":"c","name":"f","input":{}})";
  body = "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":" + block + "}\n\n";
  const auto add = [&](const std::string& delta) {
    body += "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{" + delta + "}}\n\n";
  };
  for (const auto& piece : pieces)
    add(what == What::text        ? R"("type":"text_delta","text":")" + piece + '"'
        : what == What::reasoning ? R"("type":"thinking_delta","thinking":")" + piece + '"'
                                  : R"("type":"input_json_delta","partial_json":")" + piece + '"');
  if (what == What::reasoning)
    add(R"("type":"signature_delta","signature":"s")");
  return body +
         "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n"
         "data: {\"type\":\"message_stop\"}\n\n";
}

}  // namespace

TEST_CASE("the halves of a character in two deltas are one character", "[provider]")
{
  for (const auto* const wire : all_wires) {
    const auto text = read_stream_of(
        *wire,
        halves_stream(*wire, What::text, {"a", R"(b\ud83d)", R"(\ude00c)", R"(\ud83c\udf0d)"}));
    CHECK(text.reply.text == "ab😀c🌍");
    CHECK(text.deltas == text.reply.text);

    const auto reasoning = read_stream_of(
        *wire,
        halves_stream(*wire, What::reasoning, {R"(\ud83d)", R"(\ude00\uD83D)", R"(\uDE01)"}));
    CHECK(reasoning.reply.reasoning == "😀😁");
    CHECK(reasoning.reasoning == reasoning.reply.reasoning);
    if (wire == &provider::anthropic_wire())
      CHECK(
          nlohmann::json::parse(reasoning.reply.reasoning_extra)[0]["thinking"] ==
          reasoning.reply.reasoning);
  }
}

TEST_CASE("the halves of a character in two pieces of a call's arguments are one", "[provider]")
{
  for (const auto* const wire :
       {&provider::openai_wire(), &provider::anthropic_wire(), &provider::responses_wire()}) {
    const auto result = read_stream_of(
        *wire,
        halves_stream(
            *wire, What::arguments, {R"({\"a\":\"x\ud83d)", R"(\ude00\ude00)", R"(\"})"}));
    REQUIRE(result.reply.tool_calls.size() == 1);
    CHECK(result.reply.tool_calls[0].arguments == "{\"a\":\"x😀\uFFFD\"}");
  }
}

TEST_CASE("a lone half of a character becomes U+FFFD in its position", "[provider]")
{
  for (const auto* const wire : all_wires) {
    const auto read = [&](What what, const std::vector<std::string>& pieces) {
      return read_stream_of(*wire, halves_stream(*wire, what, pieces));
    };
    const auto between = read(What::text, {R"(a\ud83d)", "b", R"(\ude00c)"});
    CHECK(between.reply.text == "a\uFFFDb\uFFFDc");
    CHECK(between.deltas == between.reply.text);
    const auto at_end = read(What::text, {"a", R"(\ud83d)"});
    CHECK(at_end.reply.text == "a\uFFFD");
    CHECK(at_end.deltas == at_end.reply.text);
    const auto thought = read(What::reasoning, {R"(a\ud83d)"});
    CHECK(thought.reply.reasoning == "a\uFFFD");
    CHECK(thought.reasoning == thought.reply.reasoning);
    if (wire == &provider::anthropic_wire())
      CHECK(
          nlohmann::json::parse(thought.reply.reasoning_extra)[0]["thinking"] ==
          thought.reply.reasoning);
    const auto inside = read(What::text, {R"(a\ud83db)"});
    CHECK(inside.reply.text == "a\uFFFDb");
  }
}

TEST_CASE("halves of different texts do not meet", "[provider]")
{
  const auto result = support::read_openai_stream(
      "data: {\"choices\":[{\"delta\":{\"content\":\"\\ud83d\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"reasoning\":\"\\ude00\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"\\ude01\"},\"finish_reason\":\"stop\"}]}\n\n");
  CHECK(result.reply.text == "😁");
  CHECK(result.reply.reasoning == "\uFFFD");
}

TEST_CASE("no private character is taken for half of another", "[provider]")
{
  const std::string private_use = "\xf4\x8f\x80\xbd\xf4\x8f\x98\x80";  // such as marks are
  const auto result = support::read_openai_stream(
      "data: {\"choices\":[{\"delta\":{\"content\":\"" + private_use +
      "\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"" +
      private_use +
      "\\ud83d\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"\\ude00" +
      private_use + "\"},\"finish_reason\":\"stop\"}]}\n\n");
  CHECK(result.reply.text == private_use + private_use + "\uFFFD\uFFFD" + private_use);
}

TEST_CASE("half a character in what goes back to the provider is U+FFFD", "[provider]")
{
  const auto result = support::read_openai_stream(
      "data: {\"choices\":[{\"delta\":{\"content\":\"a\",\"reasoning_details\":[{\"type\":\"x\","
      "\"index\":0,\"text\":\"\\ud83d\"}]},\"finish_reason\":\"stop\"}]}\n\n");
  CHECK(nlohmann::json::parse(result.reply.reasoning_extra)[0]["text"] == "\uFFFD");
}
