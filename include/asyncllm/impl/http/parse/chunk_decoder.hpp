// The chunked transfer coding (RFC 9112, 7.1): chunks in, data out.
#pragma once

#include <asyncllm/impl/http/parse/line_reader.hpp>
#include <asyncllm/impl/http/parse/refusal.hpp>
#include <asyncllm/options/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace asyncllm::inline v0_1::http {

/// Our own, not llhttp's: version 8.1 refuses the extensions that every recipient must accept, and
/// no version limits their length. Extensions and trailers are checked and dropped.
class ChunkDecoder {
 public:
  /// `limits` must outlive the decoder.
  explicit ChunkDecoder(const Limits& limits) : limits_(limits) {}

  /// Removes bytes from the front of `bytes` and returns the data that they hold next, in place.
  /// Empty if more bytes are needed or the body is over.
  std::span<char> next(std::span<char>& bytes);
  /// Whether the last chunk and its trailers are complete.
  bool complete() const noexcept { return state_ == State::complete; }
  const std::optional<Refusal>& refusal() const noexcept { return refusal_; }

  /// For the next body.
  void reset() noexcept;

 private:
  enum class State { size, data, data_end, trailers, complete };

  bool take_plain_line(std::span<char>& bytes);
  void take_line(std::span<char>& bytes);
  void end_line();
  void end_trailer();

  const Limits& limits_;
  State state_ = State::size;
  LineReader line_;
  std::uint64_t left_ = 0;  // of the chunk's data
  std::size_t trailer_bytes_ = 0, trailers_ = 0;
  std::optional<Refusal> refusal_;
};

/// The size at the start of `line`, if the line is hexadecimal digits and well-formed extensions.
std::optional<std::uint64_t> chunk_size(std::string_view line) noexcept;

}  // namespace asyncllm::http
