// What all calls on one io_context share: idle connections, lookups, timeouts, spare memory.
#pragma once

#include <asyncllm/impl/http/connect/mutex.hpp>
#include <asyncllm/impl/http/connect/pool.hpp>
#include <asyncllm/impl/http/connect/resolve.hpp>
#include <asyncllm/impl/http/connect/spares.hpp>
#include <asyncllm/impl/http/exchange/deadlines.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>

namespace asyncllm::inline v0_1::http {

/// A service of the io_context. Exchanges hold a reference, so the order of destruction at shutdown
/// does not matter.
///
/// Safe from any thread: calls may run on different strands of several threads. Each part has a
/// lock, held for a few lines and never during a system call that may take long; a token needs
/// none.
class ContextService : public std::enable_shared_from_this<ContextService> {
 public:
  /// The service of the execution context of `executor`.
  static std::shared_ptr<ContextService> of(const asio::any_io_executor& executor);

  /// `executor`: of the context itself, so that a busy strand does not delay the others' timeouts.
  explicit ContextService(const asio::any_io_executor& executor)
      : executor_(executor), timer_(asio::steady_timer(executor))
  {}

  /// Ends `entry` on `executor` when its time comes, until `unwatch`. The timer runs only while
  /// there are entries.
  void watch(Deadlines::Entry& entry, const asio::any_io_executor& executor);
  void unwatch(Deadlines::Entry& entry) noexcept;
  /// Call this when an entry's time was set to `at`.
  void rearm(Deadlines::TimePoint at)
  {
    if (at < armed_.load())
      arm(at);
  }

  std::shared_ptr<Lookup> look_up(const std::string& host, std::uint16_t port)
  {
    return lookups_.join(executor_, host, port);
  }

  /// The io_context is being destroyed: drops what needs it.
  void shut_down() noexcept;

  /// What calls share besides connections: an object of the caller's, made on first use. Its type
  /// is always the same.
  template <class T>
  T& extension()
  {
    const std::lock_guard lock(extension_mutex_);
    if (!extension_)
      extension_ = std::make_shared<T>();
    return *static_cast<T*>(extension_.get());
  }

  Pool pool;
  /// Memory for large reads.
  Spares<Connection::BulkBuffer, 4> bulk_buffers;

 private:
  void arm(Deadlines::TimePoint at);
  void arm_locked(Deadlines::TimePoint at);
  void sweep();
  void expire(Deadlines::Ticket ticket, Deadlines::TimePoint now);
  /// Stops the timer if there is still nothing to watch.
  void rest();

  asio::any_io_executor executor_;
  Lookups lookups_;

  Mutex extension_mutex_;
  std::shared_ptr<void> extension_;

  Mutex clocks_mutex_;  // of the following, but for looks at `armed_`
  Deadlines deadlines_;
  std::atomic<Deadlines::TimePoint> armed_ = Deadlines::TimePoint::max();
  bool is_resting_ = false;  // rest() will run soon
  std::optional<asio::steady_timer> timer_;
};

}  // namespace asyncllm::http
