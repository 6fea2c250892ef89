// Reads one long input, or runs many tasks of which one fails, for work.py: work NAME BYTES, or
// work by itself for the names.
#include <asyncllm/concurrency/as_completed.hpp>
#include <asyncllm/concurrency/batch.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/semaphore.hpp>
#include <asyncllm/concurrency/task_group.hpp>
#include <asyncllm/concurrency/wait_any.hpp>

#include "allocations.hpp"
#include "long_input.hpp"

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using Tasks = std::vector<asio::awaitable<void>>;

asio::awaitable<void> sleep()
{
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> fail()
{
  throw std::runtime_error("failed");
  co_return;
}

// `count` tasks that never end, and one that fails when all have started.
Tasks sleepers(std::size_t count)
{
  Tasks tasks;
  while (tasks.size() < count)
    tasks.push_back(sleep());
  tasks.push_back(fail());
  return tasks;
}

asio::awaitable<void> gathered(std::size_t count)
{
  auto all = asyncllm::gather(sleepers(count));
  co_await std::move(all);
}

asio::awaitable<void> first_of(std::size_t count)
{
  auto any = asyncllm::wait_any(sleepers(count));
  const auto first = co_await std::move(any);
  first.result.value();
}

asio::awaitable<void> in_batch(std::size_t count)
{
  std::vector<std::size_t> items(count + 1);
  for (std::size_t i = 0; i <= count; ++i)
    items[i] = i;
  const auto task = [count](std::size_t item) { return item == count ? fail() : sleep(); };
  auto all = asyncllm::batch(std::move(items), count + 1, task);
  co_await std::move(all);
}

asio::awaitable<void> in_group(std::size_t count)
{
  auto body = [count](asyncllm::TaskGroup& group) -> asio::awaitable<void> {
    for (auto& task : sleepers(count))
      group.spawn(std::move(task));
    co_return;
  };
  auto all = asyncllm::with_task_group(body);
  co_await std::move(all);
}

asio::awaitable<void> behind_semaphore(std::size_t count)
{
  asyncllm::Semaphore places(1);
  Tasks tasks;
  while (tasks.size() < count)
    tasks.push_back(asyncllm::with_semaphore(places, sleep()));
  tasks.push_back(fail());
  auto all = asyncllm::gather(std::move(tasks));
  co_await std::move(all);
}

asio::awaitable<void> closed(std::size_t count)
{
  auto stream = asyncllm::as_completed(sleepers(count));
  auto first = co_await stream.next();
  co_await stream.close();
  first->result.value();
}

using Program = asio::awaitable<void> (*)(std::size_t);

const std::map<std::string, Program> programs{
    {"tasks: gather", gathered},
    {"tasks: wait_any", first_of},
    {"tasks: batch", in_batch},
    {"tasks: task group", in_group},
    {"tasks: with_semaphore", behind_semaphore},
    {"tasks: as_completed", closed},
};

constexpr std::size_t bytes_a_task = 200;  // for the size that work.py gives

std::string outcome_of(Program program, std::size_t tasks)
{
  std::string outcome = "complete";
  asio::io_context loop;
  asio::co_spawn(loop, program(tasks), [&](const std::exception_ptr& error) {
    if (error)
      outcome = "failed";
  });
  loop.run();
  return outcome;
}

}  // namespace

int main(int argc, char** argv)
{
  const auto& inputs = support::long_inputs();
  if (argc != 3) {
    for (const auto& input : inputs)
      std::cout << input.name << '\n';
    for (const auto& [name, program] : programs)
      std::cout << name << '\n';
    return 0;
  }
  const std::string name = argv[1];
  const std::size_t bytes = std::stoul(argv[2]);
  std::string outcome;
  if (const auto program = programs.find(name); program != programs.end()) {
    count_allocations = true;
    outcome = outcome_of(program->second, bytes / bytes_a_task);
  } else {
    const auto input = std::ranges::find(inputs, name, &support::LongInput::name);
    if (input == inputs.end()) {
      std::cerr << "no such input: " << name << '\n';
      return 2;
    }
    auto text = support::text_of(*input, bytes);
    count_allocations = true;
    outcome = support::outcome_of(*input, std::move(text), support::wide_limits());
  }
  count_allocations = false;
  std::cout << outcome << ' ' << allocations.peak << '\n';
}
