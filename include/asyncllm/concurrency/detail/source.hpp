// Reads a range one element at a time, as late as possible.
#pragma once

#include <cstddef>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

namespace asyncllm::inline v0_1::detail {

/// A copy or reference that outlives the next step of the range: references into a range that can
/// be read several times stay valid; elements of a single-pass range are moved out.
template <class Range>
using ItemOf = std::conditional_t<
    std::ranges::forward_range<Range>,
    std::ranges::range_reference_t<Range>,
    std::ranges::range_value_t<Range>>;

template <class Range>
class Source {
 public:
  using Item = ItemOf<Range>;

  explicit Source(Range range) : range_(std::move(range)) {}
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  /// The number of elements, if the range knows it.
  std::optional<std::size_t> size()
  {
    if constexpr (std::ranges::sized_range<Range>)
      return static_cast<std::size_t>(std::ranges::size(range_));
    else
      return std::nullopt;
  }

  /// The index of the next element.
  std::size_t index() const noexcept { return index_; }

  bool at_end()
  {
    if (!position_)
      position_.emplace(std::ranges::begin(range_));
    else if (taken_)
      ++*position_;
    taken_ = false;
    return *position_ == std::ranges::end(range_);
  }

  /// The next element, once for each at_end() that was false.
  Item take()
  {
    taken_ = true;
    ++index_;
    if constexpr (std::ranges::forward_range<Range>)
      return **position_;
    else
      return std::ranges::iter_move(*position_);
  }

 private:
  Range range_;
  std::optional<std::ranges::iterator_t<Range>> position_;
  std::size_t index_ = 0;
  bool taken_ = false;
};

}  // namespace asyncllm::detail
