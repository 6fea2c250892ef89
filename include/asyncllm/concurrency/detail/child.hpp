// One coroutine that a group has started: its cancellation signal and, later, its outcome.
#pragma once

#include <asyncllm/core/outcome.hpp>
#include <asyncllm/concurrency/awaitable_range.hpp>
#include <asyncllm/concurrency/detail/list.hpp>

#include <asio/cancellation_signal.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace asyncllm::detail {

class ChildBase : public ListNode {
 public:
  virtual bool has_result() const noexcept = 0;
  /// The exception it ended with; null with a value, or before the end.
  virtual std::exception_ptr error() const noexcept = 0;
  virtual void fail(std::exception_ptr error) = 0;

  bool has_value() const noexcept { return has_result() && !error(); }

  std::size_t index = 0;
  asio::cancellation_signal signal;

 protected:
  ChildBase() = default;
  ~ChildBase() = default;
};

template <class T>
class Child final : public ChildBase {
 public:
  bool has_result() const noexcept override { return result_.has_value(); }
  std::exception_ptr error() const noexcept override
  {
    return result_ ? result_->error() : std::exception_ptr();
  }
  void fail(std::exception_ptr error) override { result_.emplace(Outcome<T>::failure(error)); }

  template <class... Value>
  void succeed(Value&&... value)
  {
    result_.emplace(std::forward<Value>(value)...);
  }

  /// The outcome, once; afterwards the child can be started anew.
  Outcome<T> take_outcome()
  {
    if (!result_)  // only an operation that breaks Asio's rules gets here
      return Outcome<T>::failure(std::make_exception_ptr(std::logic_error(
          "asyncllm: an operation dropped its completion handler, so its coroutine never ended")));
    Outcome<T> outcome = *std::move(result_);
    result_.reset();
    return outcome;
  }

  /// The value, or rethrows.
  OrMonostate<T> take_value()
  {
    if constexpr (std::is_void_v<T>) {
      take_outcome().value();
      return {};
    } else {
      return take_outcome().value();
    }
  }

 private:
  std::optional<Outcome<T>> result_;
};

}  // namespace asyncllm::detail
