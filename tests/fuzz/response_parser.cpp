// One HTTP response: the same whole and in pieces, and its body through the content decoders.
#include <asyncllm/impl/http/parse/content_decoder.hpp>
#include <asyncllm/impl/http/parse/response_parser.hpp>

#include "fuzz.hpp"

using asyncllm::http::ContentDecoder;
using asyncllm::http::ResponseParser;

namespace {

struct Seen {
  ResponseParser::State state;
  int status;
  bool keep_alive;
  std::string body, headers;

  bool operator==(const Seen&) const = default;
};

class Reader {
 public:
  void feed(std::string_view piece)
  {
    std::string bytes(piece);
    const auto used = parser_.feed(bytes);
    fuzz::require(used <= bytes.size(), "no more is used than was given");
    body_.append(parser_.body().data(), parser_.body().size());
  }
  Seen end()
  {
    parser_.feed_end();
    const bool is_complete = parser_.state() == ResponseParser::State::complete;
    Seen seen{parser_.state(), 0, is_complete && parser_.keep_alive(), {}, {}};
    if (parser_.state() == ResponseParser::State::failed)  // which reason came first may differ
      return seen;
    seen.body = body_;
    if (!parser_.has_head())
      return seen;
    seen.status = parser_.head().status;
    for (const auto& [name, value] : parser_.head().headers)
      seen.headers.append(name).append(": ").append(value).append("\n");
    return seen;
  }

 private:
  ResponseParser parser_{asyncllm::Limits().header_bytes(2000).status_line(200)};
  std::string body_;
};

// Ends, and gives at most what it promises at once.
void decode(std::string_view coding, const std::string& body)
{
  ContentDecoder decoder(coding);
  std::span<const char> rest = body;
  std::size_t total = 0;
  while (total < (1 << 20)) {
    const auto piece = decoder.next(rest);
    fuzz::require(piece.size() <= 64 * 1024, "a piece is at most 64 KiB");
    if (piece.empty())
      break;
    total += piece.size();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  auto text = fuzz::text_of(data, size);
  const auto seed = fuzz::take_choice(text);
  Reader whole, pieces;
  whole.feed(text);
  fuzz::in_pieces(text, seed, [&](std::string_view piece) { pieces.feed(piece); });
  const auto seen = whole.end();
  fuzz::require(seen == pieces.end(), "a response does not depend on how it is cut");
  for (const auto* const coding : {"gzip", "deflate", "br"})
    decode(coding, seen.body);
  return 0;
}
