// Decides which calls may start, and when. Calls wait nowhere else.
#pragma once

#include <asyncllm/concurrency/detail/permit_queue.hpp>
#include <asyncllm/core/header_list.hpp>
#include <asyncllm/impl/http/connect/mutex.hpp>
#include <asyncllm/impl/http/connect/sleeper.hpp>
#include <asyncllm/model/reply.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

namespace asyncllm::inline v0_1::client {

/// The result of an attempt.
struct AttemptResult {
  int status = 0;                       ///< of the answer; 0 without an answer
  const HeaderList* headers = nullptr;  ///< of the answer
  const Usage* usage = nullptr;         ///< of a complete reply
};

class Ticket;

/// Decides which calls may start. Shared by all calls under one limit, also across threads. The
/// functions below are called while the base class holds its lock.
class Admission {
 public:
  Admission() = default;
  virtual ~Admission() = default;
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

 protected:
  /// Whether a call with a request of `request_bytes` may start now. If not, `ticket` waits until
  /// `wake`, and is asked again by `is_admitted`.
  virtual bool admit(Ticket& ticket, std::size_t request_bytes) = 0;
  /// Whether a call that waited may start.
  virtual bool is_admitted(Ticket& ticket) = 0;
  /// The attempt has ended.
  virtual void leave(Ticket& ticket, const AttemptResult& result) noexcept = 0;
  /// The call gave up waiting.
  virtual void give_up(Ticket& ticket) noexcept = 0;

  static void wake(Ticket& ticket) noexcept;

 private:
  friend class Ticket;
  http::Mutex mutex_;
};

/// One call's permission to send its request, or its entry in the queue. The destructor gives up
/// either, however the waiting coroutine ended.
class Ticket : public detail::PermitQueue::Entry {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class Result { admitted, expired, cancelled };

  explicit Ticket(std::shared_ptr<Admission> admission) : admission_(std::move(admission)) {}
  ~Ticket() { leave({}); }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  /// Whether the call may start at once; it may if it was admitted before and has not left since.
  /// If not, `wait` is to be awaited.
  bool try_enter(const asio::any_io_executor& executor, std::size_t request_bytes);
  /// Waits on the executor of `try_enter`, until `deadline`.
  asio::awaitable<Result> wait(TimePoint deadline);
  /// Ends a wait, and every later one.
  void cancel() noexcept;
  void leave(const AttemptResult& result) noexcept;

 private:
  friend class Admission;
  enum class State { outside, waiting, admitted };

  std::shared_ptr<Admission> admission_;
  std::unique_ptr<http::Sleeper> sleeper_;  // while it waits
  State state_ = State::outside;
  bool is_cancelled_ = false;
};

/// At most this many calls at once.
class InFlightLimit final : public Admission {
 public:
  explicit InFlightLimit(std::size_t calls) : permits_(calls) {}

 private:
  bool admit(Ticket& ticket, std::size_t request_bytes) override;
  bool is_admitted(Ticket& ticket) override;
  void leave(Ticket& ticket, const AttemptResult& result) noexcept override;
  void give_up(Ticket& ticket) noexcept override;

  detail::PermitQueue permits_;
};

}  // namespace asyncllm::client
