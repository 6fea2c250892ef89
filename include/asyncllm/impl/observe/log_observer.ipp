#include <asyncllm/observe/log_observer.hpp>

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace asyncllm::inline v0_1 {
namespace {

std::string wall_time(std::chrono::system_clock::time_point at)
{
  using namespace std::chrono;
  const auto since = duration_cast<milliseconds>(at.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(since / 1000);
  std::tm parts{};
#ifdef _WIN32
  gmtime_s(&parts, &seconds);
#else
  gmtime_r(&seconds, &parts);
#endif
  char text[40];
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(since % 1000));
  return std::string(text, size) + fraction;
}

std::string in_seconds(std::chrono::steady_clock::duration time)
{
  char text[32];
  std::snprintf(text, sizeof text, "%.2fs", std::chrono::duration<double>(time).count());
  return text;
}

// One line stays one line, whatever a server says.
std::string on_one_line(std::string text)
{
  std::replace_if(
      text.begin(),
      text.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
      ' ');
  return text;
}

}  // namespace

std::string log_line(const CallInfo& call, const CallEnd& end)
{
  auto line = wall_time(call.started_at) + ' ' + call.operation + ' ' + call.provider;
  if (!call.model.empty())
    line += ' ' + call.model;
  line += ' ' + in_seconds(end.ended - call.started);
  if (end.first_token)
    line += " first " + in_seconds(*end.first_token - call.started);
  if (end.usage.reported)
    line += " tokens " + std::to_string(end.usage.input_tokens) + '+' +
            std::to_string(end.usage.output_tokens);
  if (end.attempts > 1)
    line += " attempts " + std::to_string(end.attempts);
  if (end.error)
    line += std::string(" error ") + end.error->what();
  else if (!end.finish_reason.empty())
    line += ' ' + end.finish_reason;
  return on_one_line(std::move(line));
}

void LogObserver::call_ended(const CallInfo& call, const CallEnd& end)
{
  const auto line = log_line(call, end) + '\n';
  const std::lock_guard lock(mutex_);
  out_ << line << std::flush;
}

}  // namespace asyncllm
