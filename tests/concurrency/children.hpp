// Children of several kinds, and what they give.
#pragma once

#include "harness.hpp"

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

namespace harness {

struct Special : std::runtime_error {
  Special() : std::runtime_error("special") {}
};

class NoDefault {
 public:
  explicit NoDefault(int v) : value(v) {}
  int value;
};

inline asio::awaitable<int> throw_this(Gate& gate, std::exception_ptr error)
{
  co_await gate.wait();
  std::rethrow_exception(error);
}

inline asio::awaitable<void> gives_nothing(Gate& gate, int& ended)
{
  co_await gate.wait();
  ++ended;
}

inline asio::awaitable<std::string> gives_text(Gate& gate, std::string text)
{
  co_await gate.wait();
  co_return text;
}

/// Keeps `alive` in its frame: the use count tells when the frame is gone.
inline asio::awaitable<int> holding(Gate& gate, std::shared_ptr<int> alive)
{
  co_await gate.wait();
  co_return *alive;
}

}  // namespace harness
