// Each bound on an answer, met by a server that never ends.
#include <asyncllm/impl/http/parse/response_parser.hpp>
#include <asyncllm/options/limits.hpp>

#include "test.hpp"

#include <algorithm>
#include <string>

using asyncllm::Limits;
using asyncllm::http::ResponseParser;
using State = ResponseParser::State;

namespace {

struct Refused {
  std::size_t after;  // bytes
  bool too_large;
  std::string why;
};

// Feeds `start`, then `more` again and again.
Refused refused(const Limits& limits, std::string start, const std::string& more)
{
  ResponseParser parser(limits);
  parser.feed(start);
  std::size_t fed = start.size();
  while (parser.state() != State::failed && parser.state() != State::complete && fed < (1u << 24)) {
    std::string piece = more;
    parser.feed(piece);
    fed += piece.size();
  }
  return {fed, parser.state() == State::failed && parser.too_large(), parser.failure()};
}

const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";

bool names(const Refused& refused, const std::string& limit, std::size_t value)
{
  return refused.too_large && refused.why.find("Limits::" + limit) != std::string::npos &&
         refused.why.find(std::to_string(value)) != std::string::npos;
}

}  // namespace

TEST_CASE("endless input is refused at its limit, not far beyond", "[http]")
{
  Limits limits;
  limits.status_line(1000).header_bytes(5000).header_count(50).interim_responses(5);
  limits.chunk_extension(300);
  for (const std::size_t size : {1U, 7U, 100U}) {
    const auto filled = [&](char c) { return std::string(size, c); };
    const auto check =
        [](const Refused& it, const std::string& limit, std::size_t value, std::size_t longest) {
          INFO(limit + " after " + std::to_string(it.after) + ": " + it.why);
          CHECK(names(it, limit, value));
          CHECK(it.after > value);
          CHECK(it.after < longest);
        };
    check(refused(limits, "HTTP/1.1 200 ", filled('a')), "status_line", 1000, 2000);
    check(refused(limits, ok + "X: ", filled('a')), "header_bytes", 5000, 10'000);
    check(refused(limits, ok, filled('a')), "header_bytes", 5000, 10'000);
    check(refused(limits, ok + "X: a\r\n", " \r\n"), "header_bytes", 5000, 10'000);
    check(refused(limits, "", "\r\n"), "header_bytes", 5000, 10'000);
    check(refused(limits, chunked + "0\r\nX: ", filled('a')), "header_bytes", 5000, 10'000);
    check(refused(limits, ok, "a:\r\n"), "header_count", 50, 50 * 8);
    check(refused(limits, chunked + "0\r\n", "a:\r\n"), "header_count", 50, 50 * 8);
    check(refused(limits, chunked + "5;", filled('a')), "chunk_extension", 300, 600);
    check(refused(limits, chunked + "5;a=\"", filled(' ')), "chunk_extension", 300, 600);
    check(refused(limits, chunked, filled('0')), "chunk_extension", 300, 600);
  }
}

TEST_CASE("interim responses are bounded by their number and by their bytes", "[http]")
{
  Limits limits;
  limits.interim_responses(5).header_bytes(5000);
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  const auto many = refused(limits, "", interim);
  CHECK(names(many, "interim_responses", 5));
  CHECK(many.after == 6 * interim.size());
  const auto wide =
      refused(limits, "", "HTTP/1.1 100 Continue\r\nX: " + std::string(2000, 'a') + "\r\n\r\n");
  CHECK(names(wide, "header_bytes", 5000));
}

TEST_CASE("the bounds are generous, and met exactly", "[http]")
{
  const auto accepted = [](const Limits& limits, std::string text) {
    ResponseParser parser(limits);
    parser.feed(text);
    return parser.state() == State::complete;
  };
  const std::string end = "Content-Length: 0\r\n\r\n";
  CHECK(accepted(Limits(), ok + "X: " + std::string(200'000, 'a') + "\r\n" + end));
  std::string many = ok;
  for (int i = 0; i < 999; ++i)
    many += "X: y\r\n";
  CHECK(accepted(Limits(), many + end));
  CHECK_FALSE(accepted(Limits(), many + "X: y\r\n" + end));

  const auto head = ok + end;
  CHECK(accepted(Limits().header_bytes(head.size()), head));
  CHECK_FALSE(accepted(Limits().header_bytes(head.size() - 1), head));
  CHECK(accepted(Limits().status_line(ok.size() - 2), head));
  CHECK_FALSE(accepted(Limits().status_line(ok.size() - 3), head));
  CHECK(accepted(Limits().interim_responses(0), head));
}

TEST_CASE("input that is not HTTP is not called too large", "[http]")
{
  const auto garbage = refused(Limits(), "", std::string(100'000, 'a'));
  CHECK_FALSE(garbage.too_large);
  CHECK(garbage.after == 100'000);
}

TEST_CASE("the bounds begin anew with each answer", "[http]")
{
  ResponseParser parser(Limits().header_bytes(100).header_count(2));
  for (int i = 0; i < 10; ++i) {
    parser.reset();
    std::string text = ok + "X: " + std::string(40, 'a') + "\r\nContent-Length: 0\r\n\r\n";
    CHECK(parser.feed(text) == text.size());
    CHECK(parser.state() == State::complete);
  }
}
