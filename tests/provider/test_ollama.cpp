#include <asyncllm/impl/provider/wires.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <string>

using namespace asyncllm;
using Json = nlohmann::json;

namespace {

Json ollama_body(const ChatRequest& request)
{
  std::string out;
  provider::ollama_wire().encode(
      request, *provider::find_preset("ollama"), provider::Delivery::whole, out);
  return Json::parse(out);
}

Reply ollama_reply(std::string body)
{
  return provider::ollama_wire().decode(body);
}

}  // namespace

TEST_CASE("Ollama: only what was set is sent", "[provider]")
{
  const ChatRequest request{"gemma3", Messages().user("Hi"), {}};
  CHECK(
      ollama_body(request) ==
      Json::parse(
          R"({"model":"gemma3","messages":[{"role":"user","content":"Hi"}],"stream":false})"));
}

TEST_CASE("Ollama: parameters go to options by the server's names", "[provider]")
{
  ChatRequest request{"m", Messages().system("S").user("U").assistant("A").user("V"), {}};
  auto& parameters = request.parameters;
  parameters.temperature = 0.7;
  parameters.max_tokens = 50;
  parameters.top_p = 0.5;
  parameters.top_k = 3;
  parameters.min_p = 0.25;
  parameters.seed = 42;
  parameters.presence_penalty = 1;
  parameters.frequency_penalty = -1;
  parameters.context_length = 4096;
  parameters.stop = {"END", "\n"};
  parameters.keep_alive = std::chrono::minutes(5);
  parameters.truncate = false;
  CHECK(ollama_body(request) == Json::parse(R"({
    "model": "m", "stream": false, "keep_alive": 300, "truncate": false,
    "messages": [{"role":"system","content":"S"}, {"role":"user","content":"U"},
                 {"role":"assistant","content":"A"}, {"role":"user","content":"V"}],
    "options": {"temperature":0.7, "num_predict":50, "top_p":0.5, "top_k":3, "min_p":0.25, "seed":42,
                "presence_penalty":1, "frequency_penalty":-1, "num_ctx":4096, "stop":["END","\n"]}})"));
}

TEST_CASE("Ollama: extra fields are merged last, into options too", "[provider]")
{
  ChatRequest request{"m", Messages().user("U"), {}};
  request.parameters.temperature = 0.7;
  request.parameters.extra = R"({"format":"json","options":{"num_gpu":1,"temperature":0}})";
  const auto body = ollama_body(request);
  CHECK(body["format"] == "json");
  CHECK(body["options"] == Json::parse(R"({"temperature":0,"num_gpu":1})"));
  CHECK(body["model"] == "m");
}

TEST_CASE("Ollama: tool calls and results of a history are sent", "[provider]")
{
  ChatRequest request{"m", Messages().user("U"), {}};
  request.messages.add(Message::assistant("", {{"call_1", "weather", R"({"city":"Tokyo"})", ""}}));
  request.messages.add(Message::tool("call_1", "weather", "11 C"));
  const auto body = ollama_body(request);
  CHECK(
      body["messages"][1]["tool_calls"] ==
      Json::parse(
          R"([{"id":"call_1","function":{"name":"weather","arguments":{"city":"Tokyo"}}}])"));
  CHECK(
      body["messages"][2] ==
      Json::parse(
          R"({"role":"tool","content":"11 C","tool_name":"weather","tool_call_id":"call_1"})"));
}

TEST_CASE("Ollama: texts of a turn are one, pictures stand beside them", "[provider]")
{
  ChatRequest request{"m", {}, {}};
  auto message = Message::user("Look").with_image("ab", "image/png").with_text("And?");
  message.with_extra(R"({"x":1})");
  request.messages.add(message);
  request.messages.add(Message::assistant("Yes.").with_reasoning("Hm."));
  CHECK(ollama_body(request)["messages"] == Json::parse(R"([
    {"role":"user","content":"Look\n\nAnd?","images":["YWI="],"x":1},
    {"role":"assistant","content":"Yes.","thinking":"Hm."}])"));
  request.messages.add(Message::user("").with_image_url("http://h/x.png"));
  CHECK(support::fails_with(
      ErrorKind::invalid_argument, "with_image instead", [&] { ollama_body(request); }));
}

TEST_CASE("Ollama: thinking is a flag or a level, logprobs are requested", "[provider]")
{
  ChatRequest request{"m", Messages().user("U"), {}};
  request.parameters.think = false;
  CHECK(ollama_body(request)["think"] == false);
  request.parameters.effort = "high";
  CHECK(ollama_body(request)["think"] == "high");
  request.parameters.logprobs = 3;
  CHECK(ollama_body(request)["logprobs"] == true);
  CHECK(ollama_body(request)["top_logprobs"] == 3);
}

TEST_CASE("Ollama: a bare prompt goes to /api/generate", "[provider]")
{
  const auto body_of = [](Prompt prompt, Parameters parameters = {}) {
    std::string out;
    const GenerateRequest request{"m", std::move(prompt), std::move(parameters)};
    provider::ollama_wire().encode(
        request, *provider::find_preset("ollama"), provider::Delivery::whole, out);
    return Json::parse(out);
  };
  CHECK(body_of(Prompt("Once")) == Json::parse(R"({"model":"m","prompt":"Once","stream":false})"));
  Parameters parameters;
  parameters.max_tokens = 5;
  const auto prompt = Prompt("a").suffix("b").system("S").template_text("{{ .Prompt }}");
  CHECK(body_of(prompt, parameters) == Json::parse(R"({"model":"m","prompt":"a","suffix":"b",
    "system":"S","template":"{{ .Prompt }}","stream":false,"options":{"num_predict":5}})"));
  CHECK(body_of(Prompt("a").raw(true))["raw"] == true);
  std::string path;
  provider::ollama_wire().append_path(provider::Operation::generate, "m", path);
  CHECK(path == "/api/generate");
}

TEST_CASE("Ollama: text that is not UTF-8 is refused before anything is sent", "[provider]")
{
  CHECK(support::fails_with(ErrorKind::invalid_argument, "not valid UTF-8", [] {
    ollama_body({"m", Messages().user("\xff"), {}});
  }));
  CHECK(support::fails_with(ErrorKind::invalid_argument, "model's name is not valid UTF-8", [] {
    ollama_body({"\xff", Messages().user("x"), {}});
  }));
  ChatRequest request{"m", Messages().user("a\xff\xc3z"), {}};
  request.parameters.replace_invalid_utf8 = true;
  CHECK(ollama_body(request)["messages"][0]["content"] == "a\uFFFD\uFFFDz");
}

TEST_CASE("Ollama: a whole reply is read with counters and timings", "[provider]")
{
  const auto reply = ollama_reply(R"({"model":"llama3.2","created_at":"2025-07-07T20:32:53.844124Z",
    "message":{"role":"assistant","content":"Hello!","thinking":"Hm."},
    "done":true,"done_reason":"stop","total_duration":3244883583,"load_duration":2969184542,
    "prompt_eval_count":169,"prompt_eval_duration":141656333,"eval_count":18,"eval_duration":133293625})");
  CHECK(reply.text == "Hello!");
  CHECK(reply.reasoning == "Hm.");
  CHECK(reply.model == "llama3.2");
  CHECK(reply.finish_reason == FinishReason::stop);
  CHECK(reply.finish_reason_text == "stop");
  CHECK(reply.usage.reported);
  CHECK(reply.usage.input_tokens == 169);
  CHECK(reply.usage.output_tokens == 18);
  CHECK(reply.timings.load == std::chrono::nanoseconds(2969184542));
  CHECK(reply.timings.eval == std::chrono::nanoseconds(133293625));
}

TEST_CASE("Ollama: fields may come in any order, be null or absent", "[provider]")
{
  const auto reply = ollama_reply(
      R"({"done":true,"eval_count":null,"message":{"images":null,"content":"x","tool_calls":null},"new":[{}]})");
  CHECK(reply.text == "x");
  CHECK_FALSE(reply.usage.reported);
  CHECK(reply.finish_reason == FinishReason::unknown);
  CHECK(
      ollama_reply(R"({"done":true,"done_reason":"length","message":{"content":""}})")
          .finish_reason == FinishReason::length);
}

TEST_CASE("Ollama: tool calls come as objects and finish as tool_calls", "[provider]")
{
  const auto reply = ollama_reply(R"({"message":{"role":"assistant","content":"","tool_calls":[
    {"id":"call_8f3k","function":{"index":0,"name":"get_weather","arguments":{"city":"Tokyo"}}},
    {"function":{"name":"now","arguments":{}}}]},"done":true,"done_reason":"stop"})");
  REQUIRE(reply.tool_calls.size() == 2);
  CHECK(reply.tool_calls[0].id == "call_8f3k");
  CHECK(reply.tool_calls[0].name == "get_weather");
  CHECK(Json::parse(reply.tool_calls[0].arguments) == Json::parse(R"({"city":"Tokyo"})"));
  CHECK(reply.tool_calls[1].arguments == "{}");
  CHECK(reply.finish_reason == FinishReason::tool_calls);
  CHECK(reply.finish_reason_text == "stop");
}

TEST_CASE("Ollama: a call without arguments is one all the same", "[provider]")
{
  for (const std::string arguments : {"", ",\"arguments\":null", ",\"arguments\":{}"}) {
    INFO(arguments);
    std::string body =
        "{\"message\":{\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"f\"" + arguments +
        "}}]},\"done\":true,\"done_reason\":\"stop\"}";
    const auto reply = provider::ollama_wire().decode(body);
    REQUIRE(reply.tool_calls.size() == 1);
    CHECK(reply.tool_calls[0].arguments == "{}");
  }
}

TEST_CASE("Ollama: the probabilities of tokens are read", "[provider]")
{
  const auto reply = ollama_reply(R"({"message":{"content":"Hi"},"done":true,"logprobs":[
    {"token":"Hi","logprob":-0.5,"bytes":[72,105],
     "top_logprobs":[{"token":"Hi","logprob":-0.5},{"token":"Ho","logprob":-2}]}]})");
  REQUIRE(reply.logprobs.size() == 1);
  CHECK(reply.logprobs[0].token == "Hi");
  CHECK(reply.logprobs[0].logprob == -0.5);
  REQUIRE(reply.logprobs[0].top.size() == 2);
  CHECK(reply.logprobs[0].top[1].token == "Ho");
}

TEST_CASE("Ollama: a reply that is not done is incomplete and keeps its text", "[provider]")
{
  const auto error = support::error_of([] {
    ollama_reply(
        R"({"model":"m","message":{"role":"assistant","content":"la la la"},"done":false})");
  });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::incomplete);
  CHECK(error->partial_text() == "la la la");
}

TEST_CASE("Ollama: an error inside a 200 and foreign JSON are errors", "[provider]")
{
  CHECK(support::fails_with(ErrorKind::server_error, "unexpected EOF", [] {
    ollama_reply(R"({"error":"an error was encountered while running the model: unexpected EOF"})");
  }));
  for (const auto* body : {"{}", "[]", "", "Ollama is running", R"({"message":"x"})"}) {
    INFO(body);
    CHECK(support::fails_with(ErrorKind::bad_response, "", [&] { ollama_reply(body); }));
  }
}

TEST_CASE("Ollama: the models' names are read", "[provider]")
{
  std::string body = R"({"models":[{"name":"gemma3:latest","model":"x"},{"name":"b"}]})";
  CHECK(
      provider::ollama_wire().decode_models(body).names ==
      std::vector<std::string>{"gemma3:latest", "b"});
  std::string none = R"({"models":null})";
  CHECK(provider::ollama_wire().decode_models(none).names.empty());
  std::string other = R"({"list":[]})";
  CHECK(support::fails_with(
      ErrorKind::bad_response, "models", [&] { provider::ollama_wire().decode_models(other); }));
}
