#include <asyncllm/impl/http/parse/chunk_decoder.hpp>

#include "test.hpp"

#include <optional>
#include <span>
#include <string>

using asyncllm::http::chunk_size;
using asyncllm::http::ChunkDecoder;

namespace {

struct Decoded {
  std::string data, refusal;
  bool complete = false;
  std::size_t left = 0;
};

Decoded decode(const std::string& text, std::size_t piece_size)
{
  const asyncllm::Limits limits;
  ChunkDecoder decoder(limits);
  Decoded decoded;
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size(); at += piece_size) {
    std::string piece = text.substr(at, piece_size);
    std::span<char> rest = piece;
    for (auto data = decoder.next(rest); !data.empty(); data = decoder.next(rest))
      decoded.data.append(data.data(), data.size());
    used += piece.size() - rest.size();
  }
  decoded.complete = decoder.complete();
  decoded.left = text.size() - used;
  if (decoder.refusal())
    decoded.refusal = decoder.refusal()->why;
  return decoded;
}

constexpr std::size_t piece_sizes[] = {1, 2, 3, 5, 1000};

}  // namespace

TEST_CASE("chunks become data wherever they are cut", "[http]")
{
  for (const std::string text :
       {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
        "00005\r\nhello\r\n006\r\n world\r\n000\r\n\r\n",
        "b\r\nhello world\r\n0\r\n\r\n",
        "B\r\nhello world\r\n0\r\nX-A: 1\r\nX-B:\r\n\r\n",
        "b;a;b=c;d=\"e;\\\"f\"\r\nhello world\r\n0;last\r\n\r\n",
        "b ; a = b\t;c\r\nhello world\r\n0\r\n\r\n"})
    for (const auto size : piece_sizes) {
      INFO(text);
      const auto decoded = decode(text + "rest", size);
      CHECK(decoded.complete);
      CHECK(decoded.data == "hello world");
      CHECK(decoded.left == 4);
    }
}

TEST_CASE("data are handed out before their chunk is whole", "[http]")
{
  CHECK(decode("5\r\nhel", 1000).data == "hel");
  CHECK(decode("5\r\nhello\r\n", 1000).data == "hello");
  CHECK_FALSE(decode("5\r\nhello\r\n0\r\n", 1000).complete);
  CHECK_FALSE(decode("5\r\nhello\r\n0\r\nX-A: 1\r\n", 1000).complete);
}

TEST_CASE("the size of a chunk is hexadecimal digits and nothing else", "[http]")
{
  CHECK(chunk_size("0") == 0);
  CHECK(chunk_size("1aF") == 0x1AF);
  CHECK(chunk_size("ffffffffffffffff") == 0xFFFF'FFFF'FFFF'FFFF);
  for (const std::string line :
       {"",          " ",         " 5",       "5 ",       "-5",
        "+5",        "0x5",       "g",        "1_0",      "5 5",
        "5.",        "5;",        "5; ",      "5;;a",     "5;a=",
        "5;a=\"b",   "5;a=\"b\\", "5;a b",    "5;a=b c",  "5;=b",
        "5;a=b\x01", "5 a;b",     "5;a\"b\"", "\xd9\xa5", "10000000000000005"}) {
    INFO(line);
    CHECK_FALSE(chunk_size(line));
  }
}

TEST_CASE("invalid chunks are refused", "[http]")
{
  for (const std::string text :
       {"\r\nhello\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhelloo\r\n0\r\n\r\n",
        "5\r\nhell\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "0\r\nno colon\r\n\r\n",
        "0\r\n: no name\r\n\r\n",
        "0\r\nno token: x\r\n\r\n",
        "0\r\nX: a\x01 b\r\n\r\n",
        "0\r\nX: a\nY: b\r\n\r\n"})
    for (const auto size : piece_sizes) {
      INFO(text);
      const auto decoded = decode(text, size);
      CHECK_FALSE(decoded.complete);
      CHECK_FALSE(decoded.refusal.empty());
    }
}

TEST_CASE("a decoder reads one body after the other", "[http]")
{
  const asyncllm::Limits limits;
  ChunkDecoder decoder(limits);
  for (const std::string text : {"1\r\na\r\n0\r\nX: y\r\n\r\n", "bad\n", "1\r\nb\r\n0\r\n\r\n"}) {
    decoder.reset();
    std::string bytes = text;
    std::span<char> rest = bytes;
    while (!decoder.next(rest).empty()) {
    }
    CHECK(decoder.complete() != decoder.refusal().has_value());
  }
  CHECK(decoder.complete());
}
