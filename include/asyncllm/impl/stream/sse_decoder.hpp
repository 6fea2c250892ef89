// Makes server-sent events of bytes, however they are split: WHATWG HTML, section 9.2.
#pragma once

#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/core/stream_event.hpp>
#include <asyncllm/impl/stream/event_limit.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::stream {

/// Lines end with CR, LF or CRLF; comments are skipped; a byte order mark at the start is ignored.
/// An event that is whole in the bytes of one `feed` is not copied. Three things go beyond it: a
/// field named `error` counts as `data` of an event of type error (older llama.cpp); lines that the
/// standard ignores, since they are not a known field, are passed to `stray`; and `unterminated`
/// returns an event that the end of the stream left without its blank line.
class SseDecoder {
 public:
  explicit SseDecoder(std::size_t event_limit = default_event_limit) : limit_(event_limit) {}

  /// Calls `sink(const StreamEvent&)` for each event that `bytes` complete, and
  /// `stray(std::string_view)` for each line outside of all events.
  /// Throws `Error{response_too_large}` for an event above the limit, and what the two throw; the
  /// decoder is not to be used any more then.
  template <class Sink, class Stray>
  void feed(std::string_view bytes, Sink&& sink, Stray&& stray)
  {
    if (skip_line_feed_ && !bytes.empty()) {
      skip_line_feed_ = false;
      if (bytes.front() == '\n')
        bytes.remove_prefix(1);
    }
    // Each byte is searched once for each of the two: a far position is remembered, not searched
    // again.
    std::size_t begin = 0;
    std::size_t line_feed = bytes.find('\n');
    std::size_t carriage_return = bytes.find('\r');
    while (line_feed != bytes.npos || carriage_return != bytes.npos) {
      const auto end = line_feed < carriage_return ? line_feed : carriage_return;
      const bool is_blank = take_line(bytes.substr(begin, end - begin), stray);
      begin = end + 1;
      if (end == carriage_return) {
        if (begin == bytes.size())
          skip_line_feed_ = true;
        else if (begin == line_feed)
          ++begin;
        carriage_return = bytes.find('\r', begin);
      }
      if (line_feed != bytes.npos && line_feed < begin)
        line_feed = bytes.find('\n', begin);
      if (is_blank)
        dispatch(sink);
    }
    keep_data();
    check_event_size(line_.size() + bytes.size() - begin + kept_data_.size(), limit_);
    detail::append_below(line_, bytes.substr(begin), limit_);
  }

  template <class Sink>
  void feed(std::string_view bytes, Sink&& sink)
  {
    feed(bytes, sink, [](std::string_view) {});
  }

  /// After the last `feed`: the event that the end cut off before its blank line, if any. The
  /// standard drops it; a caller that knows that its data is complete may use it. `stray` gets a
  /// last line outside of it.
  template <class Stray>
  std::optional<StreamEvent> unterminated(Stray&& stray)
  {
    if (!line_.empty())
      take_line({}, stray);
    keep_data();
    if (!has_data_)
      return std::nullopt;
    return StreamEvent{type(), kept_data_, id_};
  }
  std::optional<StreamEvent> unterminated()
  {
    return unterminated([](std::string_view) {});
  }

 private:
  // Adds `rest` to what is kept of the line and takes the whole. True: it was blank.
  template <class Stray>
  bool take_line(std::string_view rest, Stray& stray)
  {
    if (!line_.empty()) {
      detail::append_below(line_, rest, limit_);
      const bool is_blank = take_whole_line(line_, stray);
      keep_data();  // a view into the line would not outlive it
      line_.clear();
      return is_blank;
    }
    return take_whole_line(rest, stray);
  }

  template <class Stray>
  bool take_whole_line(std::string_view line, Stray& stray)
  {
    if (is_first_line_ && line.starts_with("\xEF\xBB\xBF"))
      line.remove_prefix(3);
    is_first_line_ = false;
    if (line.empty())
      return true;
    if (constexpr std::string_view usual = "data: "; line.starts_with(usual)) {
      add_data(line.substr(usual.size()));
      return false;
    }
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    auto value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' '))
      value.remove_prefix(1);
    if (name == "error")
      type_ = name;
    if (name == "data" || name == "error")
      add_data(value);
    else if (name == "event")
      type_ = value;
    else if (name == "id" && value.find('\0') == value.npos)
      id_ = value;
    else if (!name.empty() && name != "id" && name != "retry")
      stray(line);
    return false;
  }

  void add_data(std::string_view value)
  {
    if (!has_data_) {
      has_data_ = true;
      data_ = value;  // the only line of most events: no copy
      is_kept_ = false;
      return;
    }
    keep_data();
    detail::append_below(kept_data_, "\n", limit_);
    detail::append_below(kept_data_, value, limit_);
    check_event_size(kept_data_.size(), limit_);
  }

  // Before the bytes that data_ points into go away.
  void keep_data()
  {
    if (has_data_ && !is_kept_) {
      kept_data_ = data_;
      is_kept_ = true;
    }
  }

  template <class Sink>
  void dispatch(Sink& sink)
  {
    if (has_data_) {
      const std::string_view data = is_kept_ ? std::string_view(kept_data_) : data_;
      check_event_size(data.size(), limit_);
      sink(StreamEvent{type(), data, id_});
    }
    has_data_ = is_kept_ = false;
    kept_data_.clear();
    type_.clear();
  }

  std::string_view type() const { return type_.empty() ? "message" : std::string_view(type_); }

  const std::size_t limit_;
  std::string line_;       // the start of a line whose end has not come
  std::string_view data_;  // of the event so far, while it is one line of the bytes being fed
  std::string kept_data_;  // the same, when it had to be copied
  std::string type_, id_;
  bool has_data_ = false, is_kept_ = false;
  bool is_first_line_ = true, skip_line_feed_ = false;
};

}  // namespace asyncllm::stream
