#include <asyncllm/impl/json/writer.hpp>
#include <asyncllm/impl/observe/timeline.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <locale>
#include <map>
#include <sstream>

namespace asyncllm::inline v0_1::detail {
namespace {

using TimePoint = CallInfo::TimePoint;

double seconds_between(TimePoint from, TimePoint to)
{
  return std::chrono::duration<double>(to - from).count();
}

std::string xml(std::string_view text)
{
  std::string escaped;
  for (const char c : text)
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20)  // XML has no other control characters
          escaped += c;
    }
  return escaped;
}

std::string_view color_of(Phase phase)
{
  switch (phase) {
    case Phase::queue: return "#bdbdbd";
    case Phase::connect: return "#f0a030";
    case Phase::wait: return "#8ab8e6";
    case Phase::answer: return "#2e8b57";
    case Phase::retry: return "#e3c9f2";
    case Phase::tool: return "#7d5ba6";
  }
  return "#000000";
}

// A step for about eight marks: 1, 2 or 5 times a power of ten.
double axis_step(double length)
{
  const double rough = std::max(length, 1e-6) / 8;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough)
      return factor * power;
  return 10 * power;
}

// How many calls are in flight, or tools running, at each time at which that changes.
std::vector<std::pair<double, int>> load_of(const std::vector<TracedCall>& calls, TimePoint begin)
{
  std::map<double, int> changes;
  for (const auto& call : calls)
    for (const auto& span : call.spans)
      if (span.phase != Phase::queue && span.phase != Phase::retry) {
        ++changes[seconds_between(begin, span.from)];
        --changes[seconds_between(begin, span.to)];
      }
  std::vector<std::pair<double, int>> load;
  int running = 0;
  for (const auto& [time, change] : changes)
    load.emplace_back(time, running += change);
  return load;
}

// The measures of a picture.
struct Layout {
  Layout(std::size_t calls, double its_seconds)
      : seconds(std::max(its_seconds, 1e-6)),
        row(std::clamp(1000.0 / static_cast<double>(std::max<std::size_t>(calls, 1)), 1.0, 18.0)),
        has_names(row >= 12),
        left(has_names ? 250 : 20),
        bottom(top + row * static_cast<double>(calls))
  {}

  double x(double time) const { return left + time / seconds * (width - left - 20); }
  double y(std::size_t number) const { return top + row * static_cast<double>(number); }

  static constexpr double width = 1000, top = 60, load_height = 60;
  double seconds, row;
  bool has_names;
  double left, bottom;
};

void write_axis(std::ostream& out, const Layout& layout)
{
  const double step = axis_step(layout.seconds);
  for (double time = 0; time <= layout.seconds * 1.0001; time += step) {
    const auto x = layout.x(time);
    out << "<line x1=\"" << x << "\" y1=\"" << layout.top << "\" x2=\"" << x << "\" y2=\""
        << layout.bottom + 10 + Layout::load_height << "\" stroke=\"#e0e0e0\"/>\n";
    out << "<text x=\"" << x << "\" y=\"" << layout.top - 6 << "\" text-anchor=\"middle\">" << time
        << " s</text>\n";
  }
}

void write_rows(std::ostream& out, const Layout& layout, const std::vector<TracedCall>& calls)
{
  const auto begin = calls.front().started;
  const double gap = layout.row >= 4 ? 1 : 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto& call = calls[i];
    const auto y = layout.y(i);
    out << "<g><title>" << xml(call.name) << ": " << xml(call.details) << "</title>";
    for (const auto& span : call.spans) {
      const auto from = layout.x(seconds_between(begin, span.from));
      const auto to = layout.x(seconds_between(begin, span.to));
      out << "<rect x=\"" << from << "\" y=\"" << y << "\" width=\"" << std::max(to - from, 0.2)
          << "\" height=\"" << layout.row - gap << "\" fill=\"" << color_of(span.phase) << "\"/>";
    }
    if (call.failed)
      out << "<rect x=\"" << layout.x(seconds_between(begin, call.ended)) - 3 << "\" y=\"" << y
          << "\" width=\"4\" height=\"" << layout.row - gap << "\" fill=\"#d62728\"/>";
    if (layout.has_names)
      out << "<text x=\"" << layout.left - 8 << "\" y=\"" << y + layout.row * 0.7
          << "\" text-anchor=\"end\">" << xml(call.name.substr(0, 36)) << "</text>";
    out << "</g>\n";
  }
}

void write_load(std::ostream& out, const Layout& layout, const std::vector<TracedCall>& calls)
{
  const auto load = load_of(calls, calls.front().started);
  int most = 1;
  for (const auto& [time, running] : load)
    most = std::max(most, running);
  const auto base = layout.bottom + 10 + Layout::load_height;
  const auto y = [&](int running) { return base - Layout::load_height * running / most; };
  out << "<path fill=\"#d8e6d8\" stroke=\"#2e8b57\" d=\"M" << layout.x(0) << ' ' << base;
  int before = 0;
  for (const auto& [time, running] : load) {
    out << " L" << layout.x(time) << ' ' << y(before) << " L" << layout.x(time) << ' '
        << y(running);
    before = running;
  }
  out << " Z\"/>\n<text x=\"" << layout.left - 8 << "\" y=\"" << y(most) + 10 << "\" text-anchor=\""
      << (layout.has_names ? "end" : "start") << "\">in flight, most: " << most << "</text>\n";
}

void write_legend(std::ostream& out, const Layout& layout)
{
  auto x = 20.0;
  const auto y = layout.bottom + 20 + Layout::load_height;
  const auto entry = [&](std::string_view color, std::string_view text) {
    out << "<rect x=\"" << x << "\" y=\"" << y << "\" width=\"12\" height=\"12\" fill=\"" << color
        << "\"/><text x=\"" << x + 17 << "\" y=\"" << y + 10 << "\">" << text << "</text>\n";
    x += 35 + 6.6 * static_cast<double>(text.size());
  };
  for (const auto phase :
       {Phase::queue, Phase::connect, Phase::wait, Phase::answer, Phase::retry, Phase::tool})
    entry(color_of(phase), to_string(phase));
  entry("#d62728", "failed");
}

// A number for JSON, in microseconds.
double microseconds(TimePoint from, TimePoint to)
{
  return std::round(seconds_between(from, to) * 1e9) / 1e3;
}

}  // namespace

void append_spans(
    std::vector<Span>& spans,
    const AttemptInfo& attempt,
    std::optional<CallInfo::TimePoint> first_token)
{
  auto from = attempt.begun;
  const auto add = [&](Phase phase, std::optional<TimePoint> to) {
    if (to && *to > from)
      spans.push_back({phase, from, *to});
    from = to ? std::max(from, *to) : from;
  };
  add(Phase::queue, attempt.admitted ? *attempt.admitted : attempt.ended);
  if (attempt.admitted && !attempt.reused)
    add(Phase::connect,
        attempt.secured     ? attempt.secured
        : attempt.connected ? attempt.connected
        : attempt.sent      ? attempt.sent
                            : attempt.ended);
  const auto answer = first_token ? first_token : attempt.first_byte;
  add(Phase::wait, answer ? *answer : attempt.ended);
  add(Phase::answer, attempt.ended);
  if (attempt.wait)
    add(Phase::retry, attempt.ended + *attempt.wait);
}

std::vector<std::size_t> lanes_of(const std::vector<TracedCall>& calls)
{
  std::vector<std::size_t> lanes;
  std::vector<TimePoint> ends;  // of each lane
  for (const auto& call : calls) {
    auto lane = std::ranges::find_if(ends, [&](TimePoint end) { return end <= call.started; });
    if (lane == ends.end())
      lane = ends.insert(ends.end(), call.ended);
    *lane = call.ended;
    lanes.push_back(static_cast<std::size_t>(lane - ends.begin()));
  }
  return lanes;
}

void write_chrome_trace(std::ostream& out, const std::vector<TracedCall>& calls)
{
  std::string text;
  json::Writer json(text);
  json.begin_object().member("displayTimeUnit", "ms").key("traceEvents").begin_array();
  json.begin_object().member("name", "process_name").member("ph", "M").member("pid", 1);
  json.key("args").begin_object().member("name", "asyncllm").end_object().end_object();
  const auto lanes = lanes_of(calls);
  const auto event = [&](std::size_t number, std::string_view name, TimePoint from, TimePoint to) {
    json.begin_object().member("name", name).member("ph", "X").member("pid", 1);
    json.member("tid", static_cast<std::int64_t>(lanes[number]) + 1);
    json.member("ts", microseconds(calls.front().started, from));
    json.member("dur", microseconds(from, to));
  };
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto& call = calls[i];
    event(i, call.name, call.started, call.ended);
    json.member("cat", call.failed ? "failed" : "call");
    json.key("args").begin_object().member("details", call.details).end_object().end_object();
    for (const auto& span : call.spans) {
      event(i, to_string(span.phase), span.from, span.to);
      json.member("cat", "phase").end_object();
    }
  }
  json.end_array().end_object();
  out << text << '\n';
}

void write_svg_timeline(std::ostream& out, const std::vector<TracedCall>& calls)
{
  std::ostringstream text;  // with a point in numbers, whatever the stream's locale
  text.imbue(std::locale::classic());
  double seconds = 0;
  for (const auto& call : calls)
    seconds = std::max(seconds, seconds_between(calls.front().started, call.ended));
  const Layout layout(calls.size(), seconds);
  const auto height = layout.bottom + Layout::load_height + 50;
  text << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << Layout::width << "\" height=\""
       << height << "\" viewBox=\"0 0 " << Layout::width << ' ' << height
       << "\" font-family=\"sans-serif\" font-size=\"12\">\n"
       << "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"20\" y=\"24\" "
          "font-size=\"16\">"
       << calls.size() << (calls.size() == 1 ? " call in " : " calls in ") << std::setprecision(3)
       << seconds << " s</text>\n"
       << std::setprecision(6);
  if (!calls.empty()) {
    write_axis(text, layout);
    write_rows(text, layout, calls);
    write_load(text, layout, calls);
  }
  write_legend(text, layout);
  text << "</svg>\n";
  out << text.str();
}

}  // namespace asyncllm::detail
