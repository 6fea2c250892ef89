// Children of several kinds for the tests of gather.
#pragma once

#include "harness.hpp"

#include <exception>
#include <stdexcept>
#include <string>

namespace harness {

struct Special : std::runtime_error {
  Special() : std::runtime_error("special") {}
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

}  // namespace harness
