// A few elements of a source at a time, for batches().
#pragma once

#include <asyncllm/concurrency/detail/ref.hpp>
#include <asyncllm/concurrency/detail/source.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace asyncllm::inline v0_1::detail {

template <class Range, class F>
class BatchStreamState final : public RefCounted {
 public:
  BatchStreamState(Range items, std::size_t size, F function)
      : source(std::move(items)), batch_size(size), fn(std::move(function))
  {}

  Source<Range> source;
  const std::size_t batch_size;
  F fn;
  bool pending = false;
  bool ended = false;
};

/// The next elements of a source, as a source of their own.
template <class Range>
class Slice {
 public:
  using Item = typename Source<Range>::Item;

  struct Of {
    Source<Range>* source;
    std::size_t size;
  };
  explicit Slice(Of of) noexcept
      : source_(of.source), begin_(source_->index()), end_(begin_ + of.size)
  {}

  std::optional<std::size_t> size() const noexcept { return std::nullopt; }
  std::size_t index() const noexcept { return source_->index() - begin_; }
  bool at_end() { return source_->index() == end_ || source_->at_end(); }
  Item take() { return source_->take(); }

 private:
  Source<Range>* source_;
  std::size_t begin_;
  std::size_t end_;
};

}  // namespace asyncllm::detail
