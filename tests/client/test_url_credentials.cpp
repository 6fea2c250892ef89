// A user name and a password in the base URL.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "error_of.hpp"
#include "on_loop.hpp"
#include "test.hpp"

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

#include <optional>
#include <string>

using namespace asyncllm;
using testing::Answer;
using testing::ScriptedServer;

namespace {

// "http://127.0.0.1:1" with "user:pass@" in front of the host.
std::string with_credentials(const std::string& url)
{
  return "http://user:pass%21@" + url.substr(url.find("://") + 3);
}

bool holds_password(const std::string& text)
{
  return text.find("pass") != text.npos || text.find("dXNlcjpwYXNzIQ") != text.npos;
}

}  // namespace

TEST_CASE("credentials in a base URL become Basic authentication", "[client]")
{
  for (const std::string provider : {"ollama", "openai", "anthropic"}) {
    std::optional<std::string> authorization, key;
    std::string base_url;
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      ScriptedServer server(loop.get_executor());
      server.always(Answer::text("Hello."));
      auto options = ClientOptions(provider).base_url(with_credentials(server.url()));
      if (provider == "anthropic")
        options.api_key("sk-key");  // a header of its own
      const Client client(options);
      base_url = client.base_url();
      auto chat = client.chat("m", Messages().user("Hi"));
      co_await std::move(chat);
      const auto& headers = server.requests().at(0).headers;
      authorization = headers.find("Authorization");
      key = headers.find("x-api-key");
    });
    INFO(provider);
    CHECK(authorization == "Basic dXNlcjpwYXNzIQ==");
    CHECK(key.has_value() == (provider == "anthropic"));
    CHECK_FALSE(holds_password(base_url));
  }
}

TEST_CASE("no text of an error holds the credentials of the base URL", "[client]")
{
  std::optional<Error> error;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(Answer::error(401, "user:pass! (dXNlcjpwYXNzIQ==) is unknown here"));
    const Client client(ClientOptions("ollama").base_url(with_credentials(server.url())));
    auto chat = client.chat("m", Messages().user("Hi"));
    try {
      co_await std::move(chat);
    } catch (const Error& its_error) {
      error = its_error;
    }
  });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::authentication);
  for (const auto& text : {std::string(error->what()), error->server_message(), error->body()}) {
    INFO(text);
    CHECK(text.find("***") != text.npos);
    CHECK_FALSE(holds_password(text));
  }
}

TEST_CASE("credentials in a base URL are protected as an API key is", "[client]")
{
  const auto kind = ErrorKind::invalid_argument;
  CHECK(support::fails_with(kind, "the password would travel unencrypted", [] {
    Client(ClientOptions("ollama").base_url("http://user:pass@10.0.0.1:11434"));
  }));
  CHECK_NOTHROW(Client(
      ClientOptions("ollama").base_url("http://user:pass@10.0.0.1").key_over_plain_http(true)));
#if defined(ASYNCLLM_WITH_TLS)
  CHECK_NOTHROW(Client(ClientOptions("ollama").base_url("https://user:pass@10.0.0.1")));
#endif
  // Two values for one header: only the caller knows which is meant.
  CHECK(support::fails_with(kind, "give one of them", [] {
    Client(ClientOptions("openai").base_url("http://user:pass@127.0.0.1/v1").api_key("sk-key"));
  }));
}
