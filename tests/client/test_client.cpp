#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "error_of.hpp"
#include "on_loop.hpp"
#include "test.hpp"

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace asyncllm;
using support::says;
using testing::Answer;
using testing::ScriptedServer;
using Json = nlohmann::json;

namespace {

Client client_of(const ScriptedServer& server, const std::string& provider)
{
  return Client(
      ClientOptions(provider).base_url(server.url() + (provider == "ollama" ? "" : "/v1")));
}

// The Error of a chat, or nothing.
asio::awaitable<std::optional<Error>> error_of_chat(
    Client client, std::string message, RequestOptions options = RequestOptions())
{
  auto chat = client.chat("m", Messages().user(std::move(message)), std::move(options));
  try {
    co_await std::move(chat);
  } catch (const Error& error) {
    co_return error;
  }
  co_return std::nullopt;
}

}  // namespace

TEST_CASE("a chat reaches the model and comes back, on both wires", "[client]")
{
  for (const std::string provider : {"ollama", "openai"}) {
    Reply reply;
    Json body;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      ScriptedServer server(loop.get_executor());
      server.always(Answer::text("Paris.").usage(7, 2).header("x-request-id", "r-1"));
      const auto client = client_of(server, provider);
      auto options = RequestOptions().temperature(0.5).max_tokens(50);
      auto chat = client.chat("gemma3", Messages().system("Be brief.").user("Capital?"), options);
      reply = co_await std::move(chat);
      body = Json::parse(server.bodies().at(0));
      server.stop();
    });
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
  Reply reply;
  Json body;
  std::string key, version, target;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(Answer::text("Paris.").usage(7, 2));
    const Client client(ClientOptions("anthropic").base_url(server.url()).api_key("secret"));
    auto chat = client.chat("claude", Messages().system("Be brief.").user("Capital?"));
    reply = co_await std::move(chat);
    body = Json::parse(server.bodies().at(0));
    key = server.requests().at(0).header("x-api-key");
    version = server.requests().at(0).header("anthropic-version");
    target = server.requests().at(0).target;
    server.stop();
  });
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
  Reply reply;
  std::string target;
  std::size_t requests = 0;
  std::optional<Error> unsupported, raw;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(Answer::text("upon a time"));
    auto call = client_of(server, "ollama").generate("m", Prompt("Once"));
    reply = co_await std::move(call);
    target = server.requests().at(0).target;
    try {
      auto refused = client_of(server, "openai").generate("m", Prompt("Once"));
      co_await std::move(refused);
    } catch (const Error& error) {
      unsupported = error;
    }
    try {
      auto refused = client_of(server, "ollama").generate("m", Prompt("a").raw(true).system("b"));
      co_await std::move(refused);
    } catch (const Error& error) {
      raw = error;
    }
    requests = server.stats().requests;
    server.stop();
  });
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
  Embeddings got;
  std::optional<Error> error;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.at("/v1/embeddings", Answer::status(200, R"({"data":[{"embedding":[1,2]}]})"));
    const auto client = client_of(server, "openai");
    std::vector<std::string> one{"a"}, two{"a", "b"};
    auto call = client.embed("e", one);
    got = co_await std::move(call);
    try {
      auto refused = client.embed("e", two);
      co_await std::move(refused);
    } catch (const Error& failure) {
      error = failure;
    }
    server.stop();
  });
  CHECK(got.vectors == std::vector<std::vector<float>>{{1, 2}});
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::bad_response);
  CHECK(says(*error, "1 vectors for 2 texts"));
}

TEST_CASE("a whole reply may come as a stream, on every wire", "[client]")
{
  for (const std::string provider : {"ollama", "openai", "anthropic"}) {
    Reply reply;
    Json body;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      ScriptedServer server(loop.get_executor());
      server.always(Answer::text("Paris is big.").header("x-request-id", "r-1"));
      auto chat = client_of(server, provider)
                      .chat("m", Messages().user("?"), RequestOptions().wire_streaming(true));
      reply = co_await std::move(chat);
      body = Json::parse(server.bodies().at(0));
      server.stop();
    });
    INFO(provider);
    CHECK(reply.text == "Paris is big.");
    CHECK(reply.finish_reason == FinishReason::stop);
    CHECK(body["stream"] == true);
  }
}

TEST_CASE("a failure of the server's as the reason for the end is an error", "[client]")
{
  for (const bool streaming : {false, true}) {
    std::optional<Error> error;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      ScriptedServer server(loop.get_executor());
      server.always(Answer::text("Par").finish_reason("abort"));
      auto chat = error_of_chat(
          client_of(server, "openai"), "?", RequestOptions().wire_streaming(streaming));
      error = co_await std::move(chat);
      server.stop();
    });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::incomplete);
    CHECK(error->partial_text() == "Par");
    CHECK(says(*error, "abort"));
  }
}

TEST_CASE("requests one after the other use one connection", "[client]")
{
  ScriptedServer::Stats stats;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    const auto client = client_of(server, "openai");
    const Client copy = client;
    for (int i = 0; i < 5; ++i) {
      auto chat = (i % 2 ? client : copy).chat("m", Messages().user("x"));
      co_await std::move(chat);
    }
    stats = server.stats();
    server.stop();
  });
  CHECK(stats.requests == 5);
  CHECK(stats.connections == 1);
}

TEST_CASE("clients of one server share connections whatever their keys", "[client]")
{
  ScriptedServer::Stats stats;
  std::string first, second;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    for (const auto* key : {"one", "two"}) {
      const Client client(ClientOptions("openai").base_url(server.url() + "/v1").api_key(key));
      auto chat = client.chat("m", Messages().user("x"));
      co_await std::move(chat);
    }
    stats = server.stats();
    first = server.requests().at(0).header("authorization");
    second = server.requests().at(1).header("authorization");
    server.stop();
  });
  CHECK(stats.connections == 1);
  CHECK(first == "Bearer one");
  CHECK(second == "Bearer two");
}

TEST_CASE("a server's refusal is a typed error with its own message", "[client]")
{
  std::optional<Error> missing, limited, plain;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.push(Answer::status(404, R"({"error":"model 'm' not found"})"));
    server.push(Answer::status(429, R"({"error":{"message":"slow","type":"tokens"}})")
                    .header("Retry-After", "7"));
    server.push(Answer::status(502, "<html><h1>Bad Gateway</h1></html>", "text/html"));
    const auto once = RequestOptions().retries(RetryPolicy().max_retries(0));
    missing = co_await error_of_chat(client_of(server, "ollama"), "x");
    limited = co_await error_of_chat(client_of(server, "openai"), "x", once);
    plain = co_await error_of_chat(client_of(server, "openai"), "x", once);
    server.stop();
  });
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
  std::optional<Error> error;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.push(Answer::status(200, "<html>Please log in</html>", "text/html"));
    error = co_await error_of_chat(client_of(server, "openai"), "x");
    server.stop();
  });
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
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(page).at("/v1/models", page).at("/v1/embeddings", page);
    const auto client = client_of(server, "openai");
    errors[0] = co_await error_of_chat(client, "x");
    errors[1] = co_await error_of_chat(client, "x", RequestOptions().wire_streaming(true));
    errors[2] = co_await support::awaited_error_of(client.models());
    const std::vector<std::string> texts{"a"};
    errors[3] = co_await support::awaited_error_of(client.embed("e", texts));
    server.stop();
  });
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
  std::optional<Error> error;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.push(Answer::status(200, R"({"message":{"content":"half"},"done":false})"));
    error = co_await error_of_chat(client_of(server, "ollama"), "x");
    server.stop();
  });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::incomplete);
  CHECK(error->partial_text() == "half");
}

TEST_CASE("a bad call is refused when awaited, before any connection", "[client]")
{
  std::optional<Error> empty, hot, text, header, none;
  ScriptedServer::Stats stats;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    const auto client = client_of(server, "openai");
    empty = co_await error_of_chat(client, "");
    auto options = RequestOptions().temperature(9);
    hot = co_await error_of_chat(client, "x", options);
    text = co_await error_of_chat(client, "\xff");
    auto injected = RequestOptions().header("X-A", "a\r\nX-B: b");
    header = co_await error_of_chat(client, "x", injected);
    auto chat = client.chat("m", Messages());
    try {
      co_await std::move(chat);
    } catch (const Error& error) {
      none = error;
    }
    stats = server.stats();
    server.stop();
  });
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
  std::optional<Error> error;
  std::string body;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    auto options = RequestOptions().allow_empty(true);
    error = co_await error_of_chat(client_of(server, "ollama"), "", options);
    body = server.bodies().at(0);
    server.stop();
  });
  CHECK_FALSE(error);
  CHECK(Json::parse(body)["messages"][0]["content"] == "");
}

TEST_CASE("headers and extra fields of a call reach the server", "[client]")
{
  std::string header;
  Json body;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    const Json extra = {{"guided_regex", "[a-z]+"}};
    auto options = RequestOptions().header("X-Title", "mine").extra(extra);
    auto error = co_await error_of_chat(client_of(server, "openai"), "x", options);
    header = server.requests().at(0).header("x-title");
    body = Json::parse(server.bodies().at(0));
    server.stop();
  });
  CHECK(header == "mine");
  CHECK(body["guided_regex"] == "[a-z]+");
}

TEST_CASE("the API key is in no text of an error, even if the server repeats it", "[client]")
{
  std::optional<Error> refused;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.push(Answer::status(401, R"({"error":{"message":"Incorrect API key: sk-secret-7"}})"));
    const Client client(
        ClientOptions("openai").base_url(server.url() + "/v1").api_key("sk-secret-7"));
    refused = co_await error_of_chat(client, "x");
    server.stop();
  });
  REQUIRE(refused);
  CHECK(refused->kind() == ErrorKind::authentication);
  CHECK_FALSE(says(*refused, "sk-secret"));
  CHECK(refused->server_message().find("sk-secret") == std::string::npos);
  CHECK(refused->body().find("sk-secret") == std::string::npos);
  CHECK(says(*refused, "check the API key"));
}

TEST_CASE("the models of a server are listed on both wires", "[client]")
{
  std::vector<std::string> ollama, openai;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    std::vector<std::string> names{"a:7b", "b:latest"};
    server.models(names);
    ollama = co_await client_of(server, "ollama").models();
    openai = co_await client_of(server, "openai").models();
    server.stop();
  });
  CHECK(ollama == std::vector<std::string>{"a:7b", "b:latest"});
  CHECK(openai == ollama);
}
