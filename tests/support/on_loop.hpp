// Runs a coroutine on a loop of its own, to the end of all work.
#pragma once
#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

namespace support {

/// Runs `loop` until it has nothing left to do; what `body` throws is rethrown.
void run_to_the_end(asio::io_context& loop, asio::awaitable<void> body);

/// `body` is called with the loop and returns an awaitable<void>; what it throws is rethrown.
template <class Body>
void on_loop(Body body)
{
  asio::io_context loop;
  run_to_the_end(loop, body(loop));
}

}  // namespace support
