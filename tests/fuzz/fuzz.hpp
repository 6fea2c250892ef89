// What the fuzz targets share. Each is a function of bytes that ends the program when something
// that must always hold does not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace fuzz {

/// Ends the program, which the fuzzer reports together with its input.
inline void require(bool holds, const char* what)
{
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size)
{
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes the first byte off: a choice between ways to use the rest.
inline unsigned take_choice(std::string_view& text)
{
  if (text.empty())
    return 0;
  const auto choice = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  return choice;
}

/// Takes a line off.
inline std::string take_line(std::string_view& text)
{
  const auto end = text.find('\n') < text.size() ? text.find('\n') : text.size();
  std::string line(text.substr(0, end));
  text.remove_prefix(end < text.size() ? end + 1 : end);
  return line;
}

/// Calls `take` with `text` in pieces, whose sizes `seed` decides.
template <class Take>
void in_pieces(std::string_view text, unsigned seed, Take take)
{
  while (!text.empty()) {
    seed = seed * 1664525 + 1013904223;
    const auto size = 1 + (seed >> 16) % ((seed >> 24) % 4 == 0 ? 100 : 7);
    const auto piece = text.substr(0, size);
    text.remove_prefix(piece.size());
    take(piece);
  }
}

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
