// What all exchanges on one io_context share: idle connections and clocks.
#pragma once

#include "http/deadlines.hpp"
#include "http/pool.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

#include <memory>
#include <optional>

namespace asyncllm::http {

/// Lives in the io_context as a service and goes with it. Exchanges hold it by reference count, so
/// that the order of destruction at shutdown does not matter. One thread.
class Loop : public std::enable_shared_from_this<Loop> {
 public:
  /// The one of the execution context behind `executor`.
  static std::shared_ptr<Loop> of(const asio::any_io_executor& executor);

  explicit Loop(const asio::any_io_executor& executor) : timer_(asio::steady_timer(executor)) {}

  /// Ends `entry` at its time, until `unwatch`. The timer runs only while there are entries.
  void watch(Deadlines::Entry& entry);
  void unwatch(Deadlines::Entry& entry);
  /// To be called when an entry's time was set to `at`.
  void rearm(Deadlines::TimePoint at);

  /// The io_context goes: drops what needs it.
  void shut_down() noexcept;

  Pool pool;

 private:
  void sweep();

  Deadlines deadlines_;
  Deadlines::TimePoint armed_ = Deadlines::TimePoint::max();
  std::optional<asio::steady_timer> timer_;
};

}  // namespace asyncllm::http
