#include <asyncllm/impl/provider/wires.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <tuple>

using namespace asyncllm;
using Json = nlohmann::json;

namespace {

Json openai_body(const ChatRequest& request, const char* preset = "openai-compatible")
{
  std::string out = "head";  // the body is appended behind the head
  provider::openai_wire().encode(
      request, *provider::find_preset(preset), provider::Delivery::whole, out);
  return Json::parse(out.substr(4));
}

Reply openai_reply(std::string body)
{
  return provider::openai_wire().decode(body);
}

}  // namespace

TEST_CASE("OpenAI: only what was set is sent", "[provider]")
{
  CHECK(
      openai_body({"gpt", Messages().user("Hi"), {}}) ==
      Json::parse(R"({"model":"gpt","messages":[{"role":"user","content":"Hi"}],"stream":false})"));
}

TEST_CASE("OpenAI: parameters are sent by the host's names", "[provider]")
{
  ChatRequest request{"m", Messages().user("U"), {}};
  auto& parameters = request.parameters;
  parameters.temperature = 0;
  parameters.max_tokens = 50;
  parameters.top_p = 0.5;
  parameters.seed = -1;
  parameters.presence_penalty = 1.5;
  parameters.frequency_penalty = -0.5;
  parameters.stop = {"END"};
  parameters.keep_alive = std::chrono::seconds(1);  // means nothing on this wire
  CHECK(
      openai_body(request) ==
      Json::parse(R"({"model":"m","messages":[{"role":"user","content":"U"}],
    "temperature":0,"max_tokens":50,"top_p":0.5,"seed":-1,"presence_penalty":1.5,
    "frequency_penalty":-0.5,"stop":["END"],"stream":false})"));
  const auto official = openai_body(request, "openai");
  CHECK(official["max_completion_tokens"] == 50);
  CHECK_FALSE(official.contains("max_tokens"));
}

TEST_CASE("OpenAI: samplers of other servers are sent only where they are known", "[provider]")
{
  ChatRequest request{"m", Messages().user("U"), {}};
  request.parameters.top_k = 5;
  request.parameters.min_p = 0.1;
  request.parameters.seed = 1;
  for (const auto* const name : {"openai-compatible", "vllm", "llamacpp", "openrouter"}) {
    INFO(name);
    CHECK(openai_body(request, name)["top_k"] == 5);
    CHECK(openai_body(request, name)["min_p"] == 0.1);
  }
  for (const auto* const name : {"openai", "azure", "groq", "gemini", "mistral"}) {
    INFO(name);
    CHECK_FALSE(openai_body(request, name).contains("top_k"));
    CHECK_FALSE(openai_body(request, name).contains("min_p"));
  }
  CHECK(openai_body(request, "mistral")["random_seed"] == 1);
  CHECK_FALSE(openai_body(request, "mistral").contains("seed"));
}

TEST_CASE("OpenAI: thinking and effort are sent in each host's form", "[provider]")
{
  const auto parts = [](const char* preset, std::optional<bool> think, const char* effort) {
    ChatRequest request{"m", {}, {}};
    request.parameters.think = think;
    request.parameters.effort = effort;
    auto body = openai_body(request, preset);
    for (const auto* const always : {"model", "messages", "stream"})
      body.erase(always);
    return body.dump();
  };
  CHECK(parts("openai", std::nullopt, "") == "{}");
  CHECK(parts("openai", std::nullopt, "low") == R"({"reasoning_effort":"low"})");
  CHECK(parts("openai", true, "") == R"({"reasoning_effort":"medium"})");
  CHECK(parts("openai", false, "") == R"({"reasoning_effort":"none"})");
  CHECK(parts("openrouter", true, "high") == R"({"reasoning":{"effort":"high","enabled":true}})");
  CHECK(
      parts("deepseek", true, "low") ==
      R"({"reasoning_effort":"low","thinking":{"type":"enabled"}})");
  CHECK(parts("deepseek", false, "") == R"({"thinking":{"type":"disabled"}})");
  CHECK(parts("vllm", false, "") == R"({"chat_template_kwargs":{"enable_thinking":false}})");
}

TEST_CASE("OpenAI: the usage of a stream is requested where the host supports it", "[provider]")
{
  const ChatRequest request{"m", Messages().user("U"), {}};
  const auto streamed = [&](const char* preset, provider::Delivery delivery) {
    std::string out;
    provider::openai_wire().encode(request, *provider::find_preset(preset), delivery, out);
    return Json::parse(out);
  };
  using provider::Delivery;
  CHECK(
      streamed("openai", Delivery::streamed)["stream_options"] ==
      Json::parse(R"({"include_usage":true})"));
  CHECK_FALSE(streamed("mistral", Delivery::streamed).contains("stream_options"));
  const auto without = streamed("openai", Delivery::streamed_without_options);
  CHECK_FALSE(without.contains("stream_options"));
  CHECK(without["stream"] == true);
}

TEST_CASE("OpenAI: pictures and more texts make the content an array", "[provider]")
{
  ChatRequest request{"m", {}, {}};
  auto message = Message::user("Look").with_image("ab", "image/png").with_text("And?");
  message.with_extra(R"({"name":"Ann"})");
  request.messages.add(message);
  request.messages.add(Message::user("").with_image_url("https://h/x.png"));
  CHECK(openai_body(request)["messages"] == Json::parse(R"([
    {"role":"user","name":"Ann","content":[{"type":"text","text":"Look"},
      {"type":"image_url","image_url":{"url":"data:image/png;base64,YWI="}},
      {"type":"text","text":"And?"}]},
    {"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/x.png"}}]}])"));
}

TEST_CASE("OpenAI: reasoning is sent back only where the host expects it", "[provider]")
{
  ChatRequest request{"m", {}, {}};
  request.messages.add(Message::assistant("Yes.").with_reasoning("Hm."));
  CHECK(openai_body(request)["messages"][0].size() == 2);
  CHECK(openai_body(request, "deepseek")["messages"][0]["reasoning_content"] == "Hm.");
  request.messages = Messages().add(
      Message::assistant("Yes.").with_reasoning("Hm.", R"([{"type":"reasoning.text"}])"));
  CHECK(
      openai_body(request, "openrouter")["messages"][0]["reasoning_details"] ==
      Json::parse(R"([{"type":"reasoning.text"}])"));
}

TEST_CASE("OpenAI: token probabilities are requested and read", "[provider]")
{
  ChatRequest request{"m", {}, {}};
  request.parameters.logprobs = 0;
  CHECK(openai_body(request)["logprobs"] == true);
  CHECK_FALSE(openai_body(request).contains("top_logprobs"));
  request.parameters.logprobs = 2;
  CHECK(openai_body(request)["top_logprobs"] == 2);

  const auto reply = openai_reply(R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop",
    "logprobs":{"content":[{"token":"Hi","logprob":-0.25,"bytes":null,
      "top_logprobs":[{"token":"Hi","logprob":-0.25,"bytes":[1]}]}],"refusal":null}}]})");
  REQUIRE(reply.logprobs.size() == 1);
  CHECK(reply.logprobs[0].logprob == -0.25);
  REQUIRE(reply.logprobs[0].top.size() == 1);
  CHECK(reply.logprobs[0].top[0].token == "Hi");
}

TEST_CASE("OpenAI: extra fields win over ours", "[provider]")
{
  ChatRequest request{"m", Messages().user("U"), {}};
  request.parameters.temperature = 1;
  request.parameters.extra = R"({"temperature":0.5,"n":1,"a":{"b":null}})";
  const auto body = openai_body(request);
  CHECK(body["temperature"] == 0.5);
  CHECK(body["n"] == 1);
  CHECK(body["a"] == Json::parse(R"({"b":null})"));
}

TEST_CASE("OpenAI: tool calls and results of a history are sent", "[provider]")
{
  ChatRequest request{"m", Messages().user("U"), {}};
  request.messages.add(Message::assistant("", {{"c1", "f", R"({"x":"ä"})", R"({"g":1})"}}));
  request.messages.add(Message::tool("c1", "f", "ok"));
  const auto body = openai_body(request);
  CHECK(body["messages"][1] == Json::parse(R"({"role":"assistant","content":null,"tool_calls":[
    {"id":"c1","type":"function","extra_content":{"g":1},
     "function":{"name":"f","arguments":"{\"x\":\"ä\"}"}}]})"));
  CHECK(
      body["messages"][2] == Json::parse(R"({"role":"tool","content":"ok","tool_call_id":"c1"})"));
}

TEST_CASE("OpenAI: a whole reply is read with its usage", "[provider]")
{
  const auto reply =
      openai_reply(R"({"id":"chatcmpl-B9MH","object":"chat.completion","created":1741570283,
    "model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":"Hi",
    "refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],
    "usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,
    "prompt_tokens_details":{"cached_tokens":5},"completion_tokens_details":{"reasoning_tokens":3}}})");
  CHECK(reply.text == "Hi");
  CHECK(reply.refusal.empty());
  CHECK(reply.id == "chatcmpl-B9MH");
  CHECK(reply.model == "gpt-4o-2024-08-06");
  CHECK(reply.finish_reason == FinishReason::stop);
  CHECK(reply.usage.reported);
  CHECK(reply.usage.input_tokens == 19);
  CHECK(reply.usage.output_tokens == 10);
  CHECK(reply.usage.cached_input_tokens == 5);
  CHECK(reply.usage.reasoning_tokens == 3);
}

TEST_CASE("OpenAI: llama.cpp's order of fields, null content and timings are read", "[provider]")
{
  const auto reply =
      openai_reply(R"({"timings":{"prompt_ms":1.5,"predicted_ms":20,"prompt_n":3},"usage":null,
    "choices":[{"finish_reason":"length","index":0,"message":{"content":null,"role":"assistant",
    "reasoning_content":"thought"}}]})");
  CHECK(reply.text.empty());
  CHECK(reply.reasoning == "thought");
  CHECK(reply.finish_reason == FinishReason::length);
  CHECK_FALSE(reply.usage.reported);
  CHECK(reply.timings.prompt_eval == std::chrono::microseconds(1500));
  CHECK(reply.timings.eval == std::chrono::milliseconds(20));
}

TEST_CASE("OpenAI: of several choices the one with the lowest index is the reply", "[provider]")
{
  const auto reply = openai_reply(R"({"choices":[
    {"index":2,"message":{"content":"c"},"finish_reason":"stop"},
    {"finish_reason":"length","message":{"content":"a"},"index":1},
    {"index":3,"message":{"content":"d"},"finish_reason":"stop"}]})");
  CHECK(reply.text == "a");
  CHECK(reply.finish_reason == FinishReason::length);
}

TEST_CASE("OpenAI: content in parts, reasoning under its other names, refusals", "[provider]")
{
  const auto parts = openai_reply(R"({"choices":[{"message":{"content":[
    {"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"a"},
    {"type":"text","text":"b"}]},"finish_reason":"stop"}]})");
  CHECK(parts.text == "ab");
  CHECK(parts.reasoning == "hm");
  CHECK(
      openai_reply(R"({"choices":[{"message":{"content":"","reasoning":"r"}}]})").reasoning == "r");
  CHECK(
      openai_reply(R"({"choices":[{"message":{"content":null,"refusal":"no"}}]})").refusal == "no");
}

TEST_CASE("OpenAI: whole tool calls are handed on, a cut one never", "[provider]")
{
  const auto reply = openai_reply(
      R"({"choices":[{"finish_reason":"tool_calls","message":{"content":null,"tool_calls":[
    {"id":"a","type":"function","function":{"name":"f","arguments":"{\"ci\":\"ty\"}"}},
    {"id":"b","type":"function","function":{"name":"g","arguments":{}}}]}}]})");
  REQUIRE(reply.tool_calls.size() == 2);
  CHECK(reply.tool_calls[0].arguments == R"({"ci":"ty"})");
  CHECK(reply.tool_calls[1].arguments == "{}");
  CHECK(reply.finish_reason == FinishReason::tool_calls);

  const auto cut =
      openai_reply(R"({"choices":[{"finish_reason":"length","message":{"content":"Let me look.",
    "tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"ci"}}]}}]})");
  CHECK(cut.tool_calls.empty());
  CHECK(openai_reply(R"({"choices":[{"finish_reason":"length","message":{"content":"","tool_calls":[
    {"id":"a","function":{"name":"f","arguments":""}}]}}]})")
            .tool_calls.empty());
  CHECK(cut.text == "Let me look.");
  CHECK(cut.finish_reason == FinishReason::length);
}

TEST_CASE("OpenAI: unknown finish reasons are kept as they are", "[provider]")
{
  const auto reply =
      openai_reply(R"({"choices":[{"message":{"content":"x"},"finish_reason":"banana"}]})");
  CHECK(reply.finish_reason == FinishReason::unknown);
  CHECK(reply.finish_reason_text == "banana");
  CHECK(
      openai_reply(R"({"choices":[{"message":{"content":"x"},"finish_reason":"MAX_TOKENS"}]})")
          .finish_reason == FinishReason::length);
}

TEST_CASE("OpenAI: an error inside a 200 has the kind of the code it names", "[provider]")
{
  const auto error = support::error_of([] {
    openai_reply(
        R"({"error":{"code":429,"message":"slow down","metadata":{"provider_name":"x"}}})");
  });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::rate_limited);
  CHECK(error->http_status() == 429);
  CHECK(error->server_message() == "slow down");
  CHECK(support::fails_with(ErrorKind::server_error, "Unexpected endpoint", [] {
    openai_reply(R"x({"error":"Unexpected endpoint or method. (POST /chat/completions)"})x");
  }));
}

TEST_CASE("OpenAI: MiniMax's refusals in a 200 have their kinds and messages", "[provider]")
{
  const auto refusal = [](const std::string& code, const std::string& words) {
    return support::error_of([&] {
      openai_reply(
          R"({"id":"1","choices":null,"usage":{"total_tokens":0},"base_resp":{"status_code":)" +
          code + R"(,"status_msg":")" + words + "\"}}");
    });
  };
  const std::tuple<const char*, const char*, ErrorKind> refusals[] = {
      {"1002", "rate limit", ErrorKind::rate_limited},
      {"1004", "login fail", ErrorKind::authentication},
      {"1008", "insufficient balance", ErrorKind::quota_exceeded},
      {"1027", "output new_sensitive", ErrorKind::content_filtered},
      {"2013", "invalid params", ErrorKind::bad_request},
      {"9999", "something new", ErrorKind::server_error}};
  for (const auto& [code, words, kind] : refusals) {
    const auto error = refusal(code, words);
    REQUIRE(error);
    CHECK(error->kind() == kind);
    CHECK(error->server_message() == words);
    CHECK(error->server_code() == code);
  }
  CHECK(
      openai_reply(R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],
        "base_resp":{"status_code":0,"status_msg":""}})")
          .text == "Hi");
}

TEST_CASE("OpenAI: an answer without a choice is a bad response", "[provider]")
{
  for (const auto* body :
       {"{}",
        "[]",
        "",
        "<html></html>",
        R"({"choices":[]})",
        R"({"choices":null})",
        R"({"choices":[{"index":0}]})",
        R"({"choices":[{"message":{"content":{}}}]})",
        R"({"choices":[{"message":{"content":"x"}}]})"
        "x"}) {
    INFO(body);
    CHECK(support::fails_with(ErrorKind::bad_response, "", [&] { openai_reply(body); }));
  }
}

TEST_CASE(
    "OpenAI: gateways' empty error, a byte order mark and odd members cost no reply", "[provider]")
{
  const std::string choice = R"("choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}])";
  for (
      const auto& body :
      {R"({"error":{"message":"","type":"","param":"","code":null},)" + choice + "}",
       R"({"error":"",)" + choice + "}",
       "\xEF\xBB\xBF{" + choice + "}",
       std::string(
           R"({"choices":[{"message":{"content":[{"type":"text","text":"Hi"},"",null],"refusal":false}}]})"),
       std::string(
           R"({"choices":[{"message":{"content":"Hi"},"logprobs":{"content":[{"token":"Hi","logprob":-Infinity}]}}]})")}) {
    INFO(body);
    CHECK(openai_reply(body).text == "Hi");
  }
  CHECK(
      openai_reply(R"({"choices":[{"message":{"content":"Hi","thinking":"Hm"}}]})").reasoning ==
      "Hm");
}

TEST_CASE("OpenAI: an error in a choice is one, with the text so far", "[provider]")
{
  const auto in_choice = support::error_of([] {
    openai_reply(
        R"({"choices":[{"message":{"content":"so far"},"finish_reason":"error",
        "error":{"code":502,"message":"gone"}}]})");
  });
  REQUIRE(in_choice);
  CHECK(in_choice->kind() == ErrorKind::overloaded);
  CHECK(in_choice->server_message() == "gone");
  CHECK(in_choice->partial_text() == "so far");
}

TEST_CASE("OpenAI: the models' names are read", "[provider]")
{
  std::string body =
      R"({"object":"list","data":[{"id":"a","object":"model"},{"object":"model","id":"b"}]})";
  CHECK(provider::openai_wire().decode_models(body).names == std::vector<std::string>{"a", "b"});
}

TEST_CASE("extra fields take no digits from what stands beside them", "[provider]")
{
  const auto encoded = [](const std::string& extra, const std::string& arguments) {
    ChatRequest request;
    request.model = "m";
    request.messages.user("x");
    request.messages.add(
        Message::assistant("", {ToolCall{"id", "f", arguments, R"({"n":1e999})"}}));
    request.parameters.extra = extra;
    std::string body;
    const auto& preset = provider::preset_named("openai");
    provider::wire_of(preset).encode(request, preset, provider::Delivery::whole, body);
    return body;
  };
  const std::string huge = "123456789012345678901234567890";
  const auto body = encoded(R"({"a":)" + huge + R"(,"b":1.10,"n":1e999})", "{}");
  CHECK(body.find(R"("a":)" + huge + R"(,"b":1.10,"n":1e999})") != std::string::npos);
  CHECK(body.find(R"("extra_content":{"n":1e999})") != std::string::npos);
}
