// The timeouts of everything in flight on one io_context. Arming one is a store; one timer serves
// them all.
#pragma once

#include <asyncllm/core/error_kind.hpp>

#include <asio/any_io_executor.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::http {

/// `from` plus `duration`; never if that is off (zero or less) or too far away to matter, so that
/// huge durations do not overflow.
inline std::chrono::steady_clock::time_point time_after(
    std::chrono::steady_clock::time_point from, std::chrono::milliseconds duration) noexcept
{
  using namespace std::chrono_literals;
  const bool never = duration <= 0ms || duration > std::chrono::hours(24 * 365);
  return never ? std::chrono::steady_clock::time_point::max() : from + duration;
}

/// A list of time limits, without a timer and without a lock: the owner has both. A thread that
/// looks for expired entries may not be the operation's thread, so it gets not the entry but a
/// ticket, which the operation's own executor exchanges for the entry if that is still there.
class Deadlines {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Ticket = std::uint64_t;

  /// An operation with a time limit. Lives in the frame of the operation and leaves the list by
  /// itself. For the thread or strand of the operation, unless said otherwise.
  class Entry {
   public:
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    TimePoint at() const noexcept { return TimePoint(TimePoint::duration(at_.load(relaxed))); }
    Timeout timeout() const noexcept { return timeout_; }
    void set(TimePoint at, Timeout timeout) noexcept
    {
      timeout_ = timeout;
      // Only an earlier time must be seen before the owner's timer is looked at: `collect`.
      if (at == TimePoint::max())
        at_.store(at.time_since_epoch().count(), relaxed);
      else
        at_.store(at.time_since_epoch().count(), std::memory_order_seq_cst);
    }

    /// Ends the operation if its time, which may have been set anew meanwhile, is `now` or before.
    bool expire(TimePoint now)
    {
      if (at() > now)
        return false;
      set(TimePoint::max(), timeout_);
      on_expired();
      return true;
    }

   protected:
    virtual ~Entry() = default;
    /// The timeout has expired.
    virtual void on_expired() = 0;
    /// The io_context is being destroyed: drops every socket, timer and executor, which may not
    /// outlive it.
    virtual void on_shut_down() noexcept = 0;

   private:
    friend class Deadlines;
    static constexpr auto relaxed = std::memory_order_relaxed;

    Entry* previous_ = nullptr;
    Entry* next_ = nullptr;
    std::atomic<TimePoint::rep> at_ = TimePoint::max().time_since_epoch().count();
    Timeout timeout_ = Timeout::none;
    Ticket ticket_ = 0;  // while it is due; the owner's lock
    asio::any_io_executor executor_;
  };

  struct Due {
    asio::any_io_executor executor;
    Ticket ticket;
  };

  Deadlines() = default;
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  bool empty() const noexcept { return first_ == nullptr; }

  /// The operation runs on `executor`.
  void add(Entry& entry, const asio::any_io_executor& executor)
  {
    entry.executor_ = executor;
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
    give_back(entry.ticket_);
  }

  /// The earliest time of those that are not due yet.
  TimePoint earliest() const noexcept
  {
    auto result = TimePoint::max();
    for (const auto* entry = first_; entry; entry = entry->next_)
      if (entry->ticket_ == 0)
        result = std::min(result, entry->at());
    return result;
  }

  /// Adds every entry whose time is `now` or before to `due`, each once until its ticket is taken
  /// or given back.
  void collect(TimePoint now, std::vector<Due>& due)
  {
    for (auto* entry = first_; entry; entry = entry->next_) {
      if (entry->ticket_ != 0 || entry->at_.load() > now.time_since_epoch().count())
        continue;
      due.push_back({entry->executor_, next_ticket_});
      due_.emplace(next_ticket_, entry);
      entry->ticket_ = next_ticket_++;
    }
  }

  /// The entry of a ticket, null if it has left; to be called on the entry's executor.
  Entry* take(Ticket ticket) noexcept
  {
    const auto found = due_.find(ticket);
    if (found == due_.end())
      return nullptr;
    auto* const entry = found->second;
    give_back(ticket);
    return entry;
  }
  /// It could not be posted.
  void give_back(Ticket ticket) noexcept
  {
    if (ticket == 0)
      return;
    if (const auto found = due_.find(ticket); found != due_.end()) {
      found->second->ticket_ = 0;
      due_.erase(found);
    }
  }

  void shut_down() noexcept
  {
    for (auto* entry = first_; entry; entry = entry->next_) {
      entry->on_shut_down();
      entry->executor_ = nullptr;
    }
  }

 private:
  Entry* first_ = nullptr;
  Ticket next_ticket_ = 1;
  std::unordered_map<Ticket, Entry*> due_;
};

}  // namespace asyncllm::http
