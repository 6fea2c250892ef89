// Reads one line from bytes that arrive in any pieces.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::http {

/// A line ends in CRLF and in nothing else: if one reader takes a lone CR or LF for an end and
/// another does not, a response can be made to say two things.
class LineReader {
 public:
  enum class State { open, complete, bad_end, too_long };

  /// Removes the bytes of the line from the front of `bytes`, at most `longest` of them without the
  /// line's end. The first `kept` of them can be read afterwards.
  State feed(std::string_view& bytes, std::size_t longest, std::size_t kept = std::string::npos)
  {
    while (!bytes.empty()) {
      if (after_cr_) {
        const bool proper = bytes.front() == '\n';
        bytes.remove_prefix(1);
        return proper ? State::complete : State::bad_end;
      }
      const auto end = end_of_text(bytes);
      const auto taken = std::min(end, longest - size_);
      if (text_.size() < kept)
        text_.append(bytes.substr(0, std::min(taken, kept - text_.size())));
      size_ += taken;
      if (taken < end)
        return State::too_long;
      bytes.remove_prefix(end);
      if (bytes.empty())
        break;
      if (bytes.front() == '\n')
        return State::bad_end;
      after_cr_ = true;
      bytes.remove_prefix(1);
    }
    return State::open;
  }

  std::string_view text() const noexcept { return text_; }
  std::size_t size() const noexcept { return size_; }

  /// Whether nothing of a line was taken yet.
  bool is_clear() const noexcept { return size_ == 0 && !after_cr_; }
  void clear() noexcept
  {
    text_.clear();
    size_ = 0;
    after_cr_ = false;
  }

 private:
  // The position of CR or LF, whichever comes first; two searches, each a fast one.
  static std::size_t end_of_text(std::string_view bytes) noexcept
  {
    const auto line_feed = std::min(bytes.find('\n'), bytes.size());
    return std::min(bytes.substr(0, line_feed).find('\r'), line_feed);
  }

  std::string text_;
  std::size_t size_ = 0;
  bool after_cr_ = false;
};

}  // namespace asyncllm::http
