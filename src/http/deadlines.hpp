// The clocks of all that is in flight on one loop: arming one is a store, one timer serves them
// all.
#pragma once

#include <asyncllm/core/error_kind.hpp>

#include <algorithm>
#include <chrono>

namespace asyncllm::http {

/// `from` plus `duration`; never when that is off (zero or less) or too far away to matter, so that
/// huge durations do not overflow.
inline std::chrono::steady_clock::time_point time_after(
    std::chrono::steady_clock::time_point from, std::chrono::milliseconds duration) noexcept
{
  using namespace std::chrono_literals;
  const bool never = duration <= 0ms || duration > std::chrono::hours(24 * 365);
  return never ? std::chrono::steady_clock::time_point::max() : from + duration;
}

/// A list of time limits, without a timer: who owns it asks for the earliest and calls `expire`.
class Deadlines {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Something that must end in time. Lives in the frame of the operation and leaves the list by
  /// itself.
  class Entry {
   public:
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    TimePoint at() const noexcept { return at_; }
    Clock clock() const noexcept { return clock_; }
    void set(TimePoint at, Clock clock) noexcept
    {
      at_ = at;
      clock_ = clock;
    }

   protected:
    virtual ~Entry() = default;
    /// The time has come. Must neither resume anything nor change the list.
    virtual void on_expired() = 0;
    /// The io_context is being destroyed: drops every socket and timer, which may not outlive it.
    virtual void on_shut_down() noexcept = 0;

   private:
    friend class Deadlines;
    Entry* previous_ = nullptr;
    Entry* next_ = nullptr;
    TimePoint at_ = TimePoint::max();
    Clock clock_ = Clock::none;
  };

  Deadlines() = default;
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  bool empty() const noexcept { return first_ == nullptr; }

  void add(Entry& entry) noexcept
  {
    entry.next_ = first_;
    if (first_)
      first_->previous_ = &entry;
    first_ = &entry;
  }

  void remove(Entry& entry) noexcept
  {
    (entry.previous_ ? entry.previous_->next_ : first_) = entry.next_;
    if (entry.next_)
      entry.next_->previous_ = entry.previous_;
    entry.previous_ = entry.next_ = nullptr;
  }

  TimePoint earliest() const noexcept
  {
    auto result = TimePoint::max();
    for (auto* entry = first_; entry; entry = entry->next_)
      result = std::min(result, entry->at_);
    return result;
  }

  /// Ends every entry whose time is `now` or before, each once.
  void expire(TimePoint now)
  {
    for (auto* entry = first_; entry; entry = entry->next_)
      if (entry->at_ <= now) {
        entry->at_ = TimePoint::max();
        entry->on_expired();
      }
  }

  void shut_down() noexcept
  {
    for (auto* entry = first_; entry; entry = entry->next_)
      entry->on_shut_down();
  }

 private:
  Entry* first_ = nullptr;
};

}  // namespace asyncllm::http
