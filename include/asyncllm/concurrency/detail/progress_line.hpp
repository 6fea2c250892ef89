// The text of a progress bar, without a terminal and without a clock.
#pragma once

#include <asyncllm/concurrency/batch_options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

namespace asyncllm::inline v0_1::detail {

/// "0:07", "12:34", "1:02:03".
inline std::string clock_text(double seconds)
{
  if (!(seconds < 100 * 3600.0))
    return "long";
  const auto whole = static_cast<int>(seconds + 0.5);
  char text[32];
  if (whole < 3600)
    std::snprintf(text, sizeof text, "%d:%02d", whole / 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
  return text;
}

/// "questions [#######-------------]  35/100  35 %  2 failed  4.7/s  0:14 left"
inline std::string progress_line(
    const std::string& label,
    const Progress& progress,
    std::size_t failed,
    std::chrono::duration<double> elapsed)
{
  constexpr std::size_t width = 20;
  const double rate =
      elapsed.count() > 0 ? static_cast<double>(progress.done) / elapsed.count() : 0;
  std::string line = label + ' ';
  const auto done = std::to_string(progress.done);
  if (progress.total && *progress.total > 0) {
    const auto total = std::to_string(*progress.total);
    const std::size_t filled = progress.done * width / *progress.total;
    line.append("[").append(filled, '#').append(width - filled, '-').append("] ");
    line.append(total.size() - done.size(), ' ').append(done).append("/").append(total);
    const auto percent = std::to_string(progress.done * 100 / *progress.total);
    line.append(2 + 3 - percent.size(), ' ').append(percent).append(" %");
  } else {
    line.append(done).append(" done");
  }
  if (failed > 0)
    line.append("  ").append(std::to_string(failed)).append(" failed");
  char speed[32];
  std::snprintf(speed, sizeof speed, "  %.*f/s", rate < 10 ? 1 : 0, rate);
  line += speed;
  if (!progress.total)
    line.append("  ").append(clock_text(elapsed.count()));
  else if (progress.done < *progress.total && rate > 0)
    line.append("  ")
        .append(clock_text(static_cast<double>(*progress.total - progress.done) / rate))
        .append(" left");
  else
    line.append("  ").append(clock_text(elapsed.count()));
  return line;
}

}  // namespace asyncllm::detail
