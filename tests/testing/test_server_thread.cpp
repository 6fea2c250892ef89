// The server for programs that block.
#include <asyncllm/testing/server_thread.hpp>

#include "support/raw_http.hpp"
#include "support/test.hpp"

#include <asio/read.hpp>
#include <nlohmann/json.hpp>

#include <stdexcept>
#include <thread>

using namespace asyncllm::testing;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/// Blocks until the server has closed.
std::string ask(const std::string& url, const std::string& request)
{
  asio::io_context unused;
  asio::ip::tcp::socket socket(unused);
  const auto port = static_cast<unsigned short>(std::stoi(url.substr(url.rfind(':') + 1)));
  socket.connect({asio::ip::address_v4::loopback(), port});
  asio::write(socket, asio::buffer(request));
  std::string received;
  asio::error_code end;
  asio::read(socket, asio::dynamic_buffer(received), end);
  return received;
}

std::string chat(std::string_view text)
{
  return support::post(
      "/api/chat",
      json{{"model", "m"}, {"stream", false}, {"messages", {{{"role", "user"}, {"content", text}}}}}
          .dump(),
      "Connection: close\r\n");
}

std::string said(const std::string& url, std::string_view text)
{
  std::string bytes = ask(url, chat(text));
  return json::parse(support::cut_response(bytes).body)["message"]["content"];
}

}  // namespace

TEST_CASE("a program that blocks is served, and sees what was received")
{
  ServerThread server;
  CHECK(server.spec("ollama", "gemma3:latest") == "ollama@" + server.url() + "::gemma3:latest");
  CHECK(server.spec("openai", "gpt") == "openai@" + server.url() + "/v1::gpt");
  server.push(Answer::text("pushed")).always(Answer::text("always"));
  CHECK(said(server.url(), "a") == "pushed");
  CHECK(said(server.url(), "b") == "always");
  server.when([](std::string_view, const json&) { return Answer::text("when"); });
  CHECK(said(server.url(), "c") == "when");
  CHECK(server.stats().requests == 3);
  CHECK(server.bodies().size() == 3);
  CHECK(server.requests()[0].path() == "/api/chat");
  CHECK(server.until([](const auto& stats) { return stats.in_flight == 0; }));
  CHECK_FALSE(server.until([](const auto&) { return false; }, 1ms));
}

TEST_CASE("what configure throws is rethrown, and the server continues")
{
  ServerThread server;
  CHECK_THROWS_AS(
      server.configure([](ScriptedServer&) { throw std::runtime_error("no"); }),
      std::runtime_error);
  CHECK_THROWS_AS(
      server.until([](const auto&) -> bool { throw std::runtime_error("no"); }),
      std::runtime_error);
  CHECK(said(server.url(), "hello") == "hello");
}

TEST_CASE("the function given to when may ask and change the server")
{
  ServerThread server;
  server.when([&server](std::string_view, const json&) {
    const std::size_t number = server.stats().requests;
    server.push(Answer::text("pushed"));
    return Answer::text(std::to_string(number));
  });
  CHECK(said(server.url(), "x") == "1");
  CHECK(said(server.url(), "x") == "pushed");
}

TEST_CASE("a server with its own thread ends at once, whatever is under way")
{
  std::thread client;
  std::string received = "nothing yet";
  {
    ServerThread server;
    server.always(Answer::echo().after(1h));
    client = std::thread([&received, url = server.url()] { received = ask(url, chat("x")); });
    CHECK(server.until([](const auto& stats) { return stats.in_flight == 1; }));
  }
  client.join();
  CHECK(received.empty());
}
