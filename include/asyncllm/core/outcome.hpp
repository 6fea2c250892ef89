// A value, or the exception that came instead of it.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace asyncllm::inline v0_1 {

/// What `Outcome<T>` and `Outcome<void>` share: was there an error, and which.
class OutcomeError {
 public:
  bool has_value() const noexcept { return error_ == nullptr; }
  explicit operator bool() const noexcept { return has_value(); }

  /// The exception itself, null with a value.
  std::exception_ptr error() const noexcept { return error_; }

  /// `what()` of the exception, "unknown exception" if it has none, empty with a value.
  std::string error_message() const
  {
    if (has_value())
      return std::string();
    try {
      std::rethrow_exception(error_);
    } catch (const std::exception& error) {
      return error.what();
    } catch (...) {
      return "unknown exception";
    }
  }

  /// The exception if it is an `E`, else null. It lives as long as any copy of this outcome.
  ///
  ///     if (const auto* error = outcome.error_as<asyncllm::Error>())
  ///       std::cerr << to_string(error->kind()) << '\n';
  template <class E>
  const E* error_as() const noexcept
  {
    if (has_value())
      return nullptr;
    try {
      std::rethrow_exception(error_);
    } catch (const E& error) {
      return std::addressof(error);
    } catch (...) {
      return nullptr;
    }
  }

 protected:
  OutcomeError() = default;
  explicit OutcomeError(std::exception_ptr error) : error_(std::move(error))
  {
    if (!error_)
      throw std::logic_error("asyncllm::Outcome: a failure needs an exception");
  }
  void rethrow_error() const
  {
    if (error_)
      std::rethrow_exception(error_);
  }

 private:
  std::exception_ptr error_;
};

/// A value or the exception that came instead. Every access to the value of a failed outcome
/// rethrows that exception, the original object, as often as asked.
template <class T>
class Outcome : public OutcomeError {
 public:
  Outcome(T value) : value_(std::move(value)) {}

  /// A failed outcome. Throws `std::logic_error` if `error` is null.
  static Outcome failure(std::exception_ptr error) { return Outcome(Failure(), std::move(error)); }

  T& value() &
  {
    rethrow_error();
    return *value_;
  }
  const T& value() const&
  {
    rethrow_error();
    return *value_;
  }
  T&& value() &&
  {
    rethrow_error();
    return *std::move(value_);
  }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return std::addressof(value()); }
  const T* operator->() const { return std::addressof(value()); }

 private:
  struct Failure {};
  Outcome(Failure, std::exception_ptr error) : OutcomeError(std::move(error)) {}

  std::optional<T> value_;
};

/// The outcome of something that gives no value.
template <>
class Outcome<void> : public OutcomeError {
 public:
  Outcome() = default;

  static Outcome failure(std::exception_ptr error) { return Outcome(std::move(error)); }

  /// Rethrows the exception, if there is one.
  void value() const { rethrow_error(); }

 private:
  explicit Outcome(std::exception_ptr error) : OutcomeError(std::move(error)) {}
};

}  // namespace asyncllm
