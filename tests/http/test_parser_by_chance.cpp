// Responses changed by chance: whatever becomes of one, it does not depend on how it is cut.
#include <asyncllm/impl/http/parse/response_parser.hpp>

#include "test.hpp"

#include <string>
#include <string_view>

using asyncllm::http::ResponseParser;
using State = ResponseParser::State;
using namespace std::string_view_literals;

namespace {

struct Seen {  // not which of several reasons to refuse it was found first
  State state;
  int status;
  std::string body;
  bool keep_alive;
  std::size_t used;

  bool operator==(const Seen&) const = default;
};

Seen parse_in_pieces(const std::string& text, std::size_t size)
{
  ResponseParser parser(asyncllm::Limits().header_bytes(300).status_line(40).chunk_extension(20));
  Seen result{};
  for (std::size_t at = 0; at < text.size(); at += size) {
    std::string piece = text.substr(at, size);
    result.used += parser.feed(piece);
    result.body.append(parser.body().data(), parser.body().size());
  }
  result.state = parser.state();
  result.status = parser.has_head() ? parser.head().status : 0;
  result.keep_alive = result.state == State::complete && parser.keep_alive();
  if (result.state == State::failed)
    result.used = 0;
  return result;
}

}  // namespace

TEST_CASE("the fate of a response by chance does not depend on how it is cut", "[http]")
{
  const std::string status_line = "HTTP/1.1 200 OK\r\n";
  const std::string seeds[] = {
      status_line + "Content-Length: 11\r\nX-A: b\r\n\r\nhello world",
      status_line +
          "Transfer-Encoding: chunked\r\n\r\n5;a=b;c=\"d\"\r\nhello\r\n6\r\n world\r\n0\r\nX: "
          "y\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n" + status_line + "Content-Length: 2\r\n\r\nokHTTP/1.1 200",
      "HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\nX: a\r\n b\r\n\r\nuntil the end",
  };
  constexpr auto bytes = "\r\n\t :;=\"\\0519aFx,-HTP/\0\x7f\xff"sv;
  unsigned seed = 99;
  const auto next = [&] { return (seed = seed * 1664525 + 1013904223) >> 16; };
  int ends[4] = {};
  for (int i = 0; i < 40'000; ++i) {
    auto text = seeds[next() % 4];
    for (auto changes = next() % 3; changes > 0; --changes) {
      const auto at = next() % text.size();
      const char byte = bytes[next() % bytes.size()];
      switch (next() % 5) {
        case 0: text.erase(at, 1 + next() % 3); break;
        case 1: text.insert(at, 1, byte); break;
        case 2: text.resize(at + 1); break;
        case 3: text.insert(at, text.substr(next() % text.size(), next() % 30)); break;
        default: text[at] = byte; break;
      }
    }
    const auto whole = parse_in_pieces(text, text.size() + 1);
    ++ends[static_cast<int>(whole.state)];
    for (const std::size_t size : {std::size_t{1}, std::size_t{1} + next() % 40})
      if (!(parse_in_pieces(text, size) == whole))
        FAIL(text);
  }
  for (const auto count : ends)
    CHECK(count > 1000);  // else nothing was tried
}
