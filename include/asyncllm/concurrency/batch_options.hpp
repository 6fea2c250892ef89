// Options of batch, batch_outcomes and for_each_limit.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

namespace asyncllm::inline v0_1 {

/// The progress of a batch.
struct Progress {
  std::size_t done;                  ///< items that have ended so far, this one included
  std::optional<std::size_t> total;  ///< all items, where the input knows its size
  std::size_t index;                 ///< of the item that has just ended
  bool ok;                           ///< whether it ended with a value
};

class BatchOptions {
 public:
  /// Calls back on the loop's thread each time an item has ended and its result is stored, with
  /// `done` one greater each time. An exception from it fails the batch. Default: nothing.
  BatchOptions& on_progress(std::function<void(const Progress&)> callback)
  {
    on_progress_ = std::move(callback);
    return *this;
  }
  const std::function<void(const Progress&)>& on_progress() const noexcept { return on_progress_; }

 private:
  std::function<void(const Progress&)> on_progress_;
};

}  // namespace asyncllm
