// The progress bar's text, and its silence where there is no terminal.
#include <asyncllm/concurrency/batch.hpp>
#include <asyncllm/concurrency/progress_bar.hpp>

#include "harness.hpp"

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <ranges>
#include <string>

using namespace harness;
using asyncllm::Progress;
using asyncllm::ProgressBar;
using asyncllm::detail::progress_line;
using std::chrono::seconds;

TEST_CASE("a progress line shows how much, failures, the rate and the time that remains")
{
  const Progress progress{35, 100, 7, true};
  CHECK(
      progress_line("questions", progress, 2, seconds(7)) ==
      "questions [#######-------------]  35/100   35 %  2 failed  5.0/s  0:13 left");
}

TEST_CASE("a progress line at the end shows how long it took")
{
  const Progress progress{100, 100, 7, true};
  CHECK(
      progress_line("questions", progress, 0, seconds(3725)) ==
      "questions [####################] 100/100  100 %  0.0/s  1:02:05");
}

TEST_CASE("a progress line without a total shows what it can")
{
  const Progress progress{35, std::nullopt, 7, true};
  CHECK(progress_line("q", progress, 1, seconds(2)) == "q 35 done  1 failed  18/s  0:02");
}

TEST_CASE("a progress line at the first moment divides nothing by zero")
{
  const Progress progress{1, 3, 0, true};
  CHECK(
      progress_line("q", progress, 0, seconds(0)) ==
      "q [######--------------] 1/3   33 %  0.0/s  0:00");
  const Progress slow{1, 1'000'000'000, 0, true};
  CHECK(progress_line("q", slow, 0, seconds(9)).ends_with("  0.1/s  long left"));
}

TEST_CASE("a progress bar writes nothing to a file, and can be given to a batch")
{
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::tmpfile());
  REQUIRE(file);
  Loop loop;
  const auto options = asyncllm::BatchOptions().on_progress(ProgressBar("numbers", file.get()));
  Running main(loop, asyncllm::batch(std::views::iota(0, 50), 5, at_once, options));
  loop.settle();
  CHECK(main.has_value());
  CHECK(std::ftell(file.get()) == 0);
}
