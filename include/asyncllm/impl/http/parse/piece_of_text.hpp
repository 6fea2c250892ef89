// A text that arrives in several pieces, usually in one.
#pragma once

#include <asyncllm/core/detail/text.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::http {

/// Not copied as long as it is one piece of the caller's memory.
class PieceOfText {
 public:
  /// `limit`: the longest whole text; its memory may grow to that at once.
  void append(std::string_view more, std::size_t limit)
  {
    if (!is_kept_ && view_.empty()) {
      view_ = more;
      return;
    }
    keep();
    detail::append_below(kept_, more, limit);
  }
  /// Copies it, since the caller's memory goes away.
  void keep()
  {
    if (!is_kept_)
      kept_ = view_;
    is_kept_ = true;
  }
  void clear() noexcept
  {
    view_ = {};
    kept_.clear();
    is_kept_ = false;
  }
  std::string_view text() const noexcept { return is_kept_ ? kept_ : view_; }

 private:
  std::string_view view_;
  std::string kept_;
  bool is_kept_ = false;
};

}  // namespace asyncllm::http
