// Objects that calls reuse, on any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

namespace asyncllm::inline v0_1::http {

/// Keeps at most this many objects for reuse. Never waits; safe from any thread.
template <class T, std::size_t most>
class Spares {
 public:
  Spares() = default;
  ~Spares()
  {
    for (auto& place : places_)
      delete place.load();
  }
  Spares(const Spares&) = delete;
  Spares& operator=(const Spares&) = delete;

  /// One that was put here, or a new one.
  std::unique_ptr<T> take()
  {
    for (auto& place : places_)
      if (place.load(std::memory_order_relaxed))
        if (auto* const object = place.exchange(nullptr, std::memory_order_acquire))
          return std::unique_ptr<T>(object);
    return std::make_unique<T>();
  }

  /// Destroys it if there is no room.
  void put(std::unique_ptr<T> object) noexcept
  {
    for (auto& place : places_) {
      T* nothing = nullptr;
      if (!place.load(std::memory_order_relaxed) &&
          place.compare_exchange_strong(nothing, object.get(), std::memory_order_release)) {
        static_cast<void>(object.release());
        return;
      }
    }
  }

 private:
  std::array<std::atomic<T*>, most> places_{};
};

}  // namespace asyncllm::http
