#include "json/repair.hpp"

#include <charconv>
#include <cstddef>

namespace asyncllm::json {
namespace {

// The length of the well-formed UTF-8 sequence at `at` (Unicode 15, table 3-7), 0 if there is none.
std::size_t sequence_length(std::string_view text, std::size_t at)
{
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80)
    return 1;
  if (first >= 0xC2 && first <= 0xDF)
    return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && second < 0xA0;
    const bool surrogate = first == 0xED && second > 0x9F;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && second < 0x90;
    const bool too_large = first == 0xF4 && second > 0x8F;
    return continues(1) && continues(2) && continues(3) && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

enum class Half { none, high, low };

// Which half of a surrogate pair the escape at `at` is, if it is one: "\uD83D".
Half surrogate_half(std::string_view text, std::size_t at)
{
  if (text.size() < at + 6 || text[at] != '\\' || text[at + 1] != 'u')
    return Half::none;
  unsigned unit = 0;
  const char* const digits = text.data() + at + 2;
  if (std::from_chars(digits, digits + 4, unit, 16).ptr != digits + 4)
    return Half::none;
  if (unit >= 0xD800 && unit <= 0xDBFF)
    return Half::high;
  return unit >= 0xDC00 && unit <= 0xDFFF ? Half::low : Half::none;
}

}  // namespace

std::string repaired(std::string_view text)
{
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\\') {
      const auto half = surrogate_half(text, i);
      if (half == Half::none) {
        out.append(text, i, 2);  // both: the second may be a backslash
        i += 2;
      } else if (half == Half::high && surrogate_half(text, i + 6) == Half::low) {
        out.append(text, i, 12);
        i += 12;
      } else {
        out += "\\uFFFD";
        i += 6;
      }
    } else if (const auto length = sequence_length(text, i); length > 0) {
      out.append(text, i, length);
      i += length;
    } else {
      out += "\xEF\xBF\xBD";
      ++i;
    }
  }
  return out;
}

std::string to_utf8(std::string_view text)
{
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t i = 0; i < text.size();) {
    const auto length = sequence_length(text, i);
    out += length > 0 ? text.substr(i, length) : "\xEF\xBF\xBD";
    i += length > 0 ? length : 1;
  }
  return out;
}

bool has_surrogate_escapes(std::string_view text) noexcept
{
  for (auto at = text.find("\\u"); at != text.npos; at = text.find("\\u", at + 2))
    if (surrogate_half(text, at) != Half::none)
      return true;
  return false;
}

}  // namespace asyncllm::json
