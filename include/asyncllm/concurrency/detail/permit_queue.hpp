// Permits and a queue for them: first come, first served.
#pragma once

#include <asyncllm/concurrency/detail/list.hpp>

#include <cstddef>
#include <utility>

namespace asyncllm::inline v0_1::detail {

/// Without locks and coroutines: the owner guards the queue, and wakes the entries that it names.
class PermitQueue {
 public:
  /// An entry in the queue, and then its permit. Owned by the waiting coroutine.
  class Entry : public ListNode {
   private:
    friend class PermitQueue;
    enum class State { outside, queued, granted };
    State state_ = State::outside;
  };

  explicit PermitQueue(std::size_t permits) noexcept : available_(permits) {}

  std::size_t available() const noexcept { return available_; }
  std::size_t waiting() const noexcept { return waiting_; }

  /// Takes a permit if one is free. The queue is empty then.
  bool try_take() noexcept
  {
    if (available_ == 0)
      return false;
    --available_;
    return true;
  }
  void push(Entry& entry) noexcept
  {
    entry.state_ = Entry::State::queued;
    queue_.push_back(entry);
    ++waiting_;
  }
  /// Returns a permit: directly to the entry that has waited longest, which is the result. Null:
  /// the queue is empty.
  Entry* give_back() noexcept
  {
    if (queue_.empty()) {
      ++available_;
      return nullptr;
    }
    Entry& next = queue_.front();
    leave(next);
    next.state_ = Entry::State::granted;
    return &next;
  }
  /// Takes the entry out of the queue, if it is there.
  void leave(Entry& entry) noexcept
  {
    if (entry.state_ != Entry::State::queued)
      return;
    entry.unlink();
    entry.state_ = Entry::State::outside;
    --waiting_;
  }
  /// Whether the entry was granted a permit, which is the caller's from now on.
  static bool take_grant(Entry& entry) noexcept
  {
    if (entry.state_ != Entry::State::granted)
      return false;
    entry.state_ = Entry::State::outside;
    return true;
  }

 private:
  std::size_t available_;
  std::size_t waiting_ = 0;
  List<Entry> queue_;
};

}  // namespace asyncllm::detail
