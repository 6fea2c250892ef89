// The example token_server: many browsers, some that leave, and requests that are none.
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/run.hpp>
#include <asyncllm/testing/server_thread.hpp>

#include "examples/program.hpp"
#include "test.hpp"

#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace std::chrono_literals;
using asio::ip::tcp;
using asyncllm::testing::Answer;
using asyncllm::testing::ServerThread;
using support::Program;

namespace {

// The server under test, and where it listens.
class TokenServer {
 public:
  explicit TokenServer(const std::string& spec)
      : program_({std::string(ASYNCLLM_EXAMPLES) + "/token_server", spec, "0"})
  {
    const auto& printed = program_.until("\n");
    port_ = static_cast<unsigned short>(std::stoi(printed.substr(printed.rfind(':') + 1)));
  }
  Program& program() { return program_; }
  unsigned short port() const { return port_; }

 private:
  Program program_;
  unsigned short port_ = 0;
};

asio::awaitable<tcp::socket> connect(unsigned short port, std::string request)
{
  tcp::socket socket(co_await asio::this_coro::executor);
  const tcp::endpoint where(asio::ip::address_v4::loopback(), port);
  co_await socket.async_connect(where, asio::use_awaitable);
  co_await asio::async_write(socket, asio::buffer(request), asio::use_awaitable);
  co_return socket;
}

// The whole response.
asio::awaitable<std::string> fetch(unsigned short port, std::string request)
{
  auto connecting = connect(port, std::move(request));
  auto socket = co_await std::move(connecting);
  std::string response;
  asio::error_code error;
  co_await asio::async_read(
      socket, asio::dynamic_buffer(response), asio::redirect_error(asio::use_awaitable, error));
  co_return response;
}

std::string asking(const std::string& question)
{
  return "GET /ask?q=" + question + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

// The texts of the events without a type, joined.
std::string text_of(const std::string& response)
{
  std::string text;
  const std::string begin = "\n\ndata: ";
  const auto events = "\n" + response.substr(response.find("\r\n\r\n") + 3);
  for (auto at = events.find(begin); at != events.npos; at = events.find(begin, at + 1)) {
    const auto from = at + begin.size();
    text += nlohmann::json::parse(events.substr(from, events.find('\n', from) - from));
  }
  return text;
}

}  // namespace

TEST_CASE("token_server: a hundred browsers get their own answers", "[examples]")
{
  ServerThread model;
  model.when([](std::string_view, const nlohmann::json& body) {
    const auto question = body["messages"][0]["content"].get<std::string>();
    return Answer::text("You asked:\n\n\"" + question + "\" data: x").pace(1ms);
  });
  TokenServer server(model.spec("ollama", "m"));
  std::vector<asio::awaitable<std::string>> tasks;
  for (int i = 0; i < 100; ++i)
    tasks.push_back(fetch(server.port(), asking("n%20%26+" + std::to_string(i))));
  const auto responses = asyncllm::run_or_throw(asyncllm::gather(std::move(tasks)));
  for (std::size_t i = 0; i < responses.size(); ++i) {
    const auto& response = responses[i];
    CHECK(response.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream"));
    CHECK(text_of(response) == "You asked:\n\n\"n & " + std::to_string(i) + "\" data: x");
    CHECK(response.ends_with("event: done\ndata: \"\"\n\n"));
  }
  CHECK(model.stats().requests == 100);
}

TEST_CASE("token_server: a browser that leaves ends its request to the model", "[examples]")
{
  ServerThread model;
  model.always(Answer::text("one two three").pace(1h));
  TokenServer server(model.spec("ollama", "m"));
  const auto leave = [&]() -> asio::awaitable<void> {
    auto connecting = connect(server.port(), asking("x"));
    auto socket = co_await std::move(connecting);
    std::string response;
    co_await asio::async_read_until(
        socket, asio::dynamic_buffer(response), "data: \"one", asio::use_awaitable);
  };
  asyncllm::run_or_throw(leave());
  CHECK(model.until([](const auto& stats) { return stats.aborted == 1; }));
  model.always(Answer::text("Still here."));
  const auto response = asyncllm::run_or_throw(fetch(server.port(), asking("x")));
  CHECK(text_of(response) == "Still here.");
}

TEST_CASE("token_server: an error of the model is an event", "[examples]")
{
  TokenServer server("ollama@http://127.0.0.1:9::m");
  const auto response = asyncllm::run_or_throw(fetch(server.port(), asking("x")));
  CHECK(response.find("event: failed\ndata: \"connect_failed: ") != std::string::npos);
}

TEST_CASE("token_server: what is no question is refused", "[examples]")
{
  TokenServer server("ollama@http://127.0.0.1:9::m");
  const auto status = [&](const std::string& request) {
    const auto response = asyncllm::run_or_throw(fetch(server.port(), request));
    return response.substr(0, response.find("\r\n"));
  };
  CHECK(status("GET / HTTP/1.1\r\n\r\n") == "HTTP/1.1 200 OK");
  CHECK(status("GET /ask HTTP/1.1\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(status("GET /ask?q= HTTP/1.1\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(
      status("GET /ask?q=%ff%zz% HTTP/1.1\r\n\r\n") == "HTTP/1.1 200 OK");  // the error is an event
  CHECK(status("GET /favicon.ico HTTP/1.1\r\n\r\n") == "HTTP/1.1 404 Not Found");
  CHECK(status("POST /ask?q=x HTTP/1.1\r\n\r\n") == "HTTP/1.1 405 Method Not Allowed");
  CHECK(status("nonsense\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(status(" HTTP/1.1\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(status(std::string(20'000, 'x')) == "HTTP/1.1 400 Bad Request");
  server.program().interrupt();
  server.program().rest();
  CHECK(server.program().code() == 130);
}
