// A value that is rarely there, as a member that costs one pointer.
#pragma once

#include <memory>

namespace asyncllm::inline v0_1::detail {

/// Copies copy the value. Where none was set, it is an empty one.
template <class T>
class Boxed {
 public:
  Boxed() = default;
  Boxed(const Boxed& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(const Boxed& other)
  {
    if (this != &other)
      *this = Boxed(other);
    return *this;
  }
  Boxed& operator=(Boxed&&) noexcept = default;

  const T& operator*() const
  {
    static const T empty;
    return value_ ? *value_ : empty;
  }
  const T* operator->() const { return &**this; }

  /// The value to be changed; makes it where none was set.
  T& edit()
  {
    if (!value_)
      value_ = std::make_unique<T>();
    return *value_;
  }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace asyncllm::detail
