// Runs a main coroutine to its end.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/concurrency/detail/interrupt.hpp>
#include <asyncllm/core/outcome.hpp>

#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace asyncllm::inline v0_1 {

namespace detail {

struct StopLoop {
  void operator()(asio::io_context* loop) const { loop->stop(); }
};

// Asio's co_spawn requires a default constructible result, so the result does not go through it.
// The loop stops however this coroutine ends, also if it is only destroyed.
template <class T, class Executor>
asio::awaitable<void, Executor> run_main(
    asio::awaitable<T, Executor> main,
    std::optional<Outcome<T>>& outcome,
    std::unique_ptr<asio::io_context, StopLoop>)
{
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(main);
      outcome.emplace();
    } else {
      outcome.emplace(co_await std::move(main));
    }
  } catch (...) {
    outcome.emplace(Outcome<T>::failure(std::current_exception()));
  }
}

template <class T, class Executor>
T run_to_end(asio::awaitable<T, Executor> main, bool& was_interrupted)
{
  asio::cancellation_signal interrupted;
  std::optional<Outcome<T>> outcome;
  asio::io_context loop(1);
  const Interrupt interrupt(loop, interrupted, was_interrupted);
  std::unique_ptr<asio::io_context, StopLoop> at_end(&loop);
  asio::co_spawn(
      Executor(loop.get_executor()),
      run_main(std::move(main), outcome, std::move(at_end)),
      asio::bind_cancellation_slot(interrupted.slot(), [](std::exception_ptr) {}));
  loop.run();
  if (!outcome)
    throw std::logic_error("asyncllm::run: nothing is left to do, and main has not ended");
  if constexpr (std::is_void_v<T>)
    outcome->value();
  else
    return *std::move(*outcome);
}

template <class Executor>
int run_as_program(asio::awaitable<int, Executor> main)
{
  bool was_interrupted = false;
  try {
    return run_to_end(std::move(main), was_interrupted);
  } catch (const std::exception& error) {
    if (was_interrupted && is_cancelled(std::current_exception()))
      return 130;
    std::fprintf(stderr, "error: %s\n", error.what());
  } catch (...) {
    std::fputs("error: unknown exception\n", stderr);
  }
  return 1;
}

}  // namespace detail

/// Runs `main` on its own io_context on this thread until it ends, as asyncio.run does. Anything
/// else left on that io_context (idle connections, detached coroutines) is destroyed.
///
/// The first SIGINT (Ctrl-C) cancels `main` (terminal), so that it can clean up; a second one ends
/// the program as if nothing had been installed. A SIGINT that the program handles itself or
/// ignores is left alone.
///
/// Result: what `main` returns.
/// Throws: what `main` throws; after a SIGINT this is usually `operation_aborted` or
/// `Error{cancelled}`, which `is_cancelled` recognises. `std::logic_error` if the loop has nothing
/// left to do and `main` has not ended. It blocks: called on the thread of another loop, it stops
/// everything there.
///
///     const std::string answer = asyncllm::run_or_throw(find_out());
template <class T, class Executor>
T run_or_throw(asio::awaitable<T, Executor> main)
{
  bool was_interrupted = false;
  return detail::run_to_end(std::move(main), was_interrupted);
}

/// The same for a whole program, if `main` returns its exit status, an `int`: then nothing is
/// thrown. The text of an exception goes to the standard error stream, and the result is 1; after a
/// SIGINT that ended `main` it is 130, as a shell reports it, without a text. A `main` with another
/// result type is run as by `run_or_throw`.
///
///     int main()
///     {
///       return asyncllm::run(co_main());  // asio::awaitable<int> co_main();
///     }
template <class T, class Executor>
T run(asio::awaitable<T, Executor> main)
{
  if constexpr (std::is_same_v<T, int>)
    return detail::run_as_program(std::move(main));
  else
    return run_or_throw(std::move(main));
}

}  // namespace asyncllm
