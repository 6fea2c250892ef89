// Tool calls of the scripted server, in each wire, and answers decided for a path.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "error_of.hpp"
#include "on_loop.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

using namespace asyncllm;
using testing::Answer;
using testing::ScriptedServer;

namespace {

Reply reply_to(const std::string& provider, bool streamed, const Answer& answer)
{
  Reply reply;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(answer);
    auto url = server.url();
    if (provider.starts_with("openai"))
      url += "/v1";
    const Client client(ClientOptions(provider).base_url(url).api_key("any"));
    auto options = RequestOptions().wire_streaming(streamed);
    auto chat = client.chat("m", Messages().user("x"), std::move(options));
    reply = co_await std::move(chat);
    server.stop();
  });
  return reply;
}

}  // namespace

TEST_CASE("the scripted server calls tools in every wire, whole and streamed", "[testing]")
{
  const auto two = Answer::tool_call("get_weather", R"({"city": "Paris", "days": 2})")
                       .and_tool_call("now", "{}");
  const auto with_text = Answer::text("Let me look.").and_tool_call("now", "{}");
  for (const auto* const provider : {"openai", "ollama", "anthropic", "openai-responses"})
    for (const bool streamed : {false, true}) {
      INFO(provider);
      INFO(streamed);
      const auto reply = reply_to(provider, streamed, two);
      CHECK(reply.text.empty());
      CHECK(reply.finish_reason == FinishReason::tool_calls);
      REQUIRE(reply.tool_calls.size() == 2);
      const auto arguments = nlohmann::json::parse(reply.tool_calls[0].arguments);
      CHECK(reply.tool_calls[0].name == "get_weather");
      CHECK(arguments.at("city") == "Paris");
      CHECK(arguments.at("days") == 2);
      CHECK(reply.tool_calls[1].name == "now");
      CHECK(reply.tool_calls[1].arguments == "{}");

      const auto both = reply_to(provider, streamed, with_text);
      CHECK(both.text == "Let me look.");
      CHECK(both.tool_calls.size() == 1);
    }
}

TEST_CASE("arguments of a scripted tool call are a JSON object", "[testing]")
{
  for (const auto* const arguments : {"", "[1]", "{", "{} {}"})
    CHECK(support::fails_with(
        ErrorKind::invalid_argument, "JSON object", [&] { Answer::tool_call("f", arguments); }));
}

TEST_CASE("a function decides what stands at a path", "[testing]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    int calls = 0;
    server.at("/v1/chat/completions", [&](std::string_view path, const nlohmann::json& body) {
      ++calls;
      if (body.at("model") == "bad")
        throw std::runtime_error("no such thing");
      return Answer::text(std::string(path) + ' ' + std::to_string(calls));
    });
    const Client client(ClientOptions("openai").base_url(server.url() + "/v1"));
    auto first = client.chat("m", Messages().user("x"));
    const auto reply = co_await std::move(first);
    CHECK(reply.text == "/v1/chat/completions 1");
    auto options = RequestOptions().retries(RetryPolicy().max_retries(0));
    auto second = client.chat("bad", Messages().user("x"), std::move(options));
    const auto error = co_await support::awaited_error_of(std::move(second));
    REQUIRE(error);
    CHECK(error->http_status() == 500);
    CHECK(error->server_message() == "no such thing");
    server.stop();
  });
}
