// Shared ownership inside one loop: a counter without atomics, in the object itself.
#pragma once

#include <concepts>
#include <cstddef>
#include <utility>

namespace asyncllm::inline v0_1::detail {

class RefCounted {
 public:
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

 protected:
  RefCounted() = default;
  virtual ~RefCounted() = default;

 private:
  template <class>
  friend class Ref;
  std::size_t references_ = 0;
};

template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) noexcept : object_(object)
  {
    if (object_)
      ++counter().references_;
  }
  Ref(const Ref& other) noexcept : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class Derived>
    requires std::derived_from<Derived, T>
  Ref(Ref<Derived>&& other) noexcept : object_(std::exchange(other.object_, nullptr))
  {}
  Ref& operator=(Ref other) noexcept
  {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref()
  {
    if (object_ && --counter().references_ == 0)
      delete &counter();
  }

  T* get() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
  template <class>
  friend class Ref;
  RefCounted& counter() const noexcept { return *object_; }

  T* object_ = nullptr;
};

template <class T, class... Arguments>
Ref<T> make_ref(Arguments&&... arguments)
{
  return Ref<T>(new T(std::forward<Arguments>(arguments)...));
}

}  // namespace asyncllm::detail
