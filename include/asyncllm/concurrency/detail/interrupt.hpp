// Ctrl-C as a cancellation, for run().
#pragma once

#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/error_code.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <csignal>

namespace asyncllm::inline v0_1::detail {

/// Emits the signal at the first SIGINT, and restores the default action for the second one.
class Interrupt {
 public:
  Interrupt(asio::io_context& loop, asio::cancellation_signal& signal, bool& was_interrupted)
      : signals_(loop)
  {
    if (!listen())
      return;
    signals_.async_wait([this, &signal, &was_interrupted](const asio::error_code& error, int) {
      if (error)
        return;
      was_interrupted = true;
      forget();
      signal.emit(asio::cancellation_type::terminal);
    });
  }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  void forget()
  {
    asio::error_code ignored;
    signals_.clear(ignored);
  }

 private:
#ifdef _WIN32
  bool listen()
  {
    signals_.add(SIGINT);
    return true;
  }
#else
  // Registering replaces any handler, except Asio's own, which several loops share: then it is
  // another signal_set's, of an outer run() perhaps, and ours may join it.
  bool listen()
  {
    struct sigaction before, after;
    sigaction(SIGINT, nullptr, &before);
    signals_.add(SIGINT);
    sigaction(SIGINT, nullptr, &after);
    if (before.sa_handler == SIG_DFL || before.sa_handler == after.sa_handler)
      return true;
    forget();
    sigaction(SIGINT, &before, nullptr);
    return false;
  }
#endif

  asio::signal_set signals_;
};

}  // namespace asyncllm::detail
