// Awaitables that were awaited before, or moved from, handed to a helper.
#include <asyncllm/concurrency/as_completed.hpp>
#include <asyncllm/concurrency/gather.hpp>

#include "on_loop.hpp"
#include "test.hpp"

#include <stdexcept>
#include <utility>
#include <vector>

using namespace asyncllm;

namespace {

asio::awaitable<int> seven()
{
  co_return 7;
}

std::vector<asio::awaitable<int>> one_consumed()
{
  std::vector<asio::awaitable<int>> tasks;
  tasks.push_back(seven());
  tasks.push_back(seven());
  const auto consumed = std::move(tasks[1]);
  return tasks;
}

template <class Awaitable>
asio::awaitable<bool> is_logic_error(Awaitable helper)
{
  try {
    co_await std::move(helper);
  } catch (const std::logic_error&) {
    co_return true;
  }
  co_return false;
}

}  // namespace

TEST_CASE("a consumed awaitable is a logic_error for the helpers", "[concurrency]")
{
  bool in_gather = false, in_outcomes = false, in_stream = false;
  support::on_loop([&](asio::io_context&) -> asio::awaitable<void> {
    auto all = is_logic_error(gather(one_consumed()));
    in_gather = co_await std::move(all);
    auto outcomes = is_logic_error(gather_outcomes(one_consumed()));
    in_outcomes = co_await std::move(outcomes);
    auto stream = as_completed(one_consumed());
    for (int i = 0; i < 3 && !in_stream; ++i) {
      auto next = is_logic_error(stream.next());
      in_stream = co_await std::move(next);
    }
  });
  CHECK(in_gather);
  CHECK(in_outcomes);
  CHECK(in_stream);
}
