#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/errors/seconds.hpp>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>

namespace asyncllm::inline v0_1::provider {
namespace {

// Not negative.
std::optional<double> number(std::string_view text)
{
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != text.npos ||
      text.find_first_of("+-") == 0)
    return std::nullopt;
  double value = 0;
  std::istringstream stream{std::string(text)};  // libc++ 16 has no from_chars for it
  stream.imbue(std::locale::classic());
  const bool is_number =
      (stream >> value) && stream.peek() == std::istringstream::traits_type::eof();
  return is_number && value >= 0 ? std::optional(value) : std::nullopt;
}

std::chrono::milliseconds bounded(double milliseconds)
{
  const auto most = static_cast<double>(longest_wait.count());
  return std::chrono::milliseconds(std::llround(std::min(milliseconds, most)));
}

// In seconds: a year far away is beyond what nanoseconds can count.
std::optional<std::chrono::sys_seconds> http_date(std::string_view text)
{
  std::tm parts{};
  // RFC 9110, 5.6.7: today's form and the two obsolete ones that must be accepted
  const auto reads = [&](const char* form) {
    std::istringstream stream{std::string(text)};
    stream.imbue(std::locale::classic());
    parts = {};
    stream >> std::get_time(&parts, form);
    return !stream.fail();
  };
  if (!reads("%a, %d %b %Y %H:%M:%S GMT") && !reads("%A, %d-%b-%y %H:%M:%S GMT") &&
      !reads("%a %b %d %H:%M:%S %Y"))
    return std::nullopt;
  using std::chrono::hours, std::chrono::minutes, std::chrono::sys_days, std::chrono::month,
      std::chrono::year, std::chrono::year_month_day;
  const year_month_day day{
      year(parts.tm_year + 1900),
      month(static_cast<unsigned>(parts.tm_mon + 1)),
      std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  return sys_days(day) + hours(parts.tm_hour) + minutes(parts.tm_min) +
         std::chrono::seconds(parts.tm_sec);
}

}  // namespace

std::optional<std::chrono::milliseconds> seconds(std::string_view text)
{
  const auto value = number(text);
  return value ? std::optional(bounded(*value * 1000)) : std::nullopt;
}

std::optional<std::chrono::milliseconds> retry_after(
    const HeaderList& headers, std::chrono::system_clock::time_point now)
{
  using Milliseconds = std::chrono::milliseconds;
  if (const auto field = headers.find("retry-after-ms"))
    if (const auto milliseconds = number(*field))
      return bounded(*milliseconds);
  const auto field = headers.find("retry-after");
  if (!field)
    return std::nullopt;
  if (const auto time = seconds(*field))
    return time;
  if (const auto date = http_date(*field)) {
    const auto time = *date - std::chrono::time_point_cast<Milliseconds>(now);
    return bounded(std::max(0.0, static_cast<double>(time.count())));
  }
  return std::nullopt;
}

}  // namespace asyncllm::provider
