// One coroutine that a group has started: its cancellation signal and, later, its outcome.
#pragma once

#include <asyncllm/concurrency/detail/list.hpp>
#include <asyncllm/concurrency/detail/ref.hpp>
#include <asyncllm/core/outcome.hpp>

#include <asio/cancellation_signal.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>

namespace asyncllm::inline v0_1::detail {

class GroupBase;

class ChildBase : public ListNode {
 public:
  bool has_result() const noexcept { return state_ != State::running; }
  bool has_value() const noexcept { return state_ == State::value; }
  /// The exception it ended with; null with a value, or before the end.
  const std::exception_ptr& error() const noexcept { return error_; }

  void fail(std::exception_ptr error) noexcept
  {
    error_ = std::move(error);
    state_ = State::error;
  }

  std::size_t index = 0;
  Ref<GroupBase> group;  // while it runs
  asio::cancellation_signal signal;

 protected:
  ChildBase() = default;
  ~ChildBase() = default;

  void succeed() noexcept { state_ = State::value; }
  void forget() noexcept
  {
    error_ = nullptr;
    state_ = State::running;
  }
  /// Why there is no value.
  std::exception_ptr failure() const
  {
    if (error_)
      return error_;  // otherwise an operation has broken Asio's rules
    return std::make_exception_ptr(std::logic_error(
        "asyncllm: an operation dropped its completion handler, so its coroutine never ended"));
  }
  void rethrow_unless_value() const
  {
    if (!has_value())
      std::rethrow_exception(failure());
  }

 private:
  enum class State : unsigned char { running, value, error };

  std::exception_ptr error_;
  State state_ = State::running;
};

template <class T>
class Child final : public ChildBase {
 public:
  template <class Value>
  void succeed(Value&& value)
  {
    value_.emplace(std::forward<Value>(value));
    ChildBase::succeed();
  }

  /// The value, once, or rethrows.
  T take_value()
  {
    rethrow_unless_value();
    return *std::move(value_);
  }

  /// The outcome, once; afterwards the child can be started again.
  Outcome<T> take_outcome()
  {
    auto outcome = has_value() ? Outcome<T>(*std::move(value_)) : Outcome<T>::failure(failure());
    reset();
    return outcome;
  }

  void reset() noexcept
  {
    value_.reset();
    forget();
  }

 private:
  std::optional<T> value_;
};

template <>
class Child<void> final : public ChildBase {
 public:
  using ChildBase::succeed;

  std::monostate take_value() const
  {
    rethrow_unless_value();
    return {};
  }
  Outcome<void> take_outcome()
  {
    Outcome<void> outcome = has_value() ? Outcome<void>() : Outcome<void>::failure(failure());
    reset();
    return outcome;
  }

  void reset() noexcept { forget(); }
};

}  // namespace asyncllm::detail
