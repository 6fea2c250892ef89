// Server-sent events: the same whole and in pieces.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/stream/sse_decoder.hpp>

#include "fuzz.hpp"

namespace {

class Reader {
 public:
  void feed(std::string_view piece)
  {
    if (!failed_)
      guarded([&] {
        decoder_.feed(
            piece,
            [this](const asyncllm::StreamEvent& event) { add(event); },
            [this](std::string_view line) { add_stray(line); });
      });
  }
  std::string end()
  {
    guarded([&] {
      if (const auto last =
              decoder_.unterminated([this](std::string_view line) { add_stray(line); }))
        add(*last);
    });
    return failed_ ? "failed" : seen_;
  }

 private:
  template <class Call>
  void guarded(Call call)
  {
    try {
      call();
    } catch (const asyncllm::Error& error) {
      fuzz::require(
          error.kind() == asyncllm::ErrorKind::response_too_large, "only the limit is an error");
      failed_ = true;
    }
  }
  void add(const asyncllm::StreamEvent& event)
  {
    seen_.append("event ").append(event.type).append("\x01").append(event.data);
    seen_.append("\x01").append(event.id).append("\n");
  }
  void add_stray(std::string_view line) { seen_.append("stray ").append(line).append("\n"); }

  asyncllm::stream::SseDecoder decoder_{4096};
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
  fuzz::require(whole.end() == pieces.end(), "events do not depend on how they are cut");
  return 0;
}
