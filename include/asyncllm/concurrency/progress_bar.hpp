// A progress bar for terminals.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/concurrency/batch_options.hpp>
#include <asyncllm/concurrency/detail/progress_line.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#ifdef _WIN32
#  include <io.h>
#else
#  include <unistd.h>
#endif

namespace asyncllm::inline v0_1 {

/// Shows the progress of a batch in one line of the terminal: items done and in all, failures,
/// items a second and the time left at that rate. Writes nothing if the output is not a terminal.
/// The line is redrawn at most ten times a second, and ended when the last copy of the bar is
/// destroyed.
///
///     auto options = asyncllm::BatchOptions().on_progress(asyncllm::ProgressBar("questions"));
///     auto outcomes = co_await asyncllm::batch_outcomes(questions, 5, ask, options);
class ProgressBar {
 public:
  /// `label` is at the start of the line. The time starts here.
  explicit ProgressBar(std::string label, std::FILE* output = stderr)
      : line_(std::make_shared<Line>(std::move(label), output))
  {}

  void operator()(const Progress& progress) const { line_->update(progress); }

 private:
  using Clock = std::chrono::steady_clock;

  class Line {
   public:
    Line(std::string label, std::FILE* output)
        : label_(std::move(label)), output_(output), terminal_(is_terminal(output))
    {}
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    ~Line()
    {
      if (!drawn_)
        return;
      std::fputc('\n', output_);
      std::fflush(output_);
    }

    void update(const Progress& progress)
    {
      failed_ += progress.ok ? 0 : 1;
      if (!terminal_)
        return;
      const auto now = Clock::now();
      const bool last = progress.done == progress.total;
      if (drawn_ && !last && now - *drawn_ < std::chrono::milliseconds(100))
        return;
      drawn_ = now;
      const auto text = detail::progress_line(label_, progress, failed_, now - begin_);
      std::fprintf(output_, "\r%s\x1b[K", text.c_str());  // and erase the rest of the line
      std::fflush(output_);
    }

   private:
    static bool is_terminal(std::FILE* file)
    {
#ifdef _WIN32
      return _isatty(_fileno(file)) != 0;
#else
      return isatty(fileno(file)) != 0;
#endif
    }

    const std::string label_;
    std::FILE* const output_;
    const bool terminal_;
    const Clock::time_point begin_ = Clock::now();
    std::optional<Clock::time_point> drawn_;
    std::size_t failed_ = 0;
  };

  std::shared_ptr<Line> line_;
};

}  // namespace asyncllm
