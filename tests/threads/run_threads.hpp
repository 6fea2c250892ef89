// Several threads that run one io_context, and coroutines whose results a test waits for.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <chrono>
#include <cstddef>
#include <future>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace support {

/// Runs `loop` on so many threads, from the beginning to the end of this object.
class RunThreads {
 public:
  explicit RunThreads(asio::io_context& loop, std::size_t count = 4) : work_(loop.get_executor())
  {
    for (std::size_t i = 0; i < count; ++i)
      threads_.emplace_back([&loop] { loop.run(); });
  }
  ~RunThreads()
  {
    work_.reset();
    for (auto& thread : threads_)
      thread.join();
  }
  RunThreads(const RunThreads&) = delete;
  RunThreads& operator=(const RunThreads&) = delete;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
};

template <class Executor, class T>
std::future<T> start(Executor executor, asio::awaitable<T> task)
{
  return asio::co_spawn(std::move(executor), std::move(task), asio::use_future);
}

/// The result, and a failure instead of a test that hangs.
template <class T>
T result_of(std::future<T> future)
{
  if (future.wait_for(std::chrono::seconds(20)) != std::future_status::ready)
    throw std::runtime_error("it takes too long");
  return future.get();
}

}  // namespace support
