#include <asyncllm/impl/testing/playback.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace asyncllm::inline v0_1::testing {

using std::chrono::milliseconds;

void PlaybackBuilder::wait(milliseconds delay)
{
  playback_.steps.push_back(Step{delay, std::string()});
}

void PlaybackBuilder::head(std::string_view bytes)
{
  add(bytes);
  head_size_ = end_ = size_;
}

void PlaybackBuilder::piece(std::string_view data)
{
  if (data.empty())  // as a chunk it would end the body
    return;
  pieces_.push_back(size_);
  if (framing_ == Framing::chunked) {
    std::array<char, 18> size{};
    auto* const end = std::to_chars(size.data(), size.data() + 16, data.size(), 16).ptr;
    add({size.data(), end});
    add("\r\n");
  }
  add(data);
  if (framing_ == Framing::chunked)
    add("\r\n");
  end_ = size_;
}

void PlaybackBuilder::end_body()
{
  if (framing_ == Framing::chunked)
    add("0\r\n\r\n");
}

void PlaybackBuilder::add(std::string_view bytes)
{
  if (playback_.steps.empty())
    wait(milliseconds(0));
  playback_.steps.back().bytes += bytes;
  size_ += bytes.size();
}

void PlaybackBuilder::strike(const Fault& fault)
{
  const auto place = place_of(fault.phase());
  if (fault.kind() == Fault::Kind::drip) {
    drip_from(place, fault.gap());
    return;
  }
  // A whole answer whose end is known: the connection is an idle one, whatever the phase is called.
  const bool answered = place == size_ && framing_ != Framing::close;
  cut_at(place);
  switch (fault.kind()) {
    case Fault::Kind::reset: playback_.ending = Ending::reset; break;
    case Fault::Kind::stall:
      playback_.ending = answered ? Ending::close_upon_next : Ending::stall;
      break;
    case Fault::Kind::garbage: add(fault.bytes()); [[fallthrough]];
    case Fault::Kind::cut:
    case Fault::Kind::drip: playback_.ending = Ending::close; break;
  }
}

Playback PlaybackBuilder::build(bool close) &&
{
  if (close && playback_.ending == Ending::keep)
    playback_.ending = Ending::close;
  return std::move(playback_);
}

std::size_t PlaybackBuilder::place_of(Phase phase) const
{
  constexpr std::size_t in_status_line = 10;  // "HTTP/1.1 2"
  // Of the piece in the middle; a body without pieces is struck at its end.
  const auto middle = pieces_.size() / 2;
  const auto begin = pieces_.empty() ? end_ : pieces_[middle];
  const auto after = middle + 1 < pieces_.size() ? pieces_[middle + 1] : end_;
  switch (phase) {
    case Phase::accept:
    case Phase::request:
    case Phase::before_head: return 0;
    case Phase::status_line: return in_status_line;
    case Phase::head: return head_size_ - (head_size_ - in_status_line) / 3;
    case Phase::after_head: return head_size_;
    case Phase::chunk_size: return begin + (framing_ == Framing::chunked && begin < after ? 1 : 0);
    case Phase::piece: return (begin + after) / 2;
    case Phase::between_pieces: return begin;
    case Phase::end: return end_;
    case Phase::idle: break;
  }
  return size_;
}

void PlaybackBuilder::cut_at(std::size_t place)
{
  size_ = place;
  auto& steps = playback_.steps;
  auto step = steps.begin();
  while (step != steps.end() && step->bytes.size() <= place) {
    place -= step->bytes.size();
    ++step;
  }
  if (step != steps.end()) {
    step->bytes.resize(place);
    steps.erase(step + 1, steps.end());
  }
}

void PlaybackBuilder::drip_from(std::size_t place, milliseconds gap)
{
  std::vector<Step> dripping;
  for (auto& step : playback_.steps) {
    const auto kept = std::min(place, step.bytes.size());
    place -= kept;
    dripping.push_back(Step{step.delay, step.bytes.substr(0, kept)});
    for (const char byte : step.bytes.substr(kept))
      dripping.push_back(Step{gap, std::string(1, byte)});
  }
  playback_.steps = std::move(dripping);
}

}  // namespace asyncllm::testing
