// Runs a coroutine on a loop of its own, to the end of all work.
#pragma once
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <utility>

namespace support {

/// `body` is called with the loop and returns an awaitable<void>; what it throws is rethrown.
template <class Body>
void on_loop(Body body)
{
  asio::io_context loop;
  std::exception_ptr failure;
  asio::co_spawn(loop, body(loop), [&](std::exception_ptr error) { failure = error; });
  loop.run();
  if (failure)
    std::rethrow_exception(failure);
}

}  // namespace support
