#include <asyncllm/impl/http/parse/head_scanner.hpp>

#include <algorithm>

namespace asyncllm::inline v0_1::http {
namespace {

constexpr std::string_view protocol_name = "HTTP/1.";

bool is_digit(char c) noexcept
{
  return c >= '0' && c <= '9';
}

bool is_control(char c) noexcept
{
  return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
}

}  // namespace

bool is_status_line(std::string_view line) noexcept
{
  return line.starts_with(protocol_name) && line.size() >= 12 && is_digit(line[7]) &&
         line[8] == ' ' && line[9] >= '1' && line[9] <= '9' && is_digit(line[10]) &&
         is_digit(line[11]) && (line.size() == 12 || line[12] == ' ') &&
         std::ranges::none_of(line, is_control);
}

std::size_t HeadScanner::feed(std::string_view bytes)
{
  auto rest = bytes;
  while (!rest.empty() && !complete() && !refusal_)
    if (!take_plain_field(rest))
      take_line(rest);
  return bytes.size() - rest.size();
}

// Takes a field that is whole in `bytes` and breaks no rule. False: nothing was taken, use
// take_line.
inline bool HeadScanner::take_plain_field(std::string_view& bytes)
{
  if (state_ != State::fields || !line_.is_clear() || bytes.front() == ' ' || bytes.front() == '\t')
    return false;
  const auto line_feed = bytes.find('\n');
  const auto size = line_feed + 1;
  if (line_feed == bytes.npos || line_feed < 2 || bytes.find('\r') != line_feed - 1 ||
      size > limits_.header_bytes() - bytes_ || fields_ == limits_.header_count())
    return false;
  bytes_ += size;
  ++fields_;
  first_field_ = false;
  bytes.remove_prefix(size);
  return true;
}

void HeadScanner::take_line(std::string_view& bytes)
{
  const bool first = state_ == State::status_line;
  const auto left = limits_.header_bytes() - bytes_;
  const auto longest = first ? std::min(left, limits_.status_line()) : left;
  const auto read = line_.feed(bytes, longest, first ? longest : 1);

  // Before anything else, and before the line is whole: other protocols may never end one.
  if (first && !protocol_name.starts_with(line_.text().substr(0, protocol_name.size())))
    refusal_ = Refusal{"it does not begin with HTTP/1."};
  else if (read == LineReader::State::too_long && longest < left)
    refusal_ = over_limit("its status line is longer", limits_.status_line(), "status_line");
  else if (read == LineReader::State::too_long)
    refusal_ = over_limit("its header is longer", limits_.header_bytes(), "header_bytes");
  else if (read == LineReader::State::bad_end)
    refusal_ = Refusal{"a line of its header does not end in CRLF"};
  else if (read == LineReader::State::complete)
    end_line();
}

void HeadScanner::end_line()
{
  const bool empty = line_.size() == 0;
  const bool blank_first = line_.text().starts_with(' ') || line_.text().starts_with('\t');
  bytes_ += line_.size() + 2;
  if (bytes_ > limits_.header_bytes()) {
    refusal_ = over_limit("its header is longer", limits_.header_bytes(), "header_bytes");
  } else if (state_ == State::status_line) {
    if (!empty && !is_status_line(line_.text()))
      refusal_ = Refusal{"its status line is not that of HTTP/1.1"};
    state_ = empty ? State::status_line : State::fields;
  } else if (empty) {
    state_ = State::complete;
  } else if (blank_first && first_field_) {
    refusal_ = Refusal{"its first header field begins with a blank"};
  } else {
    first_field_ = false;
    // A line that begins with a blank continues the last field.
    if (!blank_first && ++fields_ > limits_.header_count())
      refusal_ = over_limit("its header has more fields", limits_.header_count(), "header_count");
  }
  line_.clear();
}

void HeadScanner::next_head() noexcept
{
  state_ = State::status_line;
  first_field_ = true;
}

void HeadScanner::reset() noexcept
{
  next_head();
  line_.clear();
  bytes_ = fields_ = 0;
  refusal_.reset();
}

}  // namespace asyncllm::http
