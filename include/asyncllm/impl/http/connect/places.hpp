// The places of one client on one io_context: how many of its calls may be in flight, and who
// waits.
#pragma once

#include <asyncllm/impl/http/connect/mutex.hpp>
#include <asyncllm/impl/http/connect/sleeper.hpp>

#include <asio/awaitable.hpp>
#include <asio/error_code.hpp>

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>

namespace asyncllm::inline v0_1::http {

class Place;

/// Who comes first is served first: a place that comes back goes straight to the longest waiting.
/// The calls that share them may be on several threads.
class Places {
 public:
  explicit Places(std::size_t count) : free_(count) {}

 private:
  friend class Place;
  Mutex mutex_;
  std::size_t free_;
  std::list<Place*> queue_;
};

/// One place, or a place in the queue for one; leaves either by its destruction, wherever the
/// coroutine that waits was broken off. Stays where it is.
class Place {
 public:
  Place() = default;
  ~Place() { leave(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  /// Takes a place if one is free and nobody waits for it.
  bool try_take(std::shared_ptr<Places> places);
  /// Waits for one after `try_take` failed. operation_aborted: cancelled by either way, and no
  /// place held.
  asio::awaitable<void> wait(asio::error_code& error);
  /// Ends a wait, if there is one.
  void cancel();
  /// Gives back what it has.
  void leave() noexcept;

 private:
  enum class State { out, queued, in };

  bool take_or_queue();
  void leave_locked() noexcept;

  State state_ = State::out;  // guarded by the mutex of the places
  std::shared_ptr<Places> places_;
  std::list<Place*>::iterator position_;
  std::unique_ptr<Sleeper> sleeper_;  // while it waits
};

}  // namespace asyncllm::http
