// Streamed replies of both wires, by hand: what real servers were seen to send.
#include "error_of.hpp"
#include "stream_reader.hpp"
#include "test.hpp"

#include <string>
#include <vector>

using namespace asyncllm;
using support::read_ollama_stream;
using support::read_openai_stream;

namespace {

std::string chunk(const std::string& choice)
{
  return "data: {\"choices\":[" + choice + "]}\n\n";
}

std::string delta(const std::string& fields, const std::string& more = "")
{
  return chunk("{\"index\":0,\"delta\":{" + fields + "}" + more + "}");
}

const std::string stop_delta = delta("", ",\"finish_reason\":\"stop\"");
const std::string done = "data: [DONE]\n\n";

std::string tool(const std::string& fields)
{
  return delta("\"tool_calls\":[{" + fields + "}]");
}

}  // namespace

TEST_CASE("OpenAI stream: role, text, finish reason and later usage make a reply", "[provider]")
{
  const auto result = read_openai_stream(
      "data: "
      "{\"id\":\"c1\",\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{\"role\":"
      "\"assistant\","
      "\"content\":null,\"refusal\":null},\"finish_reason\":null}],\"usage\":null}\n\n" +
      delta("\"content\":\"Hel\"") + ": OPENROUTER PROCESSING\n\n" + delta("\"content\":\"lo\"") +
      stop_delta +
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":19,\"completion_tokens\":10}}\n\n" +
      done);
  CHECK(result.is_complete);
  CHECK(result.reply.text == "Hello");
  CHECK(result.deltas == "Hello");
  CHECK(result.reply.finish_reason == FinishReason::stop);
  CHECK(result.reply.usage.input_tokens == 19);
  CHECK(result.reply.id == "c1");
  CHECK(result.reply.model == "gpt");
}

TEST_CASE(
    "OpenAI stream: complete by a finish reason or by [DONE] behind a choice, else not",
    "[provider]")
{
  const auto text = delta("\"content\":\"a\"");
  CHECK(read_openai_stream(text + stop_delta).is_complete);
  CHECK(read_openai_stream(text + done).is_complete);
  CHECK(read_openai_stream(text + "data: [DONE]").is_complete);
  CHECK_FALSE(read_openai_stream(text).is_complete);
  CHECK_FALSE(read_openai_stream(done).is_complete);
  CHECK_FALSE(read_openai_stream("").is_complete);
  CHECK_FALSE(
      read_openai_stream(delta("\"content\":\"a\"", ",\"finish_reason\":\"\"")).is_complete);
  const auto unknown = read_openai_stream(text + done);
  CHECK(unknown.reply.finish_reason == FinishReason::unknown);
}

TEST_CASE("OpenAI stream: [DONE] inside a text ends nothing", "[provider]")
{
  const auto result =
      read_openai_stream(delta(R"("content":"data: [DONE]\n\n")") + stop_delta + done);
  CHECK(result.reply.text == "data: [DONE]\n\n");
  CHECK(result.is_complete);
}

TEST_CASE(
    "OpenAI stream: an error event throws with the text so far, in every server's form",
    "[provider]")
{
  const std::pair<const char*, const char*> events[] = {
      {R"(data: {"error":{"message":"The server had an error","type":"server_error"}})",
       "The server had an error"},
      {R"(data: {"error":{"message":"bad","type":"BadRequestError","param":null,"code":400}})",
       "bad"},
      {R"(error: {"code":500,"message":"old llama.cpp","type":"server_error"})", "old llama.cpp"},
      {R"(data: {"id":"x","error":{"code":"server_error","message":"Provider disconnected"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]})",
       "Provider disconnected"},
      {"event: error\ndata: {\"error\":{\"message\":\"Compute error.\"},\"message\":\"Compute "
       "error.\"}",
       "Compute error."},
      {R"(data: {"error":"text"})", "text"},
      {R"(data: {"choices":null,"base_resp":{"status_code":1002,"status_msg":"rate limit"}})",
       "rate limit"},
      {"data: <html>502</html>", ""},
      {"event: error\ndata: upstream timed out", "upstream timed out"},
      {R"(data: [{"error":{"code":503,"message":"in a list","status":"UNAVAILABLE"}}])",
       "in a list"},
      {R"(data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error","error":{"code":502,"message":"in a choice"}}]})",
       "in a choice"},
  };
  for (const auto& [event, message] : events) {
    INFO(event);
    const auto error = support::error_of([&, text = std::string(event)] {
      read_openai_stream(delta("\"content\":\"so far\"") + text + "\n\n" + done);
    });
    REQUIRE(error);
    CHECK(error->partial_text() == "so far");
    CHECK(error->server_message() == message);
  }
}

TEST_CASE("OpenAI stream: an error of nothing but empty members is none", "[provider]")
{
  for (const std::string error :
       {"null", "\"\"", "{}", "false", R"({"message":"","type":"","param":null,"code":0})"}) {
    INFO(error);
    const auto result = read_openai_stream(
        delta("\"content\":\"Hi\"") + "data: {\"error\":" + error + ",\"choices\":[]}\n\n" +
        stop_delta);
    CHECK(result.is_complete);
    CHECK(result.reply.text == "Hi");
  }
}

TEST_CASE("OpenAI stream: fragments of tool calls are put together by the rule", "[provider]")
{
  const auto result = read_openai_stream(
      tool(
          R"("index":0,"id":"call_a","type":"function","function":{"name":"get_weather","arguments":""})") +
      tool(R"("index":0,"function":{"arguments":"{\"ci"})") +
      tool(R"("index":1,"id":"call_b","function":{"name":"now","arguments":"{}"})") +
      tool(R"("index":0,"function":{"arguments":"ty\":\"Paris\"}"})") +
      delta("", ",\"finish_reason\":\"tool_calls\"") + done);
  REQUIRE(result.reply.tool_calls.size() == 2);
  CHECK(result.reply.tool_calls[0].id == "call_a");
  CHECK(result.reply.tool_calls[0].name == "get_weather");
  CHECK(result.reply.tool_calls[0].arguments == R"({"city":"Paris"})");
  CHECK(result.reply.tool_calls[1].name == "now");
}

TEST_CASE(
    "OpenAI stream: calls that all claim index 0, have no index, or a late name", "[provider]")
{
  const auto same_index = read_openai_stream(
      tool(R"("index":0,"id":"a","function":{"name":"f","arguments":"{}"})") +
      tool(R"("index":0,"id":"b","function":{"name":"g","arguments":"{\"x\""})") +
      tool(R"("index":0,"id":"b","function":{"arguments":":1}"})") + stop_delta);
  REQUIRE(same_index.reply.tool_calls.size() == 2);
  CHECK(same_index.reply.tool_calls[1].arguments == R"({"x":1})");

  const auto no_index = read_openai_stream(
      tool(R"("id":"a","function":{"name":"f","arguments":"{"})") +
      tool(R"("function":{"arguments":"}"})") +
      tool(R"("id":"b","function":{"name":"g","arguments":{"y":2}})") + stop_delta);
  REQUIRE(no_index.reply.tool_calls.size() == 2);
  CHECK(no_index.reply.tool_calls[0].arguments == "{}");
  CHECK(nlohmann::json::parse(no_index.reply.tool_calls[1].arguments)["y"] == 2);

  const auto late_name = read_openai_stream(
      tool(R"("index":0,"id":"a","function":{"arguments":"{}"})") +
      tool(R"("index":0,"function":{"name":"f"})") + stop_delta);
  REQUIRE(late_name.reply.tool_calls.size() == 1);
  CHECK(late_name.reply.tool_calls[0].name == "f");
}

TEST_CASE("OpenAI stream: a tool call cut by the limit is not handed on", "[provider]")
{
  const auto result = read_openai_stream(
      delta("\"content\":\"Let me look. \"") +
      tool(R"("index":0,"id":"a","function":{"name":"f","arguments":"{\"ci"})") +
      delta("", ",\"finish_reason\":\"length\"") + done);
  CHECK(result.is_complete);
  CHECK(result.reply.tool_calls.empty());
  CHECK(result.reply.text == "Let me look. ");
  CHECK(result.reply.finish_reason == FinishReason::length);
}

TEST_CASE("OpenAI stream: of several choices the lowest is read, wherever it stands", "[provider]")
{
  const auto result = read_openai_stream(
      chunk(R"({"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"x"}})") +
      chunk(R"({"index":1,"delta":{"content":"y"},"finish_reason":"stop"})") +
      chunk(R"({"index":1,"delta":{"content":"z"}},{"index":0,"delta":{"content":"b"}})"));
  CHECK(result.reply.text == "ab");
  CHECK_FALSE(result.is_complete);  // the other choice's end is not this one's
}

TEST_CASE("OpenAI stream: another choice that comes before the first is not mixed in", "[provider]")
{
  const std::string other = R"({"index":1,"delta":{"content":"x"}})";
  const auto late = read_openai_stream(
      chunk(other) + delta("\"content\":\"a\"") + chunk(other) + delta("\"content\":\"b\"") +
      stop_delta + done);
  CHECK(late.reply.text == "ab");
  CHECK(late.deltas == "ab");
  CHECK(late.is_complete);

  const auto alone = read_openai_stream(
      chunk(R"({"index":2,"delta":{"content":"z"}})") + chunk(other) +
      chunk(R"({"index":1,"delta":{"content":"y"},"finish_reason":"stop"})") + done);
  CHECK(alone.reply.text == "xy");
  CHECK(alone.is_complete);
}

TEST_CASE(
    "OpenAI stream: calls without index and id are separated when they are complete", "[provider]")
{
  for (const std::string index : {"", "\"index\":0,"}) {
    const auto result = read_openai_stream(
        tool(index + R"("function":{"name":"f","arguments":"{\"x\":1}"})") +
        tool(index + R"("function":{"name":"f","arguments":"{\"x\""})") +
        tool(index + R"("function":{"name":"f","arguments":":2}"})") +
        tool(index + R"("function":{"name":"f","arguments":""})") + stop_delta);
    REQUIRE(result.reply.tool_calls.size() == 2);
    CHECK(result.reply.tool_calls[0].arguments == R"({"x":1})");
    CHECK(result.reply.tool_calls[1].arguments == R"({"x":2})");
  }
}

TEST_CASE("OpenAI stream: the whole message repeated at the end doubles nothing", "[provider]")
{
  const auto result = read_openai_stream(
      delta("\"content\":\"Hi \"") + delta("\"content\":\"you\"") +
      chunk(R"({"index":0,"message":{"content":"Hi you"},"finish_reason":"stop"})") + done);
  CHECK(result.reply.text == "Hi you");
  CHECK(result.reply.finish_reason == FinishReason::stop);
}

TEST_CASE(
    "OpenAI stream: reasoning under its names, Azure's first chunk, null deltas", "[provider]")
{
  const auto result = read_openai_stream(
      "data: {\"id\":\"\",\"model\":\"\",\"choices\":[],\"prompt_filter_results\":[{}]}\n\n" +
      delta("\"reasoning_content\":\"a\"") + delta("\"reasoning\":\"b\"") +
      delta("\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"c\"}]}"
            "]") +
      chunk("{\"index\":0,\"delta\":null}") + chunk("{\"index\":0}") + stop_delta);
  CHECK(result.reply.reasoning == "abc");
  CHECK(result.is_complete);
}

TEST_CASE("Ollama stream: lines make a reply with counters", "[provider]")
{
  for (const std::size_t piece : {0U, 1U, 5U}) {
    const auto result = read_ollama_stream(
        "{\"model\":\"gemma3\",\"message\":{\"role\":\"assistant\",\"thinking\":\"hm\",\"content\":"
        "\"Par\"},\"done\":false}\n"
        "{\"model\":\"gemma3\",\"message\":{\"role\":\"assistant\",\"content\":\"is "
        "🌍\"},\"done\":false}\n"
        "{\"model\":\"gemma3\",\"message\":{\"content\":\"!\"},\"done\":true,\"done_reason\":"
        "\"stop\","
        "\"prompt_eval_count\":11,\"eval_count\":18,\"load_duration\":5}",
        piece);
    CHECK(result.is_complete);
    CHECK(result.reply.text == "Paris 🌍!");
    CHECK(result.deltas == "Paris 🌍!");
    CHECK(result.reply.reasoning == "hm");
    CHECK(result.reply.usage.output_tokens == 18);
    CHECK(result.reply.timings.load == std::chrono::nanoseconds(5));
  }
}

TEST_CASE("Ollama stream: without done:true it is not complete, an error line throws", "[provider]")
{
  const std::string line = "{\"message\":{\"content\":\"so far\"},\"done\":false}\n";
  CHECK_FALSE(read_ollama_stream(line).is_complete);
  const auto error = support::error_of([&] {
    read_ollama_stream(line + "{\"error\":\"an error was encountered while running the model\"}");
  });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::server_error);
  CHECK(error->partial_text() == "so far");
  CHECK(error->server_message() == "an error was encountered while running the model");
}

TEST_CASE("Ollama stream: whole calls come with the end and keep their number", "[provider]")
{
  const auto result = read_ollama_stream(
      R"({"message":{"content":"","tool_calls":[{"function":{"index":0,"name":"f","arguments":{"a":1}}},)"
      R"({"function":{"index":0,"name":"g","arguments":{}}}]},"done":true,"done_reason":"stop"})");
  REQUIRE(result.reply.tool_calls.size() == 2);
  CHECK(result.reply.tool_calls[0].name == "f");
  CHECK(result.reply.tool_calls[1].name == "g");
}

TEST_CASE("names of members may be written with escapes, in tokens and in whole replies")
{
  const auto openai = read_openai_stream(
      R"(data: {"\u0063hoices":[{"index":0,"d\u0065lta":{"cont\u0065nt":"a"}}]})"
      "\n\n" +
      stop_delta + done);
  CHECK(openai.reply.text == "a");
  const auto ollama =
      read_ollama_stream(R"({"m\u0065ssage":{"\u0063ontent":"a"},"done":false})"
                         "\n"
                         R"({"message":{"content":""},"d\u006fne":true,"done_reason":"stop"})"
                         "\n");
  CHECK(ollama.reply.text == "a");
}
