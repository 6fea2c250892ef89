// An answer on each wire: what is sent, and when.
#include <asyncllm/core/error.hpp>

#include "requests.hpp"
#include "support/test.hpp"

#include <nlohmann/json.hpp>

using namespace asyncllm::testing;
using namespace std::chrono_literals;
using nlohmann::json;
using support::post;

namespace {

std::string body(const char* stream, const char* more = "")
{
  return std::string(R"({"model":"m","max_tokens":9,"stream":)") + stream + more +
         R"(,"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"What now?"}]})";
}

std::vector<std::chrono::milliseconds> delays(const Playback& playback)
{
  std::vector<std::chrono::milliseconds> all;
  for (const Step& step : playback.steps)
    all.push_back(step.delay);
  return all;
}

Playback played(const Answer& answer, const std::string& request)
{
  Script script;
  script.push(answer);
  return script.play(parsed(request), some_day());
}

support::RawResponse sent(const Answer& answer, const std::string& request)
{
  std::string bytes = all_bytes(played(answer, request));
  const auto response = support::cut_response(bytes);
  CHECK(bytes.empty());
  return response;
}

std::vector<json> lines(const std::string& text, std::string_view before = "")
{
  std::vector<json> values;
  std::size_t at = 0;
  for (auto end = text.find('\n'); end != text.npos; at = end + 1, end = text.find('\n', at)) {
    const std::string line = text.substr(at, end - at);
    if (line.starts_with(before) && line.size() > before.size() && !line.ends_with("[DONE]"))
      values.push_back(json::parse(line.substr(before.size())));
  }
  return values;
}

using Delays = std::vector<std::chrono::milliseconds>;

}  // namespace

TEST_CASE("Ollama's whole answer has the text, the counts and the durations")
{
  const Answer answer = Answer::text("Two words.").after(1500ms);
  const auto response = sent(answer, post("/api/chat", body("false")));
  CHECK(response.status == 200);
  CHECK(response.has("Content-Type: application/json; charset=utf-8"));
  CHECK(
      json::parse(response.body) ==
      json::parse(R"({"model":"m","created_at":"2026-01-02T03:04:06.506000000Z",
        "message":{"role":"assistant","content":"Two words."},"done":true,"done_reason":"stop",
        "total_duration":1500102000,"load_duration":100000,"prompt_eval_count":4,
        "prompt_eval_duration":1500000000,"eval_count":2,"eval_duration":2000})"));
  CHECK(delays(played(answer, post("/api/chat", body("false")))) == Delays{1500ms});
}

TEST_CASE("Ollama's stream has a line for every token and one that ends it")
{
  const Answer answer =
      Answer::text("").tokens({"One", " two"}, 20ms).after(10ms).finish_reason("length");
  const auto response = sent(answer, post("/api/chat", body("true")));
  CHECK(response.chunked);
  CHECK(response.has("Content-Type: application/x-ndjson"));
  const auto frames = lines(response.body);
  REQUIRE(frames.size() == 3);
  CHECK(frames[0] == json::parse(R"({"model":"m","created_at":"2026-01-02T03:04:05.016000000Z",
                      "message":{"role":"assistant","content":"One"},"done":false})"));
  CHECK(frames[1]["created_at"] == "2026-01-02T03:04:05.036000000Z");
  CHECK(frames[1]["message"]["content"] == " two");
  CHECK(frames[2]["message"]["content"] == "");
  CHECK(frames[2]["done"] == true);
  CHECK(frames[2]["done_reason"] == "length");
  CHECK(frames[2]["eval_count"] == 2);
  CHECK(frames[2]["eval_duration"] == 20'000'000);
  CHECK(delays(played(answer, post("/api/chat", body("true")))) == Delays{10ms, 20ms});
}

TEST_CASE("Ollama streams when the request does not say")
{
  const auto chat = sent(Answer::text("a b"), post("/api/chat", R"({"model":"m"})"));
  CHECK(lines(chat.body).size() == 3);
  const auto generate =
      sent(Answer::echo(), post("/api/generate", R"({"model":"m","prompt":"x y"})"));
  CHECK(lines(generate.body)[1]["response"] == " y");
}

TEST_CASE("OpenAI's whole answer has the text and the usage")
{
  const auto response =
      sent(Answer::text("Two words."), post("/v1/chat/completions", body("false")));
  CHECK(response.has("Content-Type: application/json"));
  CHECK(response.has("x-request-id: req_scripted_1"));
  CHECK(
      json::parse(response.body) ==
      json::parse(
          R"({"id":"chatcmpl-scripted-1","object":"chat.completion","created":1767323045,
        "model":"m","choices":[{"index":0,
        "message":{"role":"assistant","content":"Two words.","refusal":null},
        "logprobs":null,"finish_reason":"stop"}],
        "usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6}})"));
}

TEST_CASE("OpenAI's stream has a role, the tokens, a finish reason and [DONE]")
{
  const auto response = sent(
      Answer::text("One two").finish_reason("length"), post("/v1/chat/completions", body("true")));
  CHECK(response.has("Content-Type: text/event-stream; charset=utf-8"));
  CHECK(response.body.ends_with("\n\ndata: [DONE]\n\n"));
  const auto chunks = lines(response.body, "data: ");
  REQUIRE(chunks.size() == 4);
  CHECK(
      chunks[0] == json::parse(
                       R"({"id":"chatcmpl-scripted-1","object":"chat.completion.chunk",
        "created":1767323045,"model":"m","choices":[{"index":0,
        "delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,
        "finish_reason":null}]})"));
  CHECK(chunks[1]["choices"][0]["delta"] == json::parse(R"({"content":"One"})"));
  CHECK(chunks[2]["choices"][0]["delta"]["content"] == " two");
  CHECK(chunks[2]["choices"][0]["finish_reason"].is_null());
  CHECK(chunks[3]["choices"][0]["delta"] == json::object());
  CHECK(chunks[3]["choices"][0]["finish_reason"] == "length");
}

TEST_CASE("OpenAI's usage ends the stream if it was requested")
{
  const auto response = sent(
      Answer::echo(),
      post("/v1/chat/completions", body("true", R"(,"stream_options":{"include_usage":true})")));
  const auto chunks = lines(response.body, "data: ");
  REQUIRE(chunks.size() == 5);
  CHECK(chunks[1]["usage"].is_null());
  CHECK(chunks[4]["choices"] == json::array());
  CHECK(chunks[4]["usage"]["total_tokens"] == 6);
}

TEST_CASE("Anthropic's answers have their blocks and events")
{
  const auto whole = sent(Answer::text("Two words."), post("/v1/messages", body("false")));
  CHECK(whole.has("request-id: req_scripted_1"));
  const json message = json::parse(whole.body);
  CHECK(message["content"] == json::parse(R"([{"type":"text","text":"Two words."}])"));
  CHECK(message["stop_reason"] == "end_turn");
  CHECK(message["usage"] == json::parse(R"({"input_tokens":4,"output_tokens":2})"));

  const auto stream = sent(Answer::text("One two"), post("/v1/messages", body("true")));
  std::string types;
  std::string text;
  for (const json& event : lines(stream.body, "data: ")) {
    const std::string type = event["type"];
    types += type + " ";
    CHECK(
        stream.body.find("event: " + type + "\ndata: {\"type\":\"" + type + "\"") !=
        std::string::npos);
    text += type == "content_block_delta" ? event["delta"]["text"].get<std::string>() : "";
  }
  CHECK(
      types ==
      "message_start content_block_start content_block_delta "
      "content_block_delta "
      "content_block_stop message_delta message_stop ");
  CHECK(text == "One two");
}

TEST_CASE("errors have the form of each wire")
{
  const Answer limited = Answer::error(429, "slow down").header("Retry-After", "2");
  const auto ollama = sent(limited, post("/api/chat", body("true")));
  CHECK(ollama.status == 429);
  CHECK(ollama.has("Retry-After: 2"));
  CHECK(ollama.body == R"({"error":"slow down"})");
  const auto openai = sent(limited, post("/v1/chat/completions", body("true")));
  CHECK(
      openai.body ==
      R"({"error":{"message":"slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}})");
  const auto anthropic = sent(limited, post("/v1/messages", body("true")));
  CHECK(
      anthropic.body ==
      R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"}})");
}

TEST_CASE("a status is sent as it is, to a stream as well")
{
  const auto response = sent(
      Answer::status(502, "<html>bad</html>", "text/html").after(5ms),
      post("/v1/chat/completions", body("true")));
  CHECK(response.status == 502);
  CHECK(response.head.starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
  CHECK(response.has("Content-Type: text/html"));
  CHECK(response.body == "<html>bad</html>");
  const auto empty = sent(Answer::status(204), post("/api/chat", body("true")));
  CHECK(empty.head.find("Content-Length") == std::string::npos);
}

TEST_CASE("a whole answer takes as long as its last token")
{
  const Answer answer = Answer::text("one two three").after(100ms).pace(10ms);
  CHECK(delays(played(answer, post("/api/chat", body("false")))) == Delays{120ms});
  CHECK(delays(played(answer, post("/api/chat", body("true")))) == Delays{100ms, 10ms, 10ms});
}

TEST_CASE("tokens keep every byte of the text, and none is cut or joined when they are given")
{
  for (const char* text :
       {"", " ", "one", " one  two\n\nthree ", "\xC3\xA9t\xC3\xA9 \xF0\x9F\x99\x82"}) {
    std::string together;
    for (const json& frame : lines(sent(Answer::text(text), post("/api/chat", body("true"))).body))
      together += frame["message"]["content"].get<std::string>();
    CHECK(together == text);
  }
  const Answer given = Answer::text("x").tokens({"a b", "", "c"});
  CHECK(lines(sent(given, post("/api/chat", body("true"))).body).size() == 4);
  CHECK(
      json::parse(sent(given, post("/api/chat", body("false"))).body)["message"]["content"] ==
      "a bc");
}

TEST_CASE("invalid UTF-8 does not break the JSON")
{
  const auto response = sent(Answer::text("a\xFFz"), post("/api/chat", body("false")));
  CHECK(json::parse(response.body)["message"]["content"] == "a\xEF\xBF\xBDz");
}

TEST_CASE("usage, headers and the connection's end are as scripted")
{
  const auto response = sent(
      Answer::text("x")
          .usage(100, 7)
          .header("content-type", "text/odd")
          .header("X-Id", "1")
          .close(),
      post("/v1/chat/completions", body("false")));
  CHECK(json::parse(response.body)["usage"]["prompt_tokens"] == 100);
  CHECK(json::parse(response.body)["usage"]["completion_tokens"] == 7);
  CHECK(response.has("content-type: text/odd"));
  CHECK_FALSE(response.has("Content-Type: application/json"));
  CHECK(response.has("X-Id: 1"));
  CHECK(response.has("Connection: close"));
  CHECK(played(Answer::text("x").close(), post("/api/chat", body("true"))).ending == Ending::close);
  CHECK(played(Answer::text("x"), post("/api/chat", body("true"))).ending == Ending::keep);
}

TEST_CASE("a client that closes, or cannot read chunks, gets its answer so")
{
  const std::string json_body = body("true");
  const std::string length = "Content-Length: " + std::to_string(json_body.size()) + "\r\n\r\n";
  const Playback old =
      played(Answer::text("a b"), "POST /api/chat HTTP/1.0\r\n" + length + json_body);
  CHECK(old.ending == Ending::close);
  const std::string bytes = all_bytes(old);
  CHECK(bytes.find("Transfer-Encoding") == std::string::npos);
  CHECK(bytes.find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK(lines(bytes.substr(bytes.find("\r\n\r\n") + 4)).size() == 3);
  CHECK(
      played(Answer::text("a"), post("/api/chat", json_body, "Connection: close\r\n")).ending ==
      Ending::close);
  const Playback head = played(Answer::text("a"), "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(all_bytes(head).ends_with("Content-Length: 17\r\n\r\n"));
}

TEST_CASE("an answer that makes no sense is refused when it is written")
{
  const auto refused = [](auto make) {
    try {
      make();
    } catch (const asyncllm::Error& error) {
      return error.kind() == asyncllm::ErrorKind::invalid_argument;
    }
    return false;
  };
  CHECK(refused([] { Answer::status(99); }));
  CHECK(refused([] { Answer::status(600); }));
  CHECK(refused([] { Answer::error(101, "switch"); }));
  CHECK(refused([] { Answer::status(200, "", "text/plain\r\nX: y"); }));
  CHECK(refused([] { Answer::text("x").after(-1ms); }));
  CHECK(refused([] { Answer::text("x").pace(-1ms); }));
  CHECK(refused([] { Answer::text("x").header("X Y", "z"); }));
  CHECK(refused([] { Answer::text("x").header("", "z"); }));
  CHECK(refused([] { Answer::text("x").header("X", "a\nb"); }));
  CHECK(refused([] { Answer::status(200).tokens({"a"}); }));
  CHECK(refused([] { Answer::error(500, "x").usage(1, 2); }));
  CHECK_FALSE(refused([] { Answer::echo().tokens({"a"}).header("X-Y", "").usage(1, 2); }));
}
