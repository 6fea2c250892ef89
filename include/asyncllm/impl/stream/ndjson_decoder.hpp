// Makes lines of JSON of bytes, however they are split. Does not check that a line is JSON.
#pragma once

#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/core/stream_event.hpp>
#include <asyncllm/impl/stream/event_limit.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::stream {

/// A line ends with LF or CRLF. Lines of white space are skipped, a byte order mark at the start is
/// ignored. A line that is whole in the bytes of one `feed` is not copied.
class NdjsonDecoder {
 public:
  explicit NdjsonDecoder(std::size_t event_limit = default_event_limit) : limit_(event_limit) {}

  /// Calls `sink(const StreamEvent&)` for each line that `bytes` complete.
  /// Throws `Error{response_too_large}` for a line above the limit, and what the sink throws; the
  /// decoder is not to be used any more then.
  template <class Sink>
  void feed(std::string_view bytes, Sink&& sink)
  {
    for (auto end = bytes.find('\n'); end != bytes.npos; end = bytes.find('\n')) {
      auto line = bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      if (!line_.empty()) {
        detail::append_below(line_, line, limit_);
        line = line_;
      }
      check_event_size(line.size(), limit_);
      if (const auto event = event_of(line))
        sink(*event);
      line_.clear();
    }
    check_event_size(line_.size() + bytes.size(), limit_);
    detail::append_below(line_, bytes, limit_);
  }

  /// After the last `feed`: the last line, if its end is missing. Ollama ends a broken stream so.
  std::optional<StreamEvent> unterminated() { return event_of(line_); }

 private:
  std::optional<StreamEvent> event_of(std::string_view line)
  {
    if (is_first_line_ && line.starts_with("\xEF\xBB\xBF"))
      line.remove_prefix(3);
    is_first_line_ = false;
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (detail::trim(line).empty())
      return std::nullopt;
    return StreamEvent{"", line, ""};
  }

  const std::size_t limit_;
  std::string line_;  // the start of a line whose end has not come
  bool is_first_line_ = true;
};

}  // namespace asyncllm::stream
