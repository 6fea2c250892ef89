#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/header_list.hpp>
#include <asyncllm/impl/http/parse/chunk_decoder.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace asyncllm::inline v0_1::http {
namespace {

constexpr std::string_view blanks = " \t";
constexpr std::size_t longest_size = 32;  // 16 digits, and some zeros before them
constexpr std::size_t plain_digits = 15;  // cannot overflow

// The value of a hexadecimal digit; 16 for any other character.
constexpr auto hex_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(16);
  for (std::uint8_t i = 0; i < 16; ++i)
    values[static_cast<unsigned char>("0123456789abcdef"[i])] =
        values[static_cast<unsigned char>("0123456789ABCDEF"[i])] = i;
  return values;
}();

bool is_text(char c) noexcept
{
  return (static_cast<unsigned char>(c) >= ' ' || c == '\t') && c != '\x7f';
}

// Removes the quoted string that begins `text`; false when it has no end (RFC 9110, 5.6.4).
bool skip_quoted(std::string_view& text) noexcept
{
  for (std::size_t i = 1; i < text.size() && is_text(text[i]); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
    if (text[i] == '\\' && (++i == text.size() || !is_text(text[i])))
      return false;
  }
  return false;
}

bool skip_token(std::string_view& text) noexcept
{
  const auto end = std::min(text.find_first_of("=; \t"), text.size());
  const bool token = detail::is_token(text.substr(0, end));
  text.remove_prefix(end);
  return token;
}

void skip_blanks(std::string_view& text) noexcept
{
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
}

// ;name  ;name=value  ;name="value", as many as there are.
bool are_extensions(std::string_view text) noexcept
{
  while (!text.empty()) {
    skip_blanks(text);
    if (!text.starts_with(';'))
      return false;
    text.remove_prefix(1);
    skip_blanks(text);
    if (!skip_token(text))
      return false;
    auto value = text;
    skip_blanks(value);
    if (!value.starts_with('='))
      continue;
    value.remove_prefix(1);
    skip_blanks(value);
    if (!(value.starts_with('"') ? skip_quoted(value) : skip_token(value)))
      return false;
    text = value;
  }
  return true;
}

}  // namespace

std::optional<std::uint64_t> chunk_size(std::string_view line) noexcept
{
  std::uint64_t size = 0;
  const auto* const end = line.data() + line.size();
  const auto [behind, failed] = std::from_chars(line.data(), end, size, 16);
  if (failed != std::errc() || !are_extensions({behind, static_cast<std::size_t>(end - behind)}))
    return std::nullopt;
  return size;
}

std::span<char> ChunkDecoder::next(std::span<char>& bytes)
{
  while (!bytes.empty() && !complete() && !refusal_) {
    if (state_ != State::data) {
      if (!take_plain_line(bytes))
        take_line(bytes);
      continue;
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    const auto data = bytes.first(size);
    bytes = bytes.subspan(size);
    left_ -= size;
    if (left_ == 0)
      state_ = State::data_end;
    return data;
  }
  return {};
}

// Nearly every chunk begins with a size without extensions and ends with an empty line. Takes one
// of these if it is whole in `bytes`. False: nothing was taken, use take_line.
inline bool ChunkDecoder::take_plain_line(std::span<char>& bytes)
{
  if (state_ == State::trailers || !line_.is_clear())
    return false;
  const auto most = std::min(bytes.size(), state_ == State::size ? plain_digits : 0);
  std::uint64_t size = 0;
  std::size_t end = 0;
  for (; end < most; ++end) {
    const auto digit = hex_values[static_cast<unsigned char>(bytes[end])];
    if (digit == 16)
      break;
    size = size * 16 + digit;
  }
  const bool is_plain = bytes.size() >= end + 2 && bytes[end] == '\r' && bytes[end + 1] == '\n' &&
                        (size > 0 || state_ == State::data_end);
  if (!is_plain)
    return false;
  bytes = bytes.subspan(end + 2);
  left_ = size;
  state_ = state_ == State::size ? State::data : State::size;
  return true;
}

void ChunkDecoder::take_line(std::span<char>& bytes)
{
  const auto longest = state_ == State::size       ? limits_.chunk_extension() + longest_size
                       : state_ == State::data_end ? 0
                                                   : limits_.header_bytes() - trailer_bytes_;
  std::string_view rest(bytes.data(), bytes.size());
  const auto read = line_.feed(rest, longest);
  bytes = bytes.last(rest.size());

  if (read == LineReader::State::complete)
    end_line();
  else if (read == LineReader::State::bad_end)
    refusal_ = Refusal{"a line of its chunked body does not end in CRLF"};
  else if (read == LineReader::State::too_long && state_ == State::size)
    refusal_ =
        over_limit("a chunk's extension is longer", limits_.chunk_extension(), "chunk_extension");
  else if (read == LineReader::State::too_long && state_ == State::data_end)
    refusal_ = Refusal{"a chunk is longer than its size says"};
  else if (read == LineReader::State::too_long)
    refusal_ = over_limit("its trailer is longer", limits_.header_bytes(), "header_bytes");
}

void ChunkDecoder::end_line()
{
  if (state_ == State::size) {
    const auto size = chunk_size(line_.text());
    if (!size)
      refusal_ = Refusal{"the line before a chunk does not give its size"};
    left_ = size.value_or(0);
    state_ = left_ > 0 ? State::data : State::trailers;
  } else if (state_ == State::data_end) {
    state_ = State::size;
  } else if (line_.size() == 0) {
    state_ = State::complete;
  } else {
    end_trailer();
  }
  line_.clear();
}

void ChunkDecoder::end_trailer()
{
  const auto line = line_.text();
  const auto colon = std::min(line.find(':'), line.size());
  trailer_bytes_ = std::min(trailer_bytes_ + line.size() + 2, limits_.header_bytes());
  if (colon == line.size() || !detail::is_token(line.substr(0, colon)) ||
      !std::ranges::all_of(line.substr(colon), is_text))
    refusal_ = Refusal{"a trailer field is not valid HTTP"};
  else if (++trailers_ > limits_.header_count())
    refusal_ = over_limit("its trailer has more fields", limits_.header_count(), "header_count");
}

void ChunkDecoder::reset() noexcept
{
  state_ = State::size;
  line_.clear();
  left_ = 0;
  trailer_bytes_ = trailers_ = 0;
  refusal_.reset();
}

}  // namespace asyncllm::http
