// Work for batches: calls that a test can count, hold back and fail.
#pragma once

#include "harness.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>

namespace harness {

/// Calls that end when the test says so, and how many of them run.
class Calls {
 public:
  Calls(Loop& loop, std::size_t count) : gates_(loop, count) {}

  auto function()
  {
    return [this](int index) { return call(index); };
  }
  void open(std::size_t index) { gates_[index].open(); }

  Log log;
  int running = 0;
  int most = 0;

 private:
  asio::awaitable<int> call(int index)
  {
    most = std::max(most, ++running);
    std::exception_ptr error;
    int value = 0;
    try {
      auto work = child(log, gates_[static_cast<std::size_t>(index)], index);
      value = co_await std::move(work);
    } catch (...) {
      error = std::current_exception();
    }
    --running;
    if (error)
      std::rethrow_exception(error);
    co_return value * 10;
  }

  Gates gates_;
};

inline asio::awaitable<int> fail_at(int index, int failing)
{
  if (index == failing)
    throw std::runtime_error("item " + std::to_string(index));
  co_return index;
}

}  // namespace harness
