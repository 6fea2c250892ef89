// Which answer a request gets.
#include "requests.hpp"
#include "support/test.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>

using namespace asyncllm::testing;
using nlohmann::json;
using support::get;
using support::post;

namespace {

const std::string hello =
    R"({"model":"m","stream":false,"max_tokens":9,"messages":[{"role":"user","content":"hello"}]})";

std::string said(Script& script, std::string_view path = "/api/chat")
{
  return json::parse(asked(script, post(path, hello)).body)["message"]["content"];
}

std::string openai_error(const support::RawResponse& response)
{
  return json::parse(response.body)["error"]["message"];
}

std::string ollama_error(const support::RawResponse& response)
{
  return json::parse(response.body)["error"];
}

}  // namespace

TEST_CASE("pushed answers come first, then when, then always, else an echo")
{
  Script script;
  CHECK(said(script) == "hello");
  script.always(Answer::text("always"));
  CHECK(said(script) == "always");
  script.when([](std::string_view path, const json& body) {
    return Answer::text(std::string(path) + " " + body["model"].get<std::string>());
  });
  script.push(Answer::text("first"));
  script.push(Answer::text("second"));
  CHECK(said(script) == "first");
  CHECK(said(script) == "second");
  CHECK(said(script, "/api/chat?query=1") == "/api/chat m");
  CHECK(said(script) == "/api/chat m");
  script.when(nullptr);
  CHECK(said(script) == "always");
}

TEST_CASE("an exception from a function given to when is a 500 with its message")
{
  Script script;
  script.when([](std::string_view, const json& body) -> Answer {
    if (body.contains("system"))
      throw 42;
    throw std::runtime_error("my test is broken");
  });
  const auto response = asked(script, post("/v1/chat/completions", hello));
  CHECK(response.status == 500);
  CHECK(openai_error(response) == "my test is broken");
  const auto other = asked(script, post("/api/chat", R"({"model":"m","system":1})"));
  CHECK(other.status == 500);
}

TEST_CASE("every wire has its paths, below any base")
{
  Script script;
  const auto text = [&](std::string_view path) {
    const json body = json::parse(asked(script, post(path, hello)).body);
    if (body.contains("choices"))
      return "openai " + body["choices"][0]["message"]["content"].get<std::string>();
    if (body.contains("content"))
      return "anthropic " + body["content"][0]["text"].get<std::string>();
    return "ollama " + body["message"]["content"].get<std::string>();
  };
  CHECK(text("/v1/chat/completions") == "openai hello");
  CHECK(text("/chat/completions?api-version=1") == "openai hello");
  CHECK(text("/openai/deployments/x/chat/completions") == "openai hello");
  CHECK(text("/v1/messages") == "anthropic hello");
  CHECK(text("/api/chat") == "ollama hello");
  CHECK(text("/base/api/chat") == "ollama hello");
  const auto generated =
      asked(script, post("/api/generate", R"({"model":"m","stream":false,"prompt":"go on"})"));
  CHECK(json::parse(generated.body)["response"] == "go on");
}

TEST_CASE("the server presents itself, and that uses up no answer")
{
  Script script;
  script.push(Answer::text("kept"));
  CHECK(asked(script, get("/")).body == "Ollama is running");
  CHECK(asked(script, get("/")).has("Content-Type: text/plain; charset=utf-8"));
  CHECK(json::parse(asked(script, get("/api/version")).body)["version"].is_string());
  CHECK(
      json::parse(asked(script, get("/api/tags")).body)["models"][0]["name"] == "scripted:latest");
  CHECK(json::parse(asked(script, get("/v1/models")).body)["data"][0]["id"] == "scripted");
  CHECK(said(script) == "kept");
}

TEST_CASE("only the models that are listed are known, if any are")
{
  Script script;
  CHECK(said(script) == "hello");
  script.models({"gemma3", "m:7b"});
  CHECK(json::parse(asked(script, get("/api/tags")).body)["models"][1]["name"] == "m:7b");
  const auto ollama = asked(script, post("/api/chat", hello));
  CHECK(ollama.status == 404);
  CHECK(ollama_error(ollama) == "model 'm' not found");
  const auto openai = asked(script, post("/v1/chat/completions", hello));
  CHECK(openai.status == 404);
  CHECK(json::parse(openai.body)["error"]["code"] == "model_not_found");
  CHECK(asked(script, post("/v1/messages", hello)).status == 404);
  const std::string tagged = R"({"model":"gemma3:latest","messages":[]})";
  CHECK(asked(script, post("/api/chat", tagged)).status == 200);
  CHECK(asked(script, post("/v1/chat/completions", tagged)).status == 404);
}

TEST_CASE("unknown paths and wrong methods are refused as the real servers do")
{
  Script script;
  const auto ollama = asked(script, post("/api/nope", hello));
  CHECK(ollama.status == 404);
  CHECK(ollama.body == "404 page not found");
  CHECK(ollama.has("Content-Type: text/plain"));
  const auto openai = asked(script, get("/v1/nope?x=1"));
  CHECK(openai.status == 404);
  CHECK(openai_error(openai) == "Invalid URL (GET /v1/nope)");
  CHECK(asked(script, get("/api/chat")).status == 405);
  CHECK(asked(script, get("/api/chat")).body == "405 method not allowed");
  CHECK(asked(script, get("/v1/chat/completions")).status == 405);
  CHECK(asked(script, post("/api/tags", "")).status == 405);
}

TEST_CASE("requests that a model server would not accept get a 400 and use up no answer")
{
  Script script;
  script.push(Answer::text("kept"));
  const auto complaint = [&](std::string_view path, std::string_view body) {
    const auto response = asked(script, post(path, body));
    CHECK(response.status == 400);
    const json error = json::parse(response.body)["error"];
    return error.is_string() ? error.get<std::string>() : error["message"].get<std::string>();
  };
  CHECK(complaint("/api/chat", "") == "missing request body");
  CHECK(complaint("/api/chat", "{") == "the request body is not valid JSON");
  CHECK(complaint("/api/chat", "[]") == "the request body must be a JSON object");
  CHECK(complaint("/api/chat", "{}") == "model is required");
  CHECK(complaint("/api/chat", R"({"model":5})") == "model is required");
  CHECK(complaint("/api/chat", R"({"model":"m","messages":"hi"})") == "messages must be an array");
  CHECK(
      complaint("/api/chat", R"({"model":"m","messages":["hi"]})") ==
      "every one of the messages must be an object with a role");
  CHECK(
      complaint("/v1/chat/completions", R"({"model":"m","stream":"yes","messages":[]})") ==
      "stream must be true or false");
  CHECK(complaint("/v1/chat/completions", R"({"model":"m"})") == "messages is required");
  CHECK(
      complaint("/v1/messages", R"({"model":"m","messages":[]})") == "max_tokens: Field required");
  CHECK(said(script) == "kept");
}

TEST_CASE("a path can have its own answer")
{
  Script script;
  script.push(Answer::text("kept"));
  script.at("/v1/embeddings", Answer::status(200, R"({"data":[]})"));
  script.at("/api/tags", Answer::error(503, "not now"));
  script.at("/old/api/chat", Answer::status(307).header("Location", "/api/chat"));
  script.at("/text", Answer::text("plain words"));
  script.at("/v1/chat/completions", Answer::echo());
  CHECK(asked(script, post("/v1/embeddings?x", "not JSON")).body == R"({"data":[]})");
  CHECK(asked(script, get("/api/tags")).status == 503);
  CHECK(ollama_error(asked(script, get("/api/tags"))) == "not now");
  CHECK(asked(script, post("/old/api/chat", hello)).has("Location: /api/chat"));
  CHECK(asked(script, get("/text")).body == "plain words");
  CHECK(
      json::parse(asked(script, post("/v1/chat/completions", hello))
                      .body)["choices"][0]["message"]["content"] == "hello");
  CHECK(asked(script, post("/v1/chat/completions", "no JSON")).status == 200);
  CHECK(said(script) == "kept");
}

TEST_CASE("the last user message is echoed, whatever its form")
{
  Script script;
  CHECK(
      json::parse(asked(
                      script,
                      post(
                          "/v1/chat/completions",
                          R"({"model":"m","messages":[
        {"role":"system","content":"be brief"},
        {"role":"user","content":"first"},
        {"role":"user","content":[{"type":"text","text":"a "},{"type":"image_url"},{"type":"text","text":"b"}]},
        {"role":"assistant","content":null}]})"))
                      .body)["choices"][0]["message"]["content"] == "a b");
  CHECK(
      json::parse(asked(script, post("/api/chat", R"({"model":"m","stream":false})"))
                      .body)["message"]["content"] == "");
}

TEST_CASE("requests are recorded, unless that is switched off")
{
  Script script;
  asked(script, get("/"));
  script.record(false);
  asked(script, get("/api/tags"));
  script.record(true);
  asked(script, post("/api/chat", hello, "Authorization: Bearer key\r\n"));
  REQUIRE(script.requests().size() == 2);
  CHECK(script.requests()[0].path() == "/");
  CHECK(script.requests()[1].method == "POST");
  CHECK(script.requests()[1].header("authorization") == "Bearer key");
  CHECK(script.bodies() == std::vector<std::string>{"", hello});
}
