#include "http/response_parser.hpp"
#include "test.hpp"

#include <string>
#include <vector>

using asyncllm::http::ResponseParser;
using State = ResponseParser::State;

namespace {

struct Parsed {
  State state;
  int status;
  std::string body, failure;
  std::size_t left;  // bytes behind the message
  bool keep_alive;
};

// Feeds `text` in pieces of `size`, then the end of the stream if `close`.
Parsed parse(const std::string& text, std::size_t size, bool close = false)
{
  ResponseParser parser;
  std::string body;
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size(); at += size) {
    std::string piece = text.substr(at, size);
    used += parser.feed(piece);
    body.append(parser.body().data(), parser.body().size());
  }
  if (close)
    parser.feed_end();
  return {
      parser.state(),
      parser.head().status,
      body,
      parser.failure(),
      text.size() - used,
      parser.keep_alive()};
}

constexpr std::size_t pieces[] = {1, 2, 3, 7, 1000};

}  // namespace

TEST_CASE("a response with a length is whole wherever it is cut", "[http]")
{
  const std::string text =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
  for (const auto size : pieces) {
    const auto parsed = parse(text, size);
    CHECK(parsed.state == State::complete);
    CHECK(parsed.status == 200);
    CHECK(parsed.body == "hello");
    CHECK(parsed.keep_alive);
  }
}

TEST_CASE("chunks are joined, extensions and trailers ignored", "[http]")
{
  const std::string text =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;x=y\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nX-Trailer: z\r\n\r\n";
  for (const auto size : pieces) {
    const auto parsed = parse(text, size);
    CHECK(parsed.state == State::complete);
    CHECK(parsed.body == "hello world");
    CHECK(parsed.left == 0);
  }
}

TEST_CASE("a body without length or chunks ends with the connection", "[http]")
{
  const std::string text = "HTTP/1.1 200 OK\r\n\r\nhello";
  for (const auto size : pieces) {
    CHECK(parse(text, size).state == State::body);
    const auto parsed = parse(text, size, true);
    CHECK(parsed.state == State::complete);
    CHECK(parsed.body == "hello");
    CHECK_FALSE(parsed.keep_alive);
  }
}

TEST_CASE("a response that ends too early is not complete", "[http]")
{
  for (const auto* text :
       {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"})
    CHECK(parse(text, 7, true).state == State::body);
  CHECK(parse("HTTP/1.1 200 OK\r\nContent-Le", 7, true).state == State::head);
}

TEST_CASE("bytes behind a response are left alone", "[http]")
{
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n";
  const auto parsed = parse(text, 1000);
  CHECK(parsed.state == State::complete);
  CHECK(parsed.body == "hello");
  CHECK(parsed.left == 17);
}

TEST_CASE("interim responses are skipped, but not without end", "[http]")
{
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  const std::string last = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  for (const auto size : pieces) {
    const auto parsed = parse("HTTP/1.1 100 Continue\r\n\r\n" + interim + last, size);
    CHECK(parsed.state == State::complete);
    CHECK(parsed.status == 200);
    CHECK(parsed.body == "ok");
  }
  std::string endless;
  for (int i = 0; i <= ResponseParser::max_interim_responses; ++i)
    endless += interim;
  CHECK(parse(endless, 1000).state == State::failed);
}

TEST_CASE("no body is read for 204 and 304", "[http]")
{
  for (const auto* status : {"204 No Content", "304 Not Modified"}) {
    const auto parsed =
        parse(std::string("HTTP/1.1 ") + status + "\r\nContent-Length: 7\r\n\r\nsurplus", 1000);
    CHECK(parsed.state == State::complete);
    CHECK(parsed.body.empty());
    CHECK(parsed.left == 7);
  }
}

TEST_CASE("what is not HTTP/1.1 fails with a reason", "[http]")
{
  for (const std::string text :
       {"<html>\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"}) {
    INFO(text);
    for (const auto size : pieces) {
      const auto parsed = parse(text, size);
      CHECK(parsed.state == State::failed);
      CHECK_FALSE(parsed.failure.empty());
    }
  }
}

TEST_CASE("an endless header is too large", "[http]")
{
  ResponseParser parser;
  std::string start = "HTTP/1.1 200 OK\r\n";
  parser.feed(start);
  for (int i = 0; i < 100'000 && parser.state() == State::head; ++i) {
    std::string line = "X: y\r\n";
    parser.feed(line);
  }
  CHECK(parser.state() == State::failed);
  CHECK(parser.too_large());
}

TEST_CASE("a parser reads one response after the other", "[http]")
{
  ResponseParser parser;
  for (const std::string body : {"one", "two"}) {
    parser.reset();
    std::string text = "HTTP/1.1 200 OK\r\nX: " + body + "\r\nContent-Length: 3\r\n\r\n" + body;
    CHECK(parser.feed(text) == text.size());
    CHECK(parser.state() == State::complete);
    CHECK(std::string(parser.body().data(), parser.body().size()) == body);
    REQUIRE(parser.head().headers.size() == 2);
    CHECK(parser.head().headers[0].second == body);
  }
}
