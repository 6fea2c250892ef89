// run: the value, Ctrl-C, and loops with nothing left to do.
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/concurrency/run.hpp>
#include <asyncllm/core/error.hpp>

#include "harness.hpp"

#include <asio/detached.hpp>
#include <asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>

using namespace harness;
using asyncllm::run;
using asyncllm::run_or_throw;

namespace {

asio::awaitable<std::unique_ptr<int>> give(int value)
{
  co_await turn();
  co_return std::make_unique<int>(value);
}

asio::awaitable<void> fail()
{
  co_await turn();
  throw asyncllm::Error(asyncllm::ErrorKind::overloaded, "try later");
}

asio::awaitable<void> sleep_for_ever(std::shared_ptr<int> alive)
{
  asio::steady_timer timer(
      co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
  ++*alive;
}

asio::awaitable<int> leave_something_behind(std::shared_ptr<int> alive)
{
  auto executor = co_await asio::this_coro::executor;
  asio::co_spawn(executor, sleep_for_ever(alive), asio::detached);
  co_await turn();
  co_return 3;
}

struct Drop {
  template <class Handler>
  void operator()(Handler&& handler) const
  {
    [[maybe_unused]] auto dropped = std::forward<Handler>(handler);
  }
};

asio::awaitable<int> wait_for_what_never_comes()
{
  auto waiting = asio::async_initiate<const asio::use_awaitable_t<>, void()>(
      Drop(), asio::use_awaitable_t<>());
  co_await std::move(waiting);
  co_return 1;
}

asio::awaitable<std::string> interrupt_itself(bool swallow)
{
  asio::steady_timer timer(
      co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  std::raise(SIGINT);
  std::string seen;
  try {
    co_await timer.async_wait(asio::use_awaitable);
  } catch (const std::system_error& error) {
    if (!swallow)
      throw;
    seen = error.code().message();
  }
  struct sigaction now;
  sigaction(SIGINT, nullptr, &now);
  co_return now.sa_handler == SIG_DFL ? "default again" : "still ours";
}

asio::awaitable<void> interrupt()
{
  auto interrupted = interrupt_itself(false);
  co_await std::move(interrupted);
}

// A cancellation that no Ctrl-C has caused is an error like others.
asio::awaitable<void> be_cancelled_by_oneself()
{
  co_await turn();
  throw asyncllm::Error(asyncllm::ErrorKind::cancelled, "by itself");
}

asio::awaitable<int> run_another_loop()
{
  const auto inner = run(give(4));
  co_await turn();
  co_return *inner + 1;
}

asio::awaitable<std::string> interrupt_an_inner_loop()
{
  try {
    run_or_throw(interrupt_itself(false));
  } catch (const std::system_error& error) {
    if (!asyncllm::is_cancelled(error.code()))
      throw;
  }
  co_await turn();  // the outer loop has the signal too
  co_await turn();
  co_await turn();
  co_return "not cancelled";
}

volatile std::sig_atomic_t own_calls = 0;

extern "C" void own_handler(int)
{
  own_calls = own_calls + 1;
}

/// The test framework listens to SIGINT itself; for a while it must not.
class Sigint {
 public:
  explicit Sigint(void (*handler)(int))
  {
    sigaction(SIGINT, nullptr, &before_);
    std::signal(SIGINT, handler);
  }
  Sigint(const Sigint&) = delete;
  Sigint& operator=(const Sigint&) = delete;
  ~Sigint() { sigaction(SIGINT, &before_, nullptr); }

 private:
  struct sigaction before_;
};

bool sigint_is(void (*handler)(int))
{
  struct sigaction now;
  sigaction(SIGINT, nullptr, &now);
  return now.sa_handler == handler;
}

asio::awaitable<int> raise_sigint()
{
  std::raise(SIGINT);
  co_await turn();
  co_await turn();
  co_return 5;
}

}  // namespace

TEST_CASE("run 105: returns the value and rethrows the exception")
{
  CHECK(*run(give(7)) == 7);
  try {
    run_or_throw(fail());
    CHECK(false);
  } catch (const asyncllm::Error& error) {
    CHECK(error.kind() == asyncllm::ErrorKind::overloaded);
  }
  run(turn());
}

TEST_CASE("run: a program's exit status is main's, 1 after an exception, 130 after Ctrl-C")
{
  const Sigint scope(SIG_DFL);
  const auto status = [](asio::awaitable<void> body, int result) -> asio::awaitable<int> {
    co_await std::move(body);
    co_return result;
  };
  const auto status_of = [&](asio::awaitable<void> body) {
    return run(status(std::move(body), 7));
  };
  CHECK(status_of(turn()) == 7);
  CHECK(status_of(fail()) == 1);
  CHECK(status_of(interrupt()) == 130);
  CHECK(status_of(be_cancelled_by_oneself()) == 1);
  CHECK(run(wait_for_what_never_comes()) == 1);
  CHECK_THROWS_AS(run_or_throw(status(fail(), 7)), asyncllm::Error);
}

TEST_CASE("run 105b: an awaitable of another executor")
{
  struct Plain {
    static asio::awaitable<int, asio::io_context::executor_type> main() { co_return 2; }
  };
  CHECK(run(Plain::main()) == 2);
}

TEST_CASE("run 106: it returns when main is done and destroys what else is on the loop")
{
  const auto alive = std::make_shared<int>(0);
  CHECK(run(leave_something_behind(alive)) == 3);
  CHECK(alive.use_count() == 1);
}

TEST_CASE("run 107: inside a coroutine it is allowed, and blocks")
{
  CHECK(run(run_another_loop()) == 5);
}

TEST_CASE("run 108: main not done and nothing left to do is a logic_error, not a hang")
{
  CHECK_THROWS_AS(run_or_throw(wait_for_what_never_comes()), std::logic_error);
}

TEST_CASE("run: the first SIGINT cancels main, the next one has its default action")
{
  const Sigint scope(SIG_DFL);
  CHECK(run(interrupt_itself(true)) == "default again");
  CHECK(sigint_is(SIG_DFL));
  try {
    run_or_throw(interrupt_itself(false));
    CHECK(false);
  } catch (const std::system_error& error) {
    CHECK(asyncllm::is_cancelled(error.code()));
  }
}

TEST_CASE("run: a SIGINT cancels the inner of two loops, and the outer one")
{
  const Sigint scope(SIG_DFL);
  try {
    run_or_throw(interrupt_an_inner_loop());
    CHECK(false);
  } catch (const std::system_error& error) {
    CHECK(asyncllm::is_cancelled(error.code()));
  }
  CHECK(sigint_is(SIG_DFL));
}

TEST_CASE("run: a SIGINT handler of the program's own is left alone")
{
  {
    const Sigint scope(own_handler);
    own_calls = 0;
    CHECK(run(raise_sigint()) == 5);
    CHECK(own_calls == 1);
    CHECK(sigint_is(own_handler));
  }
  {
    const Sigint scope(SIG_IGN);
    CHECK(run(raise_sigint()) == 5);
    CHECK(sigint_is(SIG_IGN));
  }
}

TEST_CASE("run: what a detached coroutine throws comes out of it")
{
  struct Detached {
    static asio::awaitable<void> main(std::shared_ptr<int> alive)
    {
      auto executor = co_await asio::this_coro::executor;
      asio::post(executor, [] { throw std::runtime_error("from a handler"); });
      auto sleeping = sleep_for_ever(alive);
      co_await std::move(sleeping);
    }
  };
  const auto alive = std::make_shared<int>(0);
  CHECK_THROWS_AS(run_or_throw(Detached::main(alive)), std::runtime_error);
  CHECK(alive.use_count() == 1);
}

TEST_CASE("is_cancelled knows the ways in which a cancellation shows")
{
  using asyncllm::is_cancelled;
  CHECK(is_cancelled(asio::error::make_error_code(asio::error::operation_aborted)));
  CHECK(is_cancelled(make_error_code(asyncllm::ErrorKind::cancelled)));
  CHECK(is_cancelled(std::make_error_code(std::errc::operation_canceled)));
  CHECK_FALSE(is_cancelled(make_error_code(asyncllm::ErrorKind::timeout)));
  CHECK_FALSE(is_cancelled(std::error_code()));
  CHECK_FALSE(is_cancelled(std::exception_ptr()));
  CHECK_FALSE(is_cancelled(std::make_exception_ptr(std::runtime_error("no"))));
  CHECK(is_cancelled(
      std::make_exception_ptr(asyncllm::Error(asyncllm::ErrorKind::cancelled, "by the caller"))));
}
