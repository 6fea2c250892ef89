#include "on_loop.hpp"

#include <asio/co_spawn.hpp>

#include <exception>
#include <utility>

namespace support {

void run_to_the_end(asio::io_context& loop, asio::awaitable<void> body)
{
  std::exception_ptr failure;
  asio::co_spawn(loop, std::move(body), [&](std::exception_ptr error) { failure = error; });
  loop.run();
  if (failure)
    std::rethrow_exception(failure);
}

}  // namespace support
