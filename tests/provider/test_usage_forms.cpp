// Counts of tokens: under the names that hosts give them, in several events, and odd ones.
#include <asyncllm/impl/provider/wires.hpp>

#include "openai_forms.hpp"
#include "stream_reader.hpp"
#include "test.hpp"

#include <string>

using namespace asyncllm;

namespace forms = support::forms;

namespace {

std::string usage_chunk(const std::string& usage)
{
  return "{\"choices\":[],\"usage\":" + usage + "}";
}

std::string counts_of(const Reply& reply)
{
  const auto& usage = reply.usage;
  return usage.reported
             ? std::to_string(usage.input_tokens) + ' ' + std::to_string(usage.output_tokens) +
                   ' ' + std::to_string(usage.cached_input_tokens) + ' ' +
                   std::to_string(usage.reasoning_tokens)
             : "none";
}

}  // namespace

TEST_CASE("counts of tokens are found where hosts put them", "[provider]")
{
  const auto usage = [](const std::string& json) {
    return forms::whole(R"({"choices":[{"message":{"content":"a"}}],"usage":)" + json + "}").usage;
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
        R"("cache_read_tokens":64)",
        R"("num_cached_tokens":64)",
        R"("prompt_tokens_details":{"cached_tokens":0},"prompt_cache_hit_tokens":64)",
        R"("prompt_cache_hit_tokens":64,"prompt_tokens_details":{"cached_tokens":0})",
        R"("prompt_cache_hit_tokens":64,"prompt_tokens_details":null)",
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
    const auto reply = forms::streamed({forms::delta(R"("content":"Hi")", "stop"), real, later});
    CHECK(reply.usage.input_tokens == 9);
    CHECK(reply.usage.output_tokens == 5);
  }
}

TEST_CASE("names of two hosts side by side take no counts from each other", "[provider]")
{
  const auto usage = [](const std::string& members) {
    return counts_of(
        forms::whole(R"({"choices":[{"message":{"content":"a"}}],"usage":{)" + members + "}}"));
  };
  // new-api and its like.
  CHECK(
      usage(R"("prompt_tokens":9,"completion_tokens":5,"input_tokens":0,"output_tokens":0,)"
            R"("input_tokens_details":null)") == "9 5 0 0");
  CHECK(
      usage(R"("input_tokens":9,"output_tokens":5,"prompt_tokens":0,"completion_tokens":0)") ==
      "9 5 0 0");
  CHECK(
      usage(R"("prompt_tokens":9,"completion_tokens":5,"reasoning_tokens":3,)"
            R"("completion_tokens_details":{"reasoning_tokens":0})") == "9 5 0 3");
  CHECK(usage(R"("total_tokens":14)") == "none");
}

TEST_CASE("counts that come in several events are put together", "[provider]")
{
  const auto text = forms::delta(R"("content":"Hi")", "stop");
  CHECK(
      counts_of(forms::streamed(
          {usage_chunk(R"({"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":4}})"),
           text,
           usage_chunk(R"({"prompt_tokens":0,"completion_tokens":5})")})) == "9 5 4 0");
  CHECK(
      counts_of(forms::streamed(
          {text,
           usage_chunk(R"({"prompt_tokens":9,"completion_tokens":5})"),
           usage_chunk(R"({"prompt_tokens_details":{"cached_tokens":4}})")})) == "9 5 4 0");
  // Counts so far, as Perplexity sends them: the last ones count.
  CHECK(
      counts_of(forms::streamed(
          {usage_chunk(R"({"prompt_tokens":9,"completion_tokens":1})"),
           text,
           usage_chunk(R"({"prompt_tokens":9,"completion_tokens":2})")})) == "9 2 0 0");
  // Moonshot's stand in the choice, Groq's in a member of its own.
  CHECK(
      counts_of(forms::streamed(
          {R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop",)"
           R"("usage":{"prompt_tokens":9,"completion_tokens":5,"cached_tokens":4}}]})",
           R"({"choices":[],"x_groq":{"usage":{}},"usage":null})"})) == "9 5 4 0");
  CHECK(
      counts_of(forms::whole(
          R"({"choices":[{"message":{"content":"a"},"usage":{"prompt_tokens":9}}],"usage":{}})")) ==
      "9 0 0 0");
}

TEST_CASE("counts of another type than a number say nothing", "[provider]")
{
  for (const std::string usage :
       {"[]",
        "7",
        "\"9\"",
        R"({"prompt_tokens":[9]})",
        R"({"prompt_tokens":{}})",
        R"({"prompt_tokens":"many"})",
        R"({"prompt_tokens":true})"}) {
    INFO(usage);
    CHECK(
        counts_of(forms::whole(
            R"({"choices":[{"message":{"content":"a"}}],"usage":)" + usage + "}")) == "none");
    CHECK(counts_of(forms::streamed({forms::delta("", "stop"), usage_chunk(usage)})) == "none");
  }
}

TEST_CASE("Ollama: odd counts and durations spoil no reply", "[provider]")
{
  const std::string line =
      R"({"message":{"content":"Hi"},"done":true,"done_reason":"stop","prompt_eval_count":"9",)"
      R"("eval_count":5.0,"total_duration":-1,"load_duration":-1,"eval_duration":null})";
  auto body = line;
  for (const auto& reply :
       {provider::ollama_wire().decode(body),
        support::read_stream_of(provider::ollama_wire(), line + '\n').reply}) {
    CHECK(counts_of(reply) == "9 5 0 0");
    CHECK_FALSE(reply.timings.load);
    CHECK_FALSE(reply.timings.eval);
  }
}

TEST_CASE("Anthropic stream: a later 0 or null takes no count back", "[provider]")
{
  const std::string start =
      R"(data: {"type":"message_start","message":{"usage":{"input_tokens":15,"output_tokens":1,)"
      R"("cache_read_input_tokens":8}}})"
      "\n\n";
  for (const std::string usage :
       {R"({"input_tokens":0,"output_tokens":4,"cache_read_input_tokens":0})",
        R"({"input_tokens":null,"output_tokens":4})",
        R"({"output_tokens":"4"})"}) {
    INFO(usage);
    const auto body =
        start + R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":)" +
        usage + "}\n\n" + R"(data: {"type":"message_stop"})" + "\n\n";
    CHECK(counts_of(support::read_stream_of(provider::anthropic_wire(), body).reply) == "23 4 8 0");
  }
}
