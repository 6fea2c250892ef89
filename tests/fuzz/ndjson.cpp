// Lines of JSON: the same whole and in pieces.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/stream/ndjson_decoder.hpp>

#include "fuzz.hpp"

namespace {

class Reader {
 public:
  void feed(std::string_view piece)
  {
    try {
      if (!failed_)
        decoder_.feed(piece, [this](const asyncllm::StreamEvent& event) { add(event.data); });
    } catch (const asyncllm::Error&) {
      failed_ = true;
    }
  }
  std::string end()
  {
    if (failed_)
      return "failed";
    if (const auto last = decoder_.unterminated())
      add(last->data);
    return seen_;
  }

 private:
  void add(std::string_view line)
  {
    fuzz::require(line.find('\n') == line.npos, "a line is one line");
    seen_.append(line).append("\n");
  }

  asyncllm::stream::NdjsonDecoder decoder_{4096};
  std::string seen_;
  bool failed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  auto text = fuzz::text_of(data, size);
  const auto seed = fuzz::take_choice(text);
  Reader whole, pieces;
  whole.feed(text);
  fuzz::in_pieces(text, seed, [&](std::string_view piece) { pieces.feed(piece); });
  fuzz::require(whole.end() == pieces.end(), "lines do not depend on how they are cut");
  return 0;
}
