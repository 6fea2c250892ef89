#include <asyncllm/impl/http/parse/content_decoder.hpp>

#include "compressed.hpp"
#include "test.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>

using asyncllm::http::ContentDecoder;
using namespace std::string_literals;

namespace {

struct Content {
  std::string content, refusal;
  bool complete = false;
};

Content decode_content(std::string_view coding, std::string_view body, std::size_t piece_size)
{
  ContentDecoder decoder(coding);
  Content decoded;
  for (std::size_t at = 0; at < body.size() && !decoder.refusal(); at += piece_size) {
    std::span<const char> rest = body.substr(at, piece_size);
    for (auto content = decoder.next(rest); !content.empty(); content = decoder.next(rest))
      decoded.content.append(content.data(), content.size());
  }
  decoded.complete = decoder.is_complete();
  if (decoder.refusal())
    decoded.refusal = decoder.refusal()->why;
  return decoded;
}

constexpr std::size_t body_pieces[] = {1, 2, 3, 7, 1000};

// {"a":"Hello, hello, hello."}
const auto gzip =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\x54\xb2\x52\xf2\x48\xcd\xc9\xc9\xd7"
    "\x51\xc8\x40\xa2\xf4\x94\x6a\x01\x85\xf9\x0d\x19\x1c\x00\x00\x00"s;
const auto zlib =
    "\x78\x5e\xab\x56\x4a\x54\xb2\x52\xf2\x48\xcd\xc9\xc9\xd7\x51\xc8\x40\xa2\xf4\x94\x6a\x01"
    "\x7d\xec\x08\xfe"s;
const auto text = R"({"a":"Hello, hello, hello."})"s;

}  // namespace

TEST_CASE("a compressed body is decoded, wherever it is cut", "[http]")
{
#if defined(ASYNCLLM_WITH_ZLIB)
  for (const auto size : body_pieces) {
    for (const auto& [coding, body] :
         {std::pair("gzip", gzip),
          std::pair("X-GZIP", gzip),
          std::pair("br", gzip),  // its own bytes say better what it is
          std::pair("deflate", zlib),
          std::pair("deflate", zlib.substr(2, zlib.size() - 6))}) {
      INFO(coding << ' ' << body.size() << ' ' << size);
      const auto decoded = decode_content(coding, body, size);
      CHECK(decoded.content == text);
      CHECK(decoded.refusal.empty());
      CHECK(decoded.complete);
    }
    CHECK(decode_content("gzip", gzip + gzip, size).content == text + text);
  }
#else
  CHECK(decode_content("gzip", gzip, 1000).refusal.find("no zlib") != std::string::npos);
#endif
}

TEST_CASE("a body that is plain text is taken as it is, whatever its coding", "[http]")
{
  for (const auto* const coding : {"gzip", "deflate", "br", "zstd", "nonsense"})
    for (const auto size : body_pieces)
      for (const auto& body : {text, "data: {}\n\n"s, "\r\n[]"s, "\xEF\xBB\xBF{}"s}) {
        INFO(coding << ' ' << size);
        const auto decoded = decode_content(coding, body, size);
        CHECK(decoded.content == body);
        CHECK(decoded.complete);
      }
}

TEST_CASE("a compressed body that broke off is not complete", "[http]")
{
#if defined(ASYNCLLM_WITH_ZLIB)
  for (std::size_t length = 1; length < gzip.size(); ++length) {
    INFO(length);
    const auto decoded = decode_content("gzip", gzip.substr(0, length), 1000);
    CHECK_FALSE(decoded.complete);
    CHECK(decoded.refusal.empty());
    CHECK(text.starts_with(decoded.content));
  }
#endif
  CHECK(decode_content("gzip", "", 1).complete);  // nothing at all is empty content
}

TEST_CASE("a body that is not what its coding says is refused with the coding's name", "[http]")
{
  auto damaged = gzip;
  damaged[15] = '\xff';
  auto wrong_sum = gzip;
  wrong_sum[gzip.size() - 8] ^= 1;
  for (const auto size : body_pieces) {
#if defined(ASYNCLLM_WITH_ZLIB)
    CHECK(decode_content("gzip", damaged, size).refusal.starts_with("its body is not valid gzip"));
    CHECK(
        decode_content("gzip", wrong_sum, size).refusal.starts_with("its body is not valid gzip"));
    CHECK(decode_content("gzip", gzip + "{}", size).refusal.find("continues") != std::string::npos);
#endif
    CHECK(decode_content("gzip", "\x01\x02\x03", size)
              .refusal.starts_with("its body is not valid gzip"));
    for (const auto* const coding : {"br", "zstd", "gzip, gzip"}) {
      const auto refusal = decode_content(coding, "\x28\xb5\x2f\xfd", size).refusal;
      INFO(refusal);
      CHECK(refusal.find(coding) != std::string::npos);
      CHECK_FALSE(decode_content(coding, "\x28\xb5\x2f\xfd", size).complete);
    }
  }
}

TEST_CASE("content comes in bounded pieces, however well it was compressed", "[http]")
{
#if defined(ASYNCLLM_WITH_ZLIB)
  const std::string content(std::size_t{10} << 20, 'a');
  const auto body = support::compressed(content);
  REQUIRE(body.size() < 64 * 1024);
  ContentDecoder decoder("gzip");
  std::span<const char> rest = body;
  std::size_t size = 0;
  for (auto piece = decoder.next(rest); !piece.empty(); piece = decoder.next(rest)) {
    REQUIRE(piece.size() <= 64 * 1024);
    size += piece.size();
  }
  CHECK(size == content.size());
  CHECK(decoder.is_complete());
#endif
}
