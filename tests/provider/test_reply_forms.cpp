// Replies as hosts and gateways write them, other than the API reference does.
#include <asyncllm/core/error.hpp>

#include "error_of.hpp"
#include "provider/reply_fields.hpp"
#include "provider/tool_calls.hpp"
#include "provider/wires.hpp"
#include "stream_reader.hpp"
#include "test.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace asyncllm;
using provider::anthropic_wire;
using provider::ollama_wire;
using provider::openai_wire;

namespace {

Reply whole(std::string body)
{
  return openai_wire().decode(body);
}

// A stream of these chunks, in pieces of every size that matters.
Reply streamed(const std::vector<std::string>& chunks)
{
  std::string body;
  for (const auto& chunk : chunks)
    body += "data: " + chunk + "\n\n";
  body += "data: [DONE]\n\n";
  const auto result = support::read_stream_of(openai_wire(), body);
  CHECK(result.is_complete);
  for (const std::size_t piece : {1U, 7U})
    CHECK(support::read_stream_of(openai_wire(), body, piece).reply.text == result.reply.text);
  return result.reply;
}

std::string message(const std::string& members, const std::string& finish)
{
  return R"({"choices":[{"message":{)" + members + R"(},"finish_reason":")" + finish + "\"}]}";
}

std::string delta(const std::string& members, const std::string& finish = "")
{
  return R"({"choices":[{"index":0,"delta":{)" + members + "}" +
         (finish.empty() ? "" : R"(,"finish_reason":")" + finish + '"') + "}]}";
}

// The calls, each as name and arguments.
std::string calls_of(const Reply& reply)
{
  std::string text;
  for (const auto& call : reply.tool_calls)
    text += call.name + call.arguments + ' ';
  return text;
}

std::string call(const std::string& function)
{
  return R"("tool_calls":[{"index":0,"id":"a","type":"function","function":{)" + function + "}}]";
}

}  // namespace

TEST_CASE("a call without arguments is a call with none", "[provider]")
{
  for (const std::string function :
       {R"("name":"f","arguments":"")",
        R"("name":"f")",
        R"("name":"f","arguments":null)",
        R"("name":"f","arguments":" ")",
        R"("name":"f","arguments":"null")",
        R"("name":"f","arguments":{})",
        R"("name":"f","arguments":"{}")"}) {
    INFO(function);
    CHECK(calls_of(whole(message(call(function), "tool_calls"))) == "f{} ");
    CHECK(calls_of(whole(message(call(function), ""))) == "f{} ");
    CHECK(calls_of(streamed({delta(call(function)), delta("", "tool_calls")})) == "f{} ");
  }
  CHECK(
      calls_of(streamed(
          {delta(R"("tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}},)"
                 R"({"index":1,"id":"b","function":{"name":"g","arguments":""}}])"),
           delta("", "tool_calls")})) == "f{} g{} ");
  std::string body =
      R"({"message":{"tool_calls":[{"function":{"name":"f","arguments":""}}]},"done":true})";
  CHECK(calls_of(ollama_wire().decode(body)) == "f{} ");
  body = R"({"content":[{"type":"tool_use","id":"t","name":"f"}],"stop_reason":"tool_use"})";
  CHECK(calls_of(anthropic_wire().decode(body)) == "f{} ");
}

TEST_CASE("an empty object in front of the arguments is a start", "[provider]")
{
  const auto twice = call(R"("name":"f","arguments":"{}{\"a\": 1}")");
  CHECK(calls_of(whole(message(twice, "tool_calls"))) == "f{\"a\": 1} ");
  CHECK(calls_of(streamed({delta(twice), delta("", "tool_calls")})) == "f{\"a\": 1} ");
  const auto more = [](const std::string& piece) {
    return delta(R"("tool_calls":[{"index":0,"function":{"arguments":")" + piece + "\"}}]");
  };
  CHECK(
      calls_of(streamed(
          {delta(call(R"("name":"f","arguments":"{}")")),
           more("{\\\"a\\\":"),
           more("1}"),
           delta("", "tool_calls")})) == "f{\"a\":1} ");
  std::string plain = "{} ";
  CHECK(provider::normalize_arguments(plain));
  CHECK(plain == "{}");
}

// Who runs tools acts on what is there: a call that silently vanished would be a wrong answer.
TEST_CASE("a call that cannot be made is an error, unless the limit cut it", "[provider]")
{
  for (const std::string function :
       {R"("name":"f","arguments":"{\"a\":\"b")",
        R"("name":"f","arguments":"{}\u0000,\"evil\":1")",
        R"("name":"f","arguments":"\ufeff{}")",
        R"("name":"f","arguments":"a=1")",
        R"("name":"","arguments":"{\"a\":1}")"}) {
    INFO(function);
    const auto content = R"("content":"So: ",)" + call(function);
    for (const auto& read :
         {support::error_of([&] { whole(message(content, "tool_calls")); }),
          support::error_of([&] { streamed({delta(content), delta("", "tool_calls")}); })}) {
      REQUIRE(read);
      CHECK(read->kind() == ErrorKind::incomplete);
      CHECK(read->partial_text() == "So: ");
    }
    CHECK(whole(message(content, "length")).tool_calls.empty());
    CHECK(streamed({delta(content), delta("", "length")}).tool_calls.empty());
  }
  // An empty form of a call is none.
  CHECK(whole(message(R"("content":"Hi","function_call":{"name":"","arguments":""})", "stop"))
            .tool_calls.empty());
}

TEST_CASE("calls beside the reason stop make it tool_calls", "[provider]")
{
  const auto has = call(R"("name":"f","arguments":"{}")");
  for (const auto& reply :
       {whole(message(has, "stop")), streamed({delta(has), delta("", "stop")})}) {
    CHECK(reply.finish_reason == FinishReason::tool_calls);
    CHECK(reply.finish_reason_text == "stop");
  }
}

TEST_CASE("the former function_call and a completion's text are read", "[provider]")
{
  const std::string function = R"("content":null,"function_call":{"name":"f","arguments":"{}"})";
  CHECK(calls_of(whole(message(function, "function_call"))) == "f{} ");
  CHECK(
      calls_of(streamed(
          {delta(R"("function_call":{"name":"f","arguments":""})"),
           delta(R"("function_call":{"arguments":"{}"})"),
           delta("", "function_call")})) == "f{} ");
  CHECK(whole(R"({"choices":[{"index":0,"text":"Hi","finish_reason":"stop"}]})").text == "Hi");
  CHECK(streamed({R"({"choices":[{"index":0,"text":"Hi","finish_reason":"stop"}]})"}).text == "Hi");
}

TEST_CASE("the words of many hosts for the end of a reply", "[provider]")
{
  const std::pair<FinishReason, std::vector<const char*>> words[] = {
      {FinishReason::stop, {"stop", "STOP", "eos", "end_turn", "stop_sequence", "completed"}},
      {FinishReason::length, {"length", "MAX_TOKENS", "model_length", "max_output_tokens"}},
      {FinishReason::tool_calls, {"tool_calls", "tool_use", "function_call", "tool_call"}},
      {FinishReason::content_filter,
       {"content_filter",
        "sensitive",
        "SAFETY",
        "recitation",
        "blocklist",
        "prohibited_content",
        "spii",
        "guardrail_intervened"}},
      {FinishReason::refusal, {"refusal"}},
      {FinishReason::error,
       {"error",
        "abort",
        "network_error",
        "MALFORMED_FUNCTION_CALL",
        "unexpected_tool_call",
        "insufficient_system_resource",
        "load",
        "timeout",
        "failed"}},
      {FinishReason::unknown, {"", "pause_turn", "other", "something new"}},
  };
  for (const auto& [reason, its_words] : words)
    for (const auto* const word : its_words) {
      INFO(word);
      CHECK(provider::finish_reason(word) == reason);
    }
}

TEST_CASE("a failure behind a gateway's stop is the reason", "[provider]")
{
  const auto end = [](const char* finish, const char* native) {
    return R"({"choices":[{"index":0,"delta":{"content":"Hi"},"message":{"content":"Hi"},)"
           R"("finish_reason":")" +
           std::string(finish) + R"(","native_finish_reason":")" + native + "\"}]}";
  };
  for (const auto& reply :
       {whole(end("stop", "network_error")), streamed({end("stop", "network_error")})}) {
    CHECK(reply.finish_reason == FinishReason::error);
    CHECK(reply.finish_reason_text == "network_error");
  }
  CHECK(whole(end("stop", "SAFETY")).finish_reason == FinishReason::content_filter);
  CHECK(whole(end("stop", "completed")).finish_reason_text == "stop");
  CHECK(whole(end("length", "error")).finish_reason == FinishReason::length);
}

TEST_CASE("counts of tokens are found where hosts put them", "[provider]")
{
  const auto usage = [](const std::string& json) {
    return whole(R"({"choices":[{"message":{"content":"a"}}],"usage":)" + json + "}").usage;
  };
  CHECK_FALSE(usage("{}").reported);
  CHECK_FALSE(usage("null").reported);
  CHECK_FALSE(usage(R"({"prompt_tokens":null})").reported);
  CHECK(usage(R"({"prompt_tokens":"12","completion_tokens":37.25})").input_tokens == 12);
  CHECK(usage(R"({"prompt_tokens":"12","completion_tokens":37.25})").output_tokens == 37);
  CHECK(usage(R"({"prompt_tokens":-1})").input_tokens == 0);
  CHECK(usage(R"({"prompt_tokens":123456789012345678901234567890})").input_tokens == 0);
  for (const std::string cached :
       {R"("prompt_cache_hit_tokens":64)",
        R"("cached_tokens":64)",
        R"("cache_read_input_tokens":64)",
        R"("prompt_tokens_details":{"cached_tokens":64})",
        R"("input_tokens_details":{"cached_tokens":64})"})
    CHECK(usage("{\"prompt_tokens\":100," + cached + "}").cached_input_tokens == 64);
}

TEST_CASE("an empty usage takes no counts back", "[provider]")
{
  const std::string real = R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":5}})";
  for (const std::string later :
       {R"({"choices":[],"usage":{}})",
        R"({"choices":[],"usage":null})",
        R"({"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}})"}) {
    const auto reply = streamed({delta(R"("content":"Hi")", "stop"), real, later});
    CHECK(reply.usage.input_tokens == 9);
    CHECK(reply.usage.output_tokens == 5);
  }
}

TEST_CASE("fragments of reasoning_details with one index and type are one block", "[provider]")
{
  const auto detail = [](const std::string& members) {
    return delta(R"("reasoning_details":[{"type":"reasoning.text",)" + members + "}]");
  };
  const auto reply = streamed(
      {detail(R"("text":"Let","index":0)"),
       detail(R"("text":" me","index":0)"),
       detail(R"("text":"other","index":1)"),
       detail(R"("signature":"Et8B","index":0)"),
       delta(R"("reasoning_details":[{"type":"reasoning.encrypted","data":"x","index":0}])"),
       detail(R"("text":"without an index")"),
       delta("", "stop")});
  CHECK(
      reply.reasoning_extra ==
      R"([{"type":"reasoning.text","text":"Let me","index":0,"signature":"Et8B"},)"
      R"({"type":"reasoning.text","text":"other","index":1},)"
      R"({"type":"reasoning.encrypted","data":"x","index":0},)"
      R"({"type":"reasoning.text","text":"without an index"}])");
}

TEST_CASE("numbers beyond 64 bits and doubled names spoil no reply", "[provider]")
{
  const std::string huge = "123456789012345678901234567890";
  CHECK(
      whole(
          R"({"created":)" + huge + R"(,"choices":[{"index":)" + huge +
          R"(,"message":{"content":"No"}}]})")
          .text == "No");
  CHECK(
      calls_of(streamed(
          {delta(
               R"("tool_calls":[{"index":)" + huge +
               R"(,"id":"a","function":{"name":"f","arguments":"{}"}}])"),
           delta("", "tool_calls")})) == "f{} ");
  // As nearly every reader does it; RFC 8259, 4 leaves it open.
  CHECK(whole(message(R"("content":"a","content":"b")", "stop")).text == "b");
}

TEST_CASE("Anthropic: an empty reply may have no list of content", "[provider]")
{
  std::string body = R"({"type":"message","content":null,"stop_reason":"end_turn"})";
  const auto reply = anthropic_wire().decode(body);
  CHECK(reply.text.empty());
  CHECK(reply.finish_reason == FinishReason::stop);
}

TEST_CASE("a list of models may come without an object around it", "[provider]")
{
  std::string body = R"([{"id":"a/b","object":"model"},{"id":"c/d"}])";
  CHECK(openai_wire().decode_models(body) == std::vector<std::string>{"a/b", "c/d"});
}
