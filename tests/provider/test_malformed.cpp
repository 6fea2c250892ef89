// Answers with a mistake at each place where one can stand: an error or a reply, in every build.
// Where simdjson leaves a syntax error to its caller, a Debug build may hide what a Release build
// then does.
#include <asyncllm/impl/provider/embeddings.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include "error_of.hpp"
#include "mutations.hpp"
#include "stream_reader.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>

using namespace asyncllm;
using provider::Wire;

namespace {

struct Tally {
  int errors = 0, accepted = 0;
};

/// Reads the text and each of its mutations. `read` returns what it understood, or throws an Error:
/// anything else ends this program.
template <class Read>
Tally read_mutations(const std::string& sample, Read read)
{
  const std::string undamaged = read(sample);
  REQUIRE_FALSE(undamaged.empty());
  Tally tally;
  support::for_each_mutation(sample, [&](const std::string& text) {
    std::string seen;
    const auto error = support::error_of([&] { seen = read(text); });
    if (error) {
      ++tally.errors;
      return;
    }
    ++tally.accepted;
    // Only JSON may mean something else. What is no JSON and is accepted all the same has its
    // mistake where nobody reads.
    if (seen != undamaged && !nlohmann::json::accept(text)) {
      INFO(text);
      INFO(seen);
      CHECK(undamaged.find(seen) != std::string::npos);
    }
  });
  return tally;
}

std::string summary_of(const Reply& reply)
{
  auto text = reply.text + '|' + reply.reasoning;
  for (const auto& call : reply.tool_calls)
    text += '|' + call.name + call.arguments;
  return text;
}

const std::pair<const Wire&, std::string> replies[] = {
    {provider::openai_wire(),
     R"({"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi",)"
     R"("tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
     R"("logprobs":{"content":[{"token":"h","logprob":-0.5,"top_logprobs":[]}]},)"
     R"("finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}})"},
    {provider::ollama_wire(),
     R"({"model":"m","message":{"role":"assistant","content":"hi","thinking":"so",)"
     R"("tool_calls":[{"function":{"name":"f","arguments":{"a":[1]}}}]},"done":true,)"
     R"("done_reason":"stop","prompt_eval_count":3,"eval_count":1})"},
    {provider::anthropic_wire(),
     R"({"id":"m","type":"message","content":[{"type":"thinking","thinking":"so","signature":"s"},)"
     R"({"type":"text","text":"hi"},{"type":"tool_use","id":"t","name":"f","input":{"a":[1]}}],)"
     R"("stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":1}})"},
    {provider::responses_wire(),
     R"({"id":"r","model":"m","status":"completed","error":null,"output":[{"type":"reasoning",)"
     R"("id":"rs","summary":[{"type":"summary_text","text":"so"}]},{"type":"message","content":)"
     R"([{"type":"output_text","text":"hi","annotations":[{}]}]},{"type":"function_call",)"
     R"("call_id":"t","name":"f","arguments":"{}"}],"usage":{"input_tokens":3}})"},
};

}  // namespace

TEST_CASE("a whole reply with a syntax error anywhere is an error or that reply", "[provider]")
{
  for (const auto& [wire, sample] : replies) {
    const auto tally = read_mutations(
        sample, [&wire = wire](std::string text) { return summary_of(wire.decode(text)); });
    CHECK(tally.errors > 1000);
    CHECK(tally.accepted > 10);
  }
}

TEST_CASE(
    "an event of a stream with a syntax error anywhere is an error or that event", "[provider]")
{
  const struct {
    const Wire& wire;
    std::string before, event, after;
  } streams[] = {
      {provider::openai_wire(),
       "data: ",
       R"({"choices":[{"index":0,"delta":{"content":"hi","tool_calls":[{"index":0,"id":"t",)"
       R"("function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}],"usage":{}})",
       "\n\ndata: [DONE]\n\n"},
      {provider::ollama_wire(),
       "",
       R"({"model":"m","message":{"content":"hi","tool_calls":[{"function":{"name":"f",)"
       R"("arguments":{}}}]},"done":true,"done_reason":"stop","eval_count":1})",
       "\n"},
      {provider::anthropic_wire(),
       "data: ",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}})",
       "\n\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n"
       "data: {\"type\":\"message_stop\"}\n\n"},
      {provider::responses_wire(),
       "data: ",
       R"({"type":"response.output_item.done","output_index":0,"item":{"type":"message",)"
       R"("content":[{"type":"output_text","text":"hi","annotations":[]}]}})",
       "\n\ndata: {\"type\":\"response.completed\",\"response\":{\"output\":[]}}\n\n"},
  };
  for (const auto& stream : streams) {
    const auto tally = read_mutations(stream.event, [&](const std::string& event) {
      if (event.find_first_of("\r\n") != event.npos)
        return std::string();
      const auto result =
          support::read_stream_of(stream.wire, stream.before + event + stream.after);
      return result.is_complete ? summary_of(result.reply) : std::string();
    });
    CHECK(tally.errors > 500);
  }
}

TEST_CASE("an error's body with a syntax error anywhere is still an error", "[provider]")
{
  for (const std::string sample :
       {R"({"error":{"message":"no","type":"t","param":null,"code":"c","metadata":{"raw":"r"}}})",
        R"({"error":"no"})",
        R"([{"error":{"code":400,"message":"no","details":[{"@type":"x","retryDelay":"1s"}]}}])",
        R"({"type":"error","error":{"type":"overloaded_error","message":"no"}})",
        R"({"detail":[{"loc":["body"],"msg":"no","type":"t"}]})"})
    support::for_each_mutation(sample, [&](const std::string& text) {
      const auto error = provider::error_from_answer(ResponseHead{400, {}, {}}, text);
      INFO(text);
      CHECK(error.http_status() == 400);
      CHECK_FALSE(error.message().empty());
    });
}

TEST_CASE("vectors with a syntax error anywhere are an error or those vectors", "[provider]")
{
  const auto show = [](const Embeddings& embeddings) {
    std::string text;
    for (const auto& vector : embeddings.vectors)
      for (const float number : vector)
        text += std::to_string(number) + ' ';
    return text;
  };
  read_mutations(
      R"({"data":[{"index":0,"embedding":[1,2.5]},{"index":1,"embedding":[3,4]}],"usage":{}})",
      [&](std::string text) { return show(provider::read_openai_embeddings(text)); });
  read_mutations(
      R"({"model":"m","embeddings":[[1,2.5],[3,4]],"prompt_eval_count":3})",
      [&](std::string text) { return show(provider::read_ollama_embeddings(text)); });
}

TEST_CASE("a list of models with a syntax error anywhere is an error or that list", "[provider]")
{
  const std::pair<const Wire&, std::string> lists[] = {
      {provider::openai_wire(), R"({"object":"list","data":[{"id":"a","x":{}},{"id":"b"}]})"},
      {provider::ollama_wire(), R"({"models":[{"name":"a","details":{}},{"name":"b"}]})"},
      {provider::anthropic_wire(), R"({"data":[{"id":"a","type":"model"}],"has_more":false})"},
      {provider::responses_wire(), R"({"object":"list","data":[{"id":"a"},{"id":"b"}]})"},
  };
  for (const auto& [wire, sample] : lists)
    read_mutations(sample, [&wire = wire](std::string text) {
      std::string names;
      for (const auto& name : wire.decode_models(text).names)
        names += name + ' ';
      return names;
    });
}
