#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "error_of.hpp"
#include "served.hpp"
#include "test.hpp"

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace asyncllm;
using support::says;
using support::Served;
using testing::Answer;
using testing::ScriptedServer;
using Json = nlohmann::json;

namespace {

asio::awaitable<Reply> ask(
    const Client& client, std::string message, RequestOptions options = RequestOptions())
{
  return client.chat("m", Messages().user(std::move(message)), std::move(options));
}

}  // namespace

TEST_CASE("a chat reaches the model and comes back, on both wires", "[client]")
{
  for (const std::string provider : {"ollama", "openai"}) {
    Served served;
    served.server.always(Answer::text("Paris.").usage(7, 2).header("x-request-id", "r-1"));
    const auto client = served.client(provider);
    auto options = RequestOptions().temperature(0.5).max_tokens(50);
    const auto reply =
        served.run(client.chat("gemma3", Messages().system("Be brief.").user("Capital?"), options));
    const auto body = Json::parse(served.server.bodies().at(0));
    INFO(provider);
    CHECK(reply.text == "Paris.");
    CHECK(reply.finish_reason == FinishReason::stop);
    CHECK(reply.usage.input_tokens == 7);
    CHECK(reply.usage.output_tokens == 2);
    CHECK(reply.request_id == "r-1");
    CHECK(reply.model == "gemma3");
    CHECK(reply.attempts == 1);
    CHECK(reply.timings.total >= reply.timings.first_token);
    CHECK(body["model"] == "gemma3");
    CHECK(body["messages"][0]["role"] == "system");
    CHECK(body["messages"][1]["content"] == "Capital?");
    const auto& parameters = provider == "ollama" ? body["options"] : body;
    CHECK(parameters["temperature"] == 0.5);
    CHECK(parameters[provider == "ollama" ? "num_predict" : "max_tokens"] == 50);
  }
}

TEST_CASE("a chat on Anthropic's wire has its headers and limit", "[client]")
{
  Served served;
  served.server.always(Answer::text("Paris.").usage(7, 2));
  const Client client(ClientOptions("anthropic").base_url(served.server.url()).api_key("secret"));
  const auto reply =
      served.run(client.chat("claude", Messages().system("Be brief.").user("Capital?")));
  const auto body = Json::parse(served.server.bodies().at(0));
  const auto key = served.server.requests().at(0).header("x-api-key");
  const auto version = served.server.requests().at(0).header("anthropic-version");
  const auto target = served.server.requests().at(0).target;
  CHECK(reply.text == "Paris.");
  CHECK(reply.finish_reason == FinishReason::stop);
  CHECK(reply.usage.input_tokens == 7);
  CHECK(target == "/v1/messages");
  CHECK(key == "secret");
  CHECK(version == "2023-06-01");
  CHECK(body["system"] == "Be brief.");
  CHECK(body["max_tokens"] == 4096);
}

TEST_CASE("a bare prompt is answered by Ollama, refused for the others before any I/O", "[client]")
{
  Served served;
  served.server.always(Answer::text("upon a time"));
  const auto reply = served.run(served.client("ollama").generate("m", Prompt("Once")));
  const auto target = served.server.requests().at(0).target;
  const auto unsupported = served.error_of(served.client("openai").generate("m", Prompt("Once")));
  const auto raw =
      served.error_of(served.client("ollama").generate("m", Prompt("a").raw(true).system("b")));
  const auto requests = served.server.stats().requests;
  CHECK(reply.text == "upon a time");
  CHECK(target == "/api/generate");
  REQUIRE(unsupported);
  CHECK(unsupported->kind() == ErrorKind::unsupported);
  REQUIRE(raw);
  CHECK(raw->kind() == ErrorKind::invalid_argument);
  CHECK(requests == 1);
}

TEST_CASE("texts are embedded, and as many vectors as texts come back", "[client]")
{
  Served served;
  served.server.at("/v1/embeddings", Answer::status(200, R"({"data":[{"embedding":[1,2]}]})"));
  const auto client = served.client("openai");
  std::vector<std::string> one{"a"}, two{"a", "b"};
  const auto got = served.run(client.embed("e", one));
  const auto error = served.error_of(client.embed("e", two));
  CHECK(got.vectors == std::vector<std::vector<float>>{{1, 2}});
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::bad_response);
  CHECK(says(*error, "1 vectors for 2 texts"));
}

TEST_CASE("a whole reply may come as a stream, on every wire", "[client]")
{
  for (const std::string provider : {"ollama", "openai", "anthropic"}) {
    Served served;
    served.server.always(Answer::text("Paris is big.").header("x-request-id", "r-1"));
    const auto reply = served.run(served.client(provider).chat(
        "m", Messages().user("?"), RequestOptions().wire_streaming(true)));
    const auto body = Json::parse(served.server.bodies().at(0));
    INFO(provider);
    CHECK(reply.text == "Paris is big.");
    CHECK(reply.finish_reason == FinishReason::stop);
    CHECK(body["stream"] == true);
  }
}

TEST_CASE("a failure of the server's as the reason for the end is an error", "[client]")
{
  for (const bool streaming : {false, true}) {
    Served served;
    served.server.always(Answer::text("Par").finish_reason("abort"));
    const auto error = served.error_of(
        ask(served.client("openai"), "?", RequestOptions().wire_streaming(streaming)));
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::incomplete);
    CHECK(error->partial_text() == "Par");
    CHECK(says(*error, "abort"));
  }
}

TEST_CASE("the raw body of a whole reply is kept on request", "[client]")
{
  // Invalid UTF-8, which is repaired in the text.
  const std::string body = "{\"choices\":[{\"message\":{\"content\":\"a\xff\"}}],\"x\":1}";
  Served served;
  served.server.always(Answer::status(200, body));
  const auto client = served.client("openai");
  const auto kept = served.run(ask(client, "?", RequestOptions().keep_body(true)));
  CHECK(kept.details->body == body);
  CHECK(kept.text == "a\xEF\xBF\xBD");
  CHECK(served.run(ask(client, "?")).details->body.empty());
}

TEST_CASE("requests one after the other use one connection", "[client]")
{
  Served served;
  const auto client = served.client("openai");
  const Client copy = client;
  for (int i = 0; i < 5; ++i)
    served.run((i % 2 ? client : copy).chat("m", Messages().user("x")));
  const auto stats = served.server.stats();
  CHECK(stats.requests == 5);
  CHECK(stats.connections == 1);
}

TEST_CASE("clients of one server share connections whatever their keys", "[client]")
{
  Served served;
  for (const auto* key : {"one", "two"}) {
    const Client client(ClientOptions("openai").base_url(served.server.url() + "/v1").api_key(key));
    served.run(client.chat("m", Messages().user("x")));
  }
  const auto stats = served.server.stats();
  const auto first = served.server.requests().at(0).header("authorization");
  const auto second = served.server.requests().at(1).header("authorization");
  CHECK(stats.connections == 1);
  CHECK(first == "Bearer one");
  CHECK(second == "Bearer two");
}

TEST_CASE("a server's refusal is a typed error with its own message", "[client]")
{
  Served served;
  served.server.push(Answer::status(404, R"({"error":"model 'm' not found"})"));
  served.server.push(Answer::status(429, R"({"error":{"message":"slow","type":"tokens"}})")
                         .header("Retry-After", "7"));
  served.server.push(Answer::status(502, "<html><h1>Bad Gateway</h1></html>", "text/html"));
  const auto once = RequestOptions().retries(RetryPolicy().max_retries(0));
  const auto missing = served.error_of(ask(served.client("ollama"), "x"));
  const auto limited = served.error_of(ask(served.client("openai"), "x", once));
  const auto plain = served.error_of(ask(served.client("openai"), "x", once));
  REQUIRE(missing);
  CHECK(missing->kind() == ErrorKind::model_not_found);
  CHECK(missing->http_status() == 404);
  CHECK(missing->server_message() == "model 'm' not found");
  CHECK(says(*missing, "install it with: ollama pull m"));
  CHECK(says(*missing, "/api/chat"));
  CHECK(missing->attempts() == 1);
  REQUIRE(limited);
  CHECK(limited->kind() == ErrorKind::rate_limited);
  CHECK(limited->retry_after() == std::chrono::seconds(7));
  CHECK(limited->retryable());
  REQUIRE(plain);
  CHECK(plain->kind() == ErrorKind::overloaded);
  CHECK(plain->server_message() == "Bad Gateway");
}

TEST_CASE("a page instead of a reply is a bad response that shows the page", "[client]")
{
  Served served;
  served.server.push(Answer::status(200, "<html>Please log in</html>", "text/html"));
  const auto error = served.error_of(ask(served.client("openai"), "x"));
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::bad_response);
  CHECK(error->http_status() == 200);
  CHECK(error->body() == "<html>Please log in</html>");
}

TEST_CASE("the error for a page says so, with its first words, for every kind of call", "[client]")
{
  const auto page = Answer::status(
      200, "\xEF\xBB\xBF<!doctype html><title>Sign in</title><p>to go on", "text/html");
  std::vector<std::optional<Error>> errors(4);
  Served served;
  served.server.always(page).at("/v1/models", page).at("/v1/embeddings", page);
  const auto client = served.client("openai");
  errors[0] = served.error_of(ask(client, "x"));
  errors[1] = served.error_of(ask(client, "x", RequestOptions().wire_streaming(true)));
  errors[2] = served.error_of(client.models());
  const std::vector<std::string> texts{"a"};
  errors[3] = served.error_of(client.embed("e", texts));
  for (const auto& error : errors) {
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::bad_response);
    CHECK(error->http_status() == 200);
    CHECK(says(*error, "HTML"));
    CHECK(says(*error, "\"Sign in to go on\""));
    CHECK(says(*error, "check the base URL"));
  }
}

TEST_CASE("an Ollama reply that is not done is incomplete", "[client]")
{
  Served served;
  served.server.push(Answer::status(200, R"({"message":{"content":"half"},"done":false})"));
  const auto error = served.error_of(ask(served.client("ollama"), "x"));
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::incomplete);
  CHECK(error->partial_text() == "half");
}

TEST_CASE("a bad call is refused when awaited, before any connection", "[client]")
{
  Served served;
  const auto client = served.client("openai");
  const auto empty = served.error_of(ask(client, ""));
  auto options = RequestOptions().temperature(9);
  const auto hot = served.error_of(ask(client, "x", options));
  const auto text = served.error_of(ask(client, "\xff"));
  auto injected = RequestOptions().header("X-A", "a\r\nX-B: b");
  const auto header = served.error_of(ask(client, "x", injected));
  const auto none = served.error_of(client.chat("m", Messages()));
  const auto stats = served.server.stats();
  for (const auto& error : {empty, hot, text, header, none}) {
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::invalid_argument);
    CHECK(error->attempts() == 0);
  }
  CHECK(says(*empty, "allow_empty(true)"));
  CHECK(says(*hot, "temperature(9)"));
  CHECK(stats.connections == 0);
}

TEST_CASE("an empty message is sent when it is allowed", "[client]")
{
  Served served;
  auto options = RequestOptions().allow_empty(true);
  const auto error = served.error_of(ask(served.client("ollama"), "", options));
  const auto body = served.server.bodies().at(0);
  CHECK_FALSE(error);
  CHECK(Json::parse(body)["messages"][0]["content"] == "");
}

TEST_CASE("headers and extra fields of a call reach the server", "[client]")
{
  Served served;
  const Json extra = {{"guided_regex", "[a-z]+"}};
  auto options = RequestOptions().header("X-Title", "mine").extra(extra);
  served.run(ask(served.client("openai"), "x", options));
  const auto header = served.server.requests().at(0).header("x-title");
  const auto body = Json::parse(served.server.bodies().at(0));
  CHECK(header == "mine");
  CHECK(body["guided_regex"] == "[a-z]+");
}

TEST_CASE("the API key is in no text of an error, even if the server repeats it", "[client]")
{
  Served served;
  served.server.push(
      Answer::status(401, R"({"error":{"message":"Incorrect API key: sk-secret-7"}})"));
  const Client client(
      ClientOptions("openai").base_url(served.server.url() + "/v1").api_key("sk-secret-7"));
  const auto refused = served.error_of(ask(client, "x"));
  REQUIRE(refused);
  CHECK(refused->kind() == ErrorKind::authentication);
  CHECK_FALSE(says(*refused, "sk-secret"));
  CHECK(refused->server_message().find("sk-secret") == std::string::npos);
  CHECK(refused->body().find("sk-secret") == std::string::npos);
  CHECK(says(*refused, "check the API key"));
}

TEST_CASE("the models of a server are listed on both wires", "[client]")
{
  Served served;
  std::vector<std::string> names{"a:7b", "b:latest"};
  served.server.models(names);
  const auto ollama = served.run(served.client("ollama").models());
  const auto openai = served.run(served.client("openai").models());
  CHECK(ollama == std::vector<std::string>{"a:7b", "b:latest"});
  CHECK(openai == ollama);
}
