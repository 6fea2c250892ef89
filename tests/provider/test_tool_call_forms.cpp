// Tool calls in the forms that servers send. Whoever runs tools acts on what is there: a call that
// is lost, doubled or mixed with another one is a wrong answer.
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

// A chunk with these elements of tool_calls.
std::string calls_chunk(const std::string& elements)
{
  return forms::delta("\"tool_calls\":[" + elements + "]");
}

std::string element(const std::string& key, const std::string& name, const std::string& arguments)
{
  return "{" + key + R"("function":{"name":")" + name + R"(","arguments":")" + arguments + "\"}}";
}

const std::string end_with_calls = forms::delta("", "tool_calls");

}  // namespace

TEST_CASE("empty calls in one event are as many calls, whatever tells them apart", "[provider]")
{
  const auto both = [](const std::string& first, const std::string& second) {
    return forms::calls_of(forms::streamed({calls_chunk(first + ',' + second), end_with_calls}));
  };
  CHECK(both(element(R"("index":0,)", "f", ""), element(R"("index":1,)", "g", "")) == "f{} g{} ");
  CHECK(both(element(R"("id":"a",)", "f", ""), element(R"("id":"b",)", "f", "")) == "f{} f{} ");
  CHECK(
      both(
          element(R"("index":0,"id":"a",)", "f", ""), element(R"("index":0,"id":"b",)", "f", "")) ==
      "f{} f{} ");
  CHECK(both(element("", "f", ""), element("", "g", "")) == "f{} g{} ");
  CHECK(both(element("", "f", ""), element("", "f", "")) == "f{} f{} ");
  CHECK(both(element("", "f", "{}"), element("", "f", "{}")) == "f{} f{} ");
  CHECK(both(element("", "f", ""), element("", "g", R"({\"a\":1})")) == "f{} g{\"a\":1} ");
}

TEST_CASE("a fragment with another name and no index or id is another call", "[provider]")
{
  CHECK(
      forms::calls_of(forms::streamed(
          {calls_chunk(element("", "f", "")),
           calls_chunk(element("", "g", "{")),
           calls_chunk(R"({"function":{"arguments":"}"}})"),
           end_with_calls})) == "f{} g{} ");
}

TEST_CASE("the extra content of a tool call may come in a later event", "[provider]")
{
  const std::string extra = R"({"google":{"thought_signature":"s"}})";
  const auto reply = forms::streamed(
      {calls_chunk(element(R"("index":0,"id":"a",)", "f", "{}")),
       calls_chunk(element(R"("index":1,"id":"b",)", "g", "{}")),
       calls_chunk(R"({"index":0,"extra_content":)" + extra + '}'),
       end_with_calls});
  REQUIRE(reply.tool_calls.size() == 2);
  CHECK(reply.tool_calls[0].extra == extra);
  CHECK(reply.tool_calls[0].arguments == "{}");
  CHECK(reply.tool_calls[1].extra.empty());
  CHECK(forms::calls_of(forms::streamed(
                            {calls_chunk(R"({"index":0,"extra_content":{}})"),
                             forms::delta("\"content\":\"a\"", "stop")}))
            .empty());
}

// Gemini behind gateways sends "edit_" and "file"; others send the whole name in every fragment.
TEST_CASE("a tool's name may come in pieces, or again and again", "[provider]")
{
  const auto read = [](const std::string& first, const std::string& second) {
    const auto fragment = [](const std::string& name) {
      return calls_chunk(element(R"("index":0,"id":"a",)", name, ""));
    };
    return forms::calls_of(forms::streamed(
        {fragment(first),
         fragment(second),
         calls_chunk(element(R"("index":0,)", second, R"({\"a\":)")),
         calls_chunk(element(R"("index":0,)", second, "1}")),
         end_with_calls}));
  };
  CHECK(read("edit_", "edit_file") == "edit_file{\"a\":1} ");
  CHECK(read("edit_file", "edit_file") == "edit_file{\"a\":1} ");
  CHECK(
      forms::calls_of(forms::streamed(
          {calls_chunk(element(R"("index":0,"id":"a",)", "edit_", "")),
           calls_chunk(element(R"("index":0,)", "file", "")),
           calls_chunk(element(R"("index":0,)", "", "{}")),
           end_with_calls})) == "edit_file{} ");
}

TEST_CASE("an id made up for every fragment makes no calls", "[provider]")
{
  for (const std::string index : {R"("index":0,)", ""})
    CHECK(
        forms::calls_of(forms::streamed(
            {calls_chunk(element(index + R"("id":"1",)", "f", "")),
             calls_chunk(element(index + R"("id":"2",)", "", "{")),
             calls_chunk(element(index + R"("id":"3",)", "", R"(\"a\":1)")),
             calls_chunk(element(index + R"("id":"4",)", "", "}")),
             calls_chunk(element(index + R"("id":"5",)", "g", "{}")),
             end_with_calls})) == "f{\"a\":1} g{} ");
}

TEST_CASE("a call that is repeated as a whole is one call", "[provider]")
{
  const auto once = calls_chunk(element(R"("index":0,"id":"a",)", "f", R"({\"a\":1})"));
  CHECK(forms::calls_of(forms::streamed({once, once, end_with_calls})) == "f{\"a\":1} ");
  // The whole message beside the end repeats what the deltas said.
  const std::string last =
      R"({"choices":[{"index":0,"message":{"content":"Hi","reasoning":"Hm","tool_calls":[)"
      R"({"function":{"name":"f","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}]})";
  const auto reply =
      forms::streamed({forms::delta(R"("content":"Hi","reasoning":"Hm")"), once, last});
  CHECK(forms::calls_of(reply) == "f{\"a\":1} ");
  CHECK(reply.text == "Hi");
  CHECK(reply.reasoning == "Hm");
  // Two equal calls with ids of their own are two.
  const auto other = calls_chunk(element(R"("index":0,"id":"b",)", "f", R"({\"a\":1})"));
  CHECK(
      forms::calls_of(forms::streamed({once, other, end_with_calls})) == "f{\"a\":1} f{\"a\":1} ");
}

TEST_CASE("indices may be negative, huge or no number, ids numbers or the same", "[provider]")
{
  for (const std::string key :
       {R"("index":-1,)",
        R"("index":9223372036854775807,)",
        R"("index":"0","id":"a",)",
        R"("index":null,)",
        R"("index":0.0,"id":null,)",
        R"("id":7,)"}) {
    INFO(key);
    const auto chunk = calls_chunk(element(key, "f", R"({\"a\":1})"));
    CHECK(forms::calls_of(forms::streamed({chunk, end_with_calls})) == "f{\"a\":1} ");
  }
  const auto numbered = calls_chunk(element(R"("id":7,)", "f", "{}"));
  CHECK(forms::streamed({numbered, end_with_calls}).tool_calls.at(0).id == "7");
  const auto same = calls_chunk(
      element(R"("index":0,"id":"a",)", "f", "{}") + ',' +
      element(R"("index":1,"id":"a",)", "g", "{}"));
  CHECK(forms::calls_of(forms::streamed({same, end_with_calls})) == "f{} g{} ");
}

// `{"a":1}` as JSON, or as a text within the JSON text, is what the model wrote: it is kept, and
// the tool judges it. It must only never become {}.
TEST_CASE("arguments that are not an object in a text are kept as they are", "[provider]")
{
  for (const std::string arguments : {R"({"a":1})", "[1]", "true", "7", R"("\"x\"")"}) {
    INFO(arguments);
    const auto members = forms::call(R"("name":"f","arguments":)" + arguments);
    const auto expected = "f" + (arguments[0] == '"' ? "\"x\"" : arguments) + ' ';
    CHECK(forms::calls_of(forms::whole(forms::message(members, "tool_calls"))) == expected);
    CHECK(forms::calls_of(forms::streamed({forms::delta(members), end_with_calls})) == expected);
    if (arguments[0] == '"')
      continue;
    std::string body = R"({"message":{"tool_calls":[{"function":{"name":"f","arguments":)" +
                       arguments + R"(}}]},"done":true})";
    CHECK(forms::calls_of(provider::ollama_wire().decode(body)) == expected);
    body = R"({"content":[{"type":"tool_use","id":"t","name":"f","input":)" + arguments +
           R"(}],"stop_reason":"tool_use"})";
    CHECK(forms::calls_of(provider::anthropic_wire().decode(body)) == expected);
  }
}

TEST_CASE("calls without a function of their own, custom ones, one alone, and null", "[provider]")
{
  const auto read = [](const std::string& calls) {
    const auto members = "\"tool_calls\":" + calls;
    const auto text = forms::calls_of(forms::whole(forms::message(members, "tool_calls")));
    CHECK(forms::calls_of(forms::streamed({forms::delta(members), end_with_calls})) == text);
    return text;
  };
  CHECK(read(R"([{"id":"a","name":"f","arguments":{"a":1}}])") == "f{\"a\":1} ");
  CHECK(
      read(R"([{"id":"a","type":"function","function":{"name":"f","parameters":{"a":1}}}])") ==
      "f{\"a\":1} ");
  CHECK(
      read(R"([{"id":"a","type":"custom","custom":{"name":"f","input":"ls -l"}}])") ==
      "f\"ls -l\" ");
  CHECK(read(R"({"id":"a","function":{"name":"f","arguments":"{}"}})") == "f{} ");
  CHECK(read(R"([null,{"id":"a","function":{"name":"f","arguments":"{}"}}])") == "f{} ");
  CHECK(read("null") == "");
  CHECK(read("[]") == "");
}

TEST_CASE("a call that has an id and no name is an error", "[provider]")
{
  const auto members = R"("tool_calls":[{"index":0,"id":"a","type":"other","other":{"name":"f"}}])";
  for (const auto& error :
       {support::error_of([&] { forms::whole(forms::message(members, "tool_calls")); }),
        support::error_of([&] { forms::streamed({forms::delta(members), end_with_calls}); })}) {
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::incomplete);
    CHECK(std::string(error->what()).find("without a name") != std::string::npos);
  }
}

TEST_CASE("Anthropic stream: arguments of a call that never began are an error", "[provider]")
{
  const std::string rest =
      R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{}"}})"
      "\n\n"
      R"(data: {"type":"message_delta","delta":{"stop_reason":"tool_use"}})"
      "\n\n"
      R"(data: {"type":"message_stop"})"
      "\n\n";
  const auto read = [&](const std::string& body) {
    return support::read_stream_of(provider::anthropic_wire(), body).reply;
  };
  const auto error = support::error_of([&] { read(rest); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::incomplete);
  // The server's own tools are not the caller's.
  CHECK(
      read(
          R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}})"
          "\n\n" +
          rest)
          .tool_calls.empty());
}
