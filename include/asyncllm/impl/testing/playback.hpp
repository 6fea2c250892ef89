// An answer as bytes, and when to send each of them. No socket, no clock.
#pragma once
#include <asyncllm/testing/answer.hpp>
#include <asyncllm/testing/fault.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1::testing {

/// One thing to do: wait, then write.
struct Step {
  std::chrono::milliseconds delay{0};
  std::string bytes;
};

/// What happens to the connection after the last step.
enum class Ending {
  keep,
  close,           // in good order
  reset,           // by RST
  stall,           // nothing, until the client closes
  close_upon_next  // when the next request comes
};

struct Playback {
  std::vector<Step> steps;
  Ending ending = Ending::keep;
};

/// Puts an answer together, remembers where its parts begin, and breaks it where the fault says.
class PlaybackBuilder {
 public:
  explicit PlaybackBuilder(Framing framing) : framing_(framing) {}

  /// What is added next comes `delay` later.
  void wait(std::chrono::milliseconds delay);
  void head(std::string_view bytes);
  /// A part of the body; an empty one adds nothing.
  void piece(std::string_view data);
  void end_body();

  /// Makes `fault` strike in its phase.
  void strike(const Fault& fault);

  Playback build(bool close) &&;

 private:
  void add(std::string_view bytes);
  std::size_t place_of(Phase phase) const;
  void cut_at(std::size_t place);
  void drip_from(std::size_t place, std::chrono::milliseconds gap);

  Framing framing_;
  Playback playback_;
  std::size_t size_ = 0;                 // of all bytes so far
  std::size_t head_size_ = 0, end_ = 0;  // where the body begins and ends
  std::vector<std::size_t> pieces_;      // where each of them begins, its chunk's size included
};

}  // namespace asyncllm::testing
