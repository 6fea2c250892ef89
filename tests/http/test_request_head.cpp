#include <asyncllm/impl/http/parse/request_head.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <string>

using namespace asyncllm;
using http::RequestHead;

TEST_CASE("head and body of a POST are one text with the right length", "[http]")
{
  const RequestHead head(
      "POST",
      http::Url::parse("http://127.0.0.1:8080/v1?api-version=1"),
      {{"Authorization", "Bearer k"}});
  std::string message = "left from before";
  head.begin(message);
  message += "/chat/completions";
  const auto body_at = head.end(message, {{"X-Trace", "7"}});
  message += R"({"a":1})";
  RequestHead::finish(message, body_at);

  CHECK(message.starts_with(
      "POST /v1/chat/completions?api-version=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"));
  CHECK(message.find("\r\nAuthorization: Bearer k\r\n") != message.npos);
  CHECK(message.find("\r\nX-Trace: 7\r\n") != message.npos);
  CHECK(message.find("\r\nContent-Type: application/json\r\n") != message.npos);
  CHECK(message.substr(body_at) == R"({"a":1})");
  const auto length = message.find("Content-Length:");
  REQUIRE(length != message.npos);
  CHECK(std::stoi(message.substr(length + 15)) == 7);
  CHECK(message.substr(body_at - 5, 5) == "7\r\n\r\n");
}

TEST_CASE("a GET has neither length nor type", "[http]")
{
  const RequestHead head("GET", http::Url::parse("https://h/models"), {});
  std::string message;
  head.begin(message);
  head.end(message, {});
  CHECK(message == "GET /models HTTP/1.1\r\nHost: h\r\nUser-Agent: asyncllm\r\n\r\n");
}

TEST_CASE("fields that only the whole request can tell stand in its head", "[http]")
{
  const RequestHead head("POST", http::Url::parse("http://h/v1"), {{"A", "b"}});
  std::string message;
  head.begin(message);
  const auto body_at = head.end(message, {});
  message += R"({"a":1})";
  RequestHead::finish(message, body_at);
  RequestHead::insert(message, body_at, {{"X-Signature", "abc"}, {"X-Date", "d"}});
  CHECK(message.ends_with(" 7\r\nX-Signature: abc\r\nX-Date: d\r\n\r\n{\"a\":1}"));
}

TEST_CASE("no header can smuggle in another one", "[http]")
{
  const auto add = [](std::string name, std::string value) {
    return [=] {
      const RequestHead head("GET", http::Url::parse("http://h/"), {});
      std::string message;
      head.begin(message);
      head.end(message, {{name, value}});
    };
  };
  for (const std::string& bad :
       {std::string("a\r\nX: y"),
        std::string("a\nb"),
        std::string("a\rb"),
        std::string("a\0b", 3),
        std::string("\x7f")})
    CHECK(support::fails_with(ErrorKind::invalid_argument, "X-Key", add("X-Key", bad)));
  for (const char* bad : {"", "a b", "a:", "a\r\n", "ä"})
    CHECK(support::fails_with(ErrorKind::invalid_argument, "header name", add(bad, "v")));
  for (const char* ours : {"host", "Content-Length", "TRANSFER-ENCODING", "connection"})
    CHECK(support::fails_with(ErrorKind::invalid_argument, "set by the library", add(ours, "v")));
  CHECK_NOTHROW(add("X-Key", "tab\tand bytes \xc3\xa4")());
}

TEST_CASE("the value of a refused header is not repeated", "[http]")
{
  const auto error = support::error_of([] { http::check_header("Authorization", "secret\n"); });
  REQUIRE(error);
  CHECK(std::string(error->what()).find("secret") == std::string::npos);
}
