// Replies as hosts and gateways write them, other than the API reference does.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>
#include <asyncllm/impl/provider/reply/tool_calls.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include "error_of.hpp"
#include "openai_forms.hpp"
#include "test.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace asyncllm;
using provider::anthropic_wire;
using provider::ollama_wire;
using provider::openai_wire;

namespace forms = support::forms;

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
    CHECK(
        forms::calls_of(forms::whole(forms::message(forms::call(function), "tool_calls"))) ==
        "f{} ");
    CHECK(forms::calls_of(forms::whole(forms::message(forms::call(function), ""))) == "f{} ");
    CHECK(
        forms::calls_of(forms::streamed(
            {forms::delta(forms::call(function)), forms::delta("", "tool_calls")})) == "f{} ");
  }
  CHECK(
      forms::calls_of(forms::streamed(
          {forms::delta(
               R"("tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}},)"
               R"({"index":1,"id":"b","function":{"name":"g","arguments":""}}])"),
           forms::delta("", "tool_calls")})) == "f{} g{} ");
  std::string body =
      R"({"message":{"tool_calls":[{"function":{"name":"f","arguments":""}}]},"done":true})";
  CHECK(forms::calls_of(ollama_wire().decode(body)) == "f{} ");
  body = R"({"content":[{"type":"tool_use","id":"t","name":"f"}],"stop_reason":"tool_use"})";
  CHECK(forms::calls_of(anthropic_wire().decode(body)) == "f{} ");
}

TEST_CASE("an empty object in front of the arguments is a start", "[provider]")
{
  const auto twice = forms::call(R"("name":"f","arguments":"{}{\"a\": 1}")");
  CHECK(forms::calls_of(forms::whole(forms::message(twice, "tool_calls"))) == "f{\"a\": 1} ");
  CHECK(
      forms::calls_of(forms::streamed({forms::delta(twice), forms::delta("", "tool_calls")})) ==
      "f{\"a\": 1} ");
  const auto more = [](const std::string& piece) {
    return forms::delta(R"("tool_calls":[{"index":0,"function":{"arguments":")" + piece + "\"}}]");
  };
  CHECK(
      forms::calls_of(forms::streamed(
          {forms::delta(forms::call(R"("name":"f","arguments":"{}")")),
           more("{\\\"a\\\":"),
           more("1}"),
           forms::delta("", "tool_calls")})) == "f{\"a\":1} ");
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
    const auto content = R"("content":"So: ",)" + forms::call(function);
    for (const auto& read :
         {support::error_of([&] { forms::whole(forms::message(content, "tool_calls")); }),
          support::error_of(
              [&] { forms::streamed({forms::delta(content), forms::delta("", "tool_calls")}); })}) {
      REQUIRE(read);
      CHECK(read->kind() == ErrorKind::incomplete);
      CHECK(read->partial_text() == "So: ");
    }
    CHECK(forms::whole(forms::message(content, "length")).tool_calls.empty());
    CHECK(forms::streamed({forms::delta(content), forms::delta("", "length")}).tool_calls.empty());
  }
  // An empty form of a call is none.
  CHECK(forms::whole(
            forms::message(R"("content":"Hi","function_call":{"name":"","arguments":""})", "stop"))
            .tool_calls.empty());
}

TEST_CASE("calls beside the reason stop make it tool_calls", "[provider]")
{
  const auto has = forms::call(R"("name":"f","arguments":"{}")");
  for (const auto& reply :
       {forms::whole(forms::message(has, "stop")),
        forms::streamed({forms::delta(has), forms::delta("", "stop")})}) {
    CHECK(reply.finish_reason == FinishReason::tool_calls);
    CHECK(reply.finish_reason_text == "stop");
  }
}

TEST_CASE("the former function_call and a completion's text are read", "[provider]")
{
  const std::string function = R"("content":null,"function_call":{"name":"f","arguments":"{}"})";
  CHECK(forms::calls_of(forms::whole(forms::message(function, "function_call"))) == "f{} ");
  CHECK(
      forms::calls_of(forms::streamed(
          {forms::delta(R"("function_call":{"name":"f","arguments":""})"),
           forms::delta(R"("function_call":{"arguments":"{}"})"),
           forms::delta("", "function_call")})) == "f{} ");
  CHECK(
      forms::whole(R"({"choices":[{"index":0,"text":"Hi","finish_reason":"stop"}]})").text == "Hi");
  CHECK(
      forms::streamed({R"({"choices":[{"index":0,"text":"Hi","finish_reason":"stop"}]})"}).text ==
      "Hi");
}

TEST_CASE("numbers beyond 64 bits and doubled names spoil no reply", "[provider]")
{
  const std::string huge = "123456789012345678901234567890";
  CHECK(
      forms::whole(
          R"({"created":)" + huge + R"(,"choices":[{"index":)" + huge +
          R"(,"message":{"content":"No"}}]})")
          .text == "No");
  CHECK(
      forms::calls_of(forms::streamed(
          {forms::delta(
               R"("tool_calls":[{"index":)" + huge +
               R"(,"id":"a","function":{"name":"f","arguments":"{}"}}])"),
           forms::delta("", "tool_calls")})) == "f{} ");
  // As nearly every reader does it; RFC 8259, 4 leaves it open.
  CHECK(forms::whole(forms::message(R"("content":"a","content":"b")", "stop")).text == "b");
}

TEST_CASE("of a member that comes twice the last one counts", "[provider]")
{
  const auto said = [](const provider::Wire& wire, std::string body) {
    const auto reply = wire.decode(body);
    return reply.reasoning + '|' + reply.text + '|' + forms::calls_of(reply) +
           reply.reasoning_extra + std::to_string(reply.logprobs.size());
  };
  const auto twice = [](const std::string& first, const std::string& second) {
    return first + ',' + second;
  };
  const std::string logprobs = R"("logprobs":{"content":[{"token":"a","logprob":-1}]})";
  const auto message = [&](const std::string& name) {
    return R"("message":{"content":")" + name + R"(","reasoning":")" + name +
           R"(","reasoning_details":[{"a":1}],"tool_calls":[{"id":"1","function":{"name":")" +
           name + R"("}}]})";
  };
  const std::string expected = R"(g|g|g{} [{"a":1}]1)";
  const auto choice = [&](const std::string& members) {
    return R"({"index":0,"finish_reason":"stop",)" + members + '}';
  };
  CHECK(
      said(
          openai_wire(),
          R"({"choices":[)" +
              choice(twice(message("f"), message("g")) + ',' + twice(logprobs, logprobs)) + "]}") ==
      expected);
  const auto choices = [&](const std::string& name) {
    return R"("choices":[)" + choice(message(name) + ',' + logprobs) + ']';
  };
  CHECK(said(openai_wire(), '{' + twice(choices("f"), choices("g")) + '}') == expected);
  const auto calls = [](const std::string& name) {
    return R"("tool_calls":[{"function":{"name":")" + name + R"("}}])";
  };
  CHECK(
      said(
          openai_wire(),
          R"({"choices":[)" + choice(R"("message":{)" + twice(calls("f"), calls("g")) + '}') +
              "]}") == "||g{} 0");
  const auto blocks = [](const std::string& name) {
    return R"("content":[{"type":"text","text":")" + name +
           R"("},{"type":"thinking","thinking":")" + name +
           R"(","signature":"s"},{"type":"tool_use","id":"t","name":")" + name +
           R"(","input":{}}])";
  };
  CHECK(
      said(
          anthropic_wire(),
          '{' + twice(blocks("f"), blocks("g")) + R"(,"stop_reason":"tool_use"})") ==
      R"(g|g|g{} [{"type":"thinking","thinking":"g","signature":"s"}]0)");
  CHECK(
      said(
          anthropic_wire(),
          '{' + twice(blocks("f"), R"("content":"g")") + R"(,"stop_reason":"end_turn"})") ==
      "|g|0");
  const std::string tokens = R"("logprobs":[{"token":"a","logprob":-1}])";
  CHECK(
      said(
          ollama_wire(),
          R"({"message":{"content":"g",)" + twice(calls("f"), calls("g")) + "}," +
              twice(tokens, tokens) + R"(,"done":true})") == "|g|g{} 1");
  const auto reply = forms::streamed(
      {forms::delta(twice(calls("f"), calls("g"))), forms::delta("", "tool_calls")});
  CHECK(forms::calls_of(reply) == "g{} ");
}

TEST_CASE("Anthropic: an empty reply may have no list of content", "[provider]")
{
  std::string body = R"({"type":"message","content":null,"stop_reason":"end_turn"})";
  const auto reply = anthropic_wire().decode(body);
  CHECK(reply.text.empty());
  CHECK(reply.finish_reason == FinishReason::stop);
}

TEST_CASE("a page of models says how to ask for the next", "[provider]")
{
  const auto next = [](const provider::Wire& wire, std::string body) {
    return wire.decode_models(body).next;
  };
  const auto& anthropic = anthropic_wire();
  CHECK(
      next(anthropic, R"({"data":[{"id":"a"}],"has_more":true,"last_id":"b c/d"})") ==
      "after_id=b%20c%2Fd");
  CHECK(next(anthropic, R"({"data":[{"id":"a"}],"has_more":true,"last_id":null})") == "after_id=a");
  CHECK(next(anthropic, R"({"has_more":true,"data":[{"id":"é"}]})") == "after_id=%C3%A9");
  CHECK(next(openai_wire(), R"({"data":[{"id":"a"}],"has_more":true})") == "after=a");
  CHECK(next(openai_wire(), R"({"data":[{"id":"a"}],"nextPageToken":"t="})") == "pageToken=t%3D");
  CHECK(next(provider::ollama_wire(), R"({"models":[{"name":"a"}],"has_more":true})").empty());
  for (const auto* const last :
       {R"({"data":[{"id":"a"}],"has_more":false,"last_id":"a"})",
        R"({"data":[{"id":"a"}],"has_more":"true","last_id":"a"})",
        R"({"data":[{"id":"a"}],"has_more":null,"nextPageToken":""})",
        R"({"data":[],"has_more":true})",
        R"({"data":[{"id":"a"}],"last_id":"a"})"})
    CHECK(next(anthropic, last).empty());
}

TEST_CASE("a response that is not a list of models is an error, not an empty list", "[provider]")
{
  const auto names = [](std::string body) { return openai_wire().decode_models(body).names; };
  CHECK(names(R"({"data":[]})").empty());
  CHECK(names(R"({"data":null})").empty());
  for (const auto* const body :
       {R"({"data":{"models":[{"id":"a"}]}})", R"({"data":"a"})", R"({"data":1})", "{}"}) {
    INFO(body);
    CHECK(support::fails_with(ErrorKind::bad_response, "data", [&] { names(body); }));
  }
}

TEST_CASE("a list of models may come without an object around it", "[provider]")
{
  std::string body = R"([{"id":"a/b","object":"model"},{"id":"c/d"}])";
  CHECK(openai_wire().decode_models(body).names == std::vector<std::string>{"a/b", "c/d"});
}

TEST_CASE("a list of models may have the form of another wire, or only names", "[provider]")
{
  const auto& ollama_wire = provider::ollama_wire();
  for (const auto* const wire : {&openai_wire(), &anthropic_wire(), &ollama_wire})
    for (std::string body :
         {R"({"data":[{"id":"a"},{"id":"b"}]})",
          R"({"models":[{"name":"a"},{"name":"b","model":""}]})",
          R"({"models":[{"model":"a"},{"model":"b"}],"error":null})",
          R"({"data":["a","b"],"object":"list"})",
          R"(["a","b",null,7,{}])"}) {
      INFO(body);
      CHECK(wire->decode_models(body).names == std::vector<std::string>{"a", "b"});
    }
  std::string both = R"({"models":[{"slug":"x","name":"X"}],"data":[{"name":"A","id":"a"}]})";
  CHECK(openai_wire().decode_models(both).names == std::vector<std::string>{"a"});
}
