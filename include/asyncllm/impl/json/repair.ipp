#include <asyncllm/impl/json/repair.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <utility>

namespace asyncllm::inline v0_1::json {
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

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool is_first(unsigned unit)
{
  return unit >= 0xD800 && unit <= 0xDBFF;
}

bool is_second(unsigned unit)
{
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

// The half of a surrogate pair that the escape at `at` is, "\uD83D"; 0 if it is not one.
unsigned surrogate_half(std::string_view text, std::size_t at)
{
  if (text.size() < at + 6 || text[at] != '\\' || text[at + 1] != 'u')
    return 0;
  unsigned unit = 0;
  const char* const digits = text.data() + at + 2;
  if (std::from_chars(digits, digits + 4, unit, 16).ptr != digits + 4)
    return 0;
  return is_first(unit) || is_second(unit) ? unit : 0;
}

void append_utf8(std::string& out, unsigned code_point)  // of four bytes
{
  const auto byte = [&](unsigned bits) { out += static_cast<char>(bits); };
  byte(0xF0U | code_point >> 18);
  byte(0x80U | (code_point >> 12 & 0x3FU));
  byte(0x80U | (code_point >> 6 & 0x3FU));
  byte(0x80U | (code_point & 0x3FU));
}

// A mark is a private character, U+10F000 to U+10F7FF, in an event that has none of its own.
constexpr unsigned first_mark = 0x10F000;
constexpr std::string_view mark_begin = "\xF4\x8F";

bool may_have_marks(std::string_view text)
{
  if (text.find(mark_begin) != text.npos)
    return true;
  for (auto at = text.find("\\u"); at != text.npos; at = text.find("\\u", at + 2))
    if (const auto unit = surrogate_half(text, at); unit == 0xDBFC || unit == 0xDBFD)
      return true;
  return false;
}

// The half that the mark at the start of `text` stands for, 0 if there is none.
unsigned marked_half(std::string_view text)
{
  if (text.size() < 4 || !text.starts_with(mark_begin))
    return 0;
  const auto third = static_cast<unsigned char>(text[2]) & 0x3FU;
  const auto fourth = static_cast<unsigned char>(text[3]) & 0x3FU;
  const unsigned half = 0xD800U + (third << 6) + fourth;
  return half <= 0xDFFF ? half : 0;
}

// Whether a string is a text that may arrive in pieces: `before` is what precedes it.
bool is_text_of_reply(std::string_view before)
{
  const auto skip = [&] {
    while (!before.empty() && std::string_view(" \t\r\n").find(before.back()) != before.npos)
      before.remove_suffix(1);
  };
  const auto skip_one = [&](char c) {
    skip();
    const bool is_there = before.ends_with(c);
    before.remove_suffix(is_there ? 1 : 0);
    return is_there;
  };
  if (!skip_one(':') || !skip_one('"'))
    return false;
  const auto key = before.substr(before.rfind('"') + 1);
  constexpr std::string_view keys[] = {
      "content",
      "text",
      "response",
      "value",
      "reasoning",
      "reasoning_content",
      "thinking",
      "refusal",
      "arguments",
      "delta",
      "partial_json"};
  return std::ranges::find(keys, key) != std::end(keys);
}

std::string repair(std::string_view text, bool* has_marks)
{
  const bool is_marking = has_marks && !may_have_marks(text);
  std::string out;
  out.reserve(text.size() + 16);
  bool is_in_string = false;
  std::size_t string_at = 0;  // its opening quote
  const auto is_end_of_piece = [&](std::size_t i, unsigned half) {
    const bool is_there = is_first(half) ? i + 6 < text.size() && text[i + 6] == '"'
                                         : is_in_string && i == string_at + 1;
    return is_there && is_text_of_reply(text.substr(0, string_at));
  };
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\\') {
      const auto half = surrogate_half(text, i);
      if (half == 0) {
        out.append(text, i, 2);  // both: the second may be a backslash
        i += 2;
      } else if (is_first(half) && is_second(surrogate_half(text, i + 6))) {
        out.append(text, i, 12);
        i += 12;
      } else {
        if (is_marking && is_end_of_piece(i, half)) {
          append_utf8(out, first_mark + (half - 0xD800));
          *has_marks = true;
        } else {
          out += "\\uFFFD";
        }
        i += 6;
      }
    } else if (const auto length = sequence_length(text, i); length > 0) {
      if (text[i] == '"') {
        is_in_string = !is_in_string;
        string_at = i;
      }
      out.append(text, i, length);
      i += length;
    } else {
      out += replacement;
      ++i;
    }
  }
  return out;
}

}  // namespace

std::string repaired(std::string_view text)
{
  return repair(text, nullptr);
}

std::string repaired(std::string_view text, bool& has_marks)
{
  return repair(text, &has_marks);
}

std::string HalfJoiner::join(std::string_view piece)
{
  std::string out;
  while (!piece.empty()) {
    const auto half = marked_half(piece);
    if (first_ != 0 && is_second(half)) {
      append_utf8(out, 0x10000U + ((first_ - 0xD800) << 10) + (half - 0xDC00));
      first_ = 0;
      piece.remove_prefix(4);
      continue;
    }
    out += rest();
    if (half == 0) {
      const auto size = std::min(piece.find(mark_begin, 1), piece.size());
      out += piece.substr(0, size);
      piece.remove_prefix(size);
      continue;
    }
    if (is_first(half))
      first_ = half;
    else
      out += replacement;
    piece.remove_prefix(4);
  }
  return out;
}

std::string HalfJoiner::rest()
{
  return std::exchange(first_, 0U) != 0 ? std::string(replacement) : std::string();
}

std::string to_utf8(std::string_view text)
{
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t i = 0; i < text.size();) {
    const auto length = sequence_length(text, i);
    out += length > 0 ? text.substr(i, length) : replacement;
    i += length > 0 ? length : 1;
  }
  return out;
}

bool has_surrogate_escapes(std::string_view text) noexcept
{
  for (auto at = text.find("\\u"); at != text.npos; at = text.find("\\u", at + 2))
    if (surrogate_half(text, at) != 0)
      return true;
  return false;
}

}  // namespace asyncllm::json
