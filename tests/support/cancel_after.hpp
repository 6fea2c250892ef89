// Cancels what runs on a loop after a given number of the loop's steps: each place where it may
// wait is reached by some number.
#pragma once

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/io_context.hpp>

namespace support {

/// Runs `loop` for `steps` steps, emits `signal`, and runs it until `done`. Whether it was done
/// before: no number of steps above this one reaches anything new.
inline bool cancel_after(
    int steps, asio::io_context& loop, asio::cancellation_signal& signal, const bool& done)
{
  for (int step = 0; step < steps && !done; ++step)
    loop.run_one();
  const bool was_done = done;
  signal.emit(asio::cancellation_type::terminal);
  while (!done)
    loop.run_one();
  return was_done;
}

}  // namespace support
