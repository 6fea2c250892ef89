// A loop that a test drives step by step from outside, and coroutines that end when it says so:
// every order of events is made, none is waited for.
#pragma once

#include <asyncllm/core/outcome.hpp>

#include "test.hpp"

#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace harness {

using Log = std::vector<std::string>;

class Loop {
 public:
  asio::io_context context{1};

  /// Runs everything that can run without a further event.
  void settle()
  {
    context.restart();
    context.poll();
  }

  /// Runs until `done`, or until nothing is left to do.
  template <class Done>
  void run_until(Done done)
  {
    context.restart();
    while (!done() && context.run_one() > 0) {
    }
  }

  /// Whether nothing is left that could ever run: no coroutine, no timer.
  bool empty()
  {
    settle();
    return context.stopped();
  }
};

/// Runs at most `steps` handlers; how many it were.
inline int step(Loop& loop, int steps)
{
  loop.context.restart();
  int ran = 0;
  while (ran < steps && loop.context.poll_one() > 0)
    ++ran;
  return ran;
}

inline constexpr int forever = 1'000'000;

/// Starts `task`, which `signal` cancels. `at_end` gets what it throws, or null.
inline void start(
    Loop& loop,
    asio::cancellation_signal& signal,
    asio::awaitable<void> task,
    std::function<void(std::exception_ptr)> at_end)
{
  asio::co_spawn(
      loop.context,
      std::move(task),
      asio::bind_cancellation_slot(signal.slot(), std::move(at_end)));
}

/// A coroutine that runs on the loop, its result, and the signal that cancels it.
template <class T>
class Running {
 public:
  Running(Loop& loop, asio::awaitable<T> task)
  {
    start(loop, signal_, store(std::move(task), outcome_), [this](std::exception_ptr error) {
      if (error && !outcome_)  // cancelled before its first line
        outcome_.emplace(asyncllm::Outcome<T>::failure(error));
    });
  }

  void cancel(asio::cancellation_type_t type = asio::cancellation_type::terminal)
  {
    signal_.emit(type);
  }

  bool done() const { return outcome_.has_value(); }
  asyncllm::Outcome<T>& outcome() { return outcome_.value(); }
  bool has_value() const { return outcome_ && outcome_->has_value(); }
  std::string message() const { return outcome_ ? outcome_->error_message() : "not done"; }
  bool aborted() const
  {
    const auto* error = outcome_ ? outcome_->template error_as<std::system_error>() : nullptr;
    return error && error->code() == asio::error::operation_aborted;
  }

 private:
  static asio::awaitable<void> store(
      asio::awaitable<T> task, std::optional<asyncllm::Outcome<T>>& outcome)
  {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(task);
        outcome.emplace();
      } else {
        outcome.emplace(co_await std::move(task));
      }
    } catch (...) {
      outcome.emplace(asyncllm::Outcome<T>::failure(std::current_exception()));
    }
  }

  asio::cancellation_signal signal_;
  std::optional<asyncllm::Outcome<T>> outcome_;
};

/// A point at which coroutines wait until the test opens it.
class Gate {
 public:
  explicit Gate(Loop& loop) : timer_(loop.context, asio::steady_timer::time_point::max()) {}

  asio::awaitable<void> wait()
  {
    asio::error_code error;
    if (!open_)
      co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (!open_)
      throw asio::system_error(error);
  }

  void open()
  {
    open_ = true;
    timer_.cancel();
  }

 private:
  asio::steady_timer timer_;
  bool open_ = false;
};

/// Any number of gates, one for each child.
class Gates {
 public:
  Gates(Loop& loop, std::size_t count)
  {
    for (std::size_t i = 0; i < count; ++i)
      gates_.push_back(std::make_unique<Gate>(loop));
  }
  Gate& operator[](std::size_t index) { return *gates_.at(index); }

 private:
  std::vector<std::unique_ptr<Gate>> gates_;
};

inline std::string numbered(const char* what, int number)
{
  return what + std::to_string(number);
}

/// Gives `value` when the gate opens; writes start, end and cancel to the log.
inline asio::awaitable<int> child(Log& log, Gate& gate, int value)
{
  log.push_back(numbered("start ", value));
  try {
    co_await gate.wait();
  } catch (...) {
    log.push_back(numbered("cancel ", value));
    throw;
  }
  log.push_back(numbered("end ", value));
  co_return value;
}

/// Fails when the gate opens.
inline asio::awaitable<int> failing(Gate& gate, std::string what)
{
  co_await gate.wait();
  throw std::runtime_error(what);
}

/// Fails before its first suspension.
inline asio::awaitable<int> failing_at_once(std::string what)
{
  throw std::runtime_error(what);
  co_return 0;
}

/// Ends as if it were cancelled, when the gate opens.
inline asio::awaitable<int> aborts_by_itself(Gate& gate)
{
  co_await gate.wait();
  throw asio::system_error(asio::error::make_error_code(asio::error::operation_aborted));
}

inline asio::awaitable<int> at_once(int value)
{
  co_return value;
}

/// Swallows its cancellation and gives `value`.
inline asio::awaitable<int> stubborn(Gate& gate, int value)
{
  try {
    co_await gate.wait();
  } catch (const std::system_error&) {
  }
  co_return value;
}

/// Needs the gate `after` to clean up when it is cancelled, and logs when that is done.
inline asio::awaitable<int> slow_to_end(Log& log, Gate& gate, Gate& after, int value)
{
  std::exception_ptr cancelled;
  try {
    co_await gate.wait();
  } catch (...) {
    cancelled = std::current_exception();
  }
  if (cancelled) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await after.wait();
    log.push_back(numbered("cleaned ", value));
    std::rethrow_exception(cancelled);
  }
  co_return value;
}

/// One turn of the loop.
inline asio::awaitable<void> turn()
{
  auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
}

/// `asio::awaitable`s cannot be in an initializer list: they only move.
template <class T, class... Rest>
std::vector<asio::awaitable<T>> tasks(asio::awaitable<T> first, Rest... rest)
{
  std::vector<asio::awaitable<T>> all;
  all.push_back(std::move(first));
  (all.push_back(std::move(rest)), ...);
  return all;
}

}  // namespace harness
