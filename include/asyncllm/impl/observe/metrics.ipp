#include <asyncllm/observe/metrics.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <vector>

namespace asyncllm::inline v0_1 {
namespace {

// The buckets that OpenTelemetry advises for these.
constexpr double duration_bounds[] = {
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
constexpr double first_chunk_bounds[] = {
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0};
constexpr double token_bounds[] = {
    1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};

class Histogram {
 public:
  void add(double value, std::span<const double> bounds)
  {
    counts_.resize(bounds.size() + 1);
    const auto bucket = std::ranges::lower_bound(bounds, value) - bounds.begin();
    ++counts_[static_cast<std::size_t>(bucket)];
    sum_ += value;
  }

  void write(
      std::ostream& out,
      const std::string& name,
      const std::string& labels,
      std::span<const double> bounds) const
  {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= bounds.size(); ++i) {
      total += counts_[i];
      out << name << "_bucket{" << labels << ",le=\"";
      if (i < bounds.size())
        out << bounds[i];
      else
        out << "+Inf";
      out << "\"} " << total << '\n';
    }
    out << name << "_sum{" << labels << "} " << sum_ << '\n';
    out << name << "_count{" << labels << "} " << total << '\n';
  }

 private:
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
};

// A label's value: a backslash, a quote and a line end are escaped.
std::string label(const char* name, const std::string& value)
{
  std::string text = std::string(name) + "=\"";
  for (const char c : value)
    if (c == '\n')
      text += "\\n";
    else if (c == '\\' || c == '"')
      text.append(1, '\\').append(1, c);
    else
      text += c;
  return text + '"';
}

using Histograms = std::map<std::string, Histogram>;  // by labels

void write_histograms(
    std::ostream& out,
    const std::string& name,
    const char* help,
    const Histograms& all,
    std::span<const double> bounds)
{
  if (all.empty())
    return;
  out << "# HELP " << name << ' ' << help << "\n# TYPE " << name << " histogram\n";
  for (const auto& [labels, histogram] : all)
    histogram.write(out, name, labels, bounds);
}

void write_values(
    std::ostream& out,
    const std::string& name,
    const char* help,
    const char* type,
    const std::map<std::string, std::int64_t>& all)
{
  if (all.empty())
    return;
  out << "# HELP " << name << ' ' << help << "\n# TYPE " << name << ' ' << type << '\n';
  for (const auto& [labels, value] : all)
    out << name << '{' << labels << "} " << value << '\n';
}

double in_seconds_of(CallInfo::TimePoint from, CallInfo::TimePoint to)
{
  return std::chrono::duration<double>(to - from).count();
}

constexpr std::size_t most_series = 1000;

}  // namespace

struct Metrics::Series {
  // The labels that say whose a call is. Models are many where users choose them.
  std::string labels_of(const CallInfo& call)
  {
    auto labels = label("operation", call.operation) + ',' + label("provider", call.provider) + ',';
    const auto own = labels + label("model", call.model);
    if (known.contains(own) || known.size() < most_series) {
      known.insert(own);
      return own;
    }
    return labels + label("model", "other");
  }

  mutable std::mutex mutex;
  std::set<std::string> known, tools;
  Histograms durations, first_chunks, tokens, tool_durations;
  std::map<std::string, std::int64_t> attempts, in_flight;
};

Metrics::Metrics() : series_(std::make_unique<Series>()) {}
Metrics::~Metrics() = default;

void Metrics::call_started(const CallInfo& call)
{
  const std::lock_guard lock(series_->mutex);
  ++series_->in_flight[series_->labels_of(call)];
}

void Metrics::attempt_ended(const CallInfo& call, const AttemptInfo&)
{
  const std::lock_guard lock(series_->mutex);
  ++series_->attempts[series_->labels_of(call)];
}

void Metrics::call_ended(const CallInfo& call, const CallEnd& end)
{
  const std::lock_guard lock(series_->mutex);
  auto& all = *series_;
  const auto labels = all.labels_of(call);
  --all.in_flight[labels];
  const auto error = end.error ? std::string(to_string(end.error->kind())) : std::string();
  all.durations[labels + ',' + label("error_type", error)].add(
      in_seconds_of(call.started, end.ended), duration_bounds);
  if (end.first_token)
    all.first_chunks[labels].add(in_seconds_of(call.started, *end.first_token), first_chunk_bounds);
  if (!end.usage.reported)
    return;
  const auto count = [&](const char* type, std::int64_t tokens) {
    all.tokens[labels + ',' + label("token_type", type)].add(
        static_cast<double>(tokens), token_bounds);
  };
  count("input", end.usage.input_tokens);
  count("output", end.usage.output_tokens);
}

void Metrics::tool_ran(const ToolInfo& tool)
{
  const std::lock_guard lock(series_->mutex);
  const bool is_known = series_->tools.contains(tool.name) || series_->tools.size() < most_series;
  const auto& name = is_known ? *series_->tools.insert(tool.name).first : std::string("other");
  const auto labels = label("tool", name) + ',' + label("failed", tool.failed ? "true" : "false");
  series_->tool_durations[labels].add(in_seconds_of(tool.started, tool.ended), duration_bounds);
}

void Metrics::write(std::ostream& out) const
{
  std::ostringstream text;  // in the classic form, whatever the stream's is
  text.imbue(std::locale::classic());
  text.precision(12);
  {
    const std::lock_guard lock(series_->mutex);
    const auto& all = *series_;
    write_histograms(
        text,
        "gen_ai_client_operation_duration_seconds",
        "Time of a call, with its retries.",
        all.durations,
        duration_bounds);
    write_histograms(
        text,
        "gen_ai_client_operation_time_to_first_chunk_seconds",
        "Time to the first piece of a streamed reply.",
        all.first_chunks,
        first_chunk_bounds);
    write_histograms(
        text,
        "gen_ai_client_token_usage",
        "Tokens of a call, as the server counts them.",
        all.tokens,
        token_bounds);
    write_histograms(
        text,
        "asyncllm_tool_duration_seconds",
        "Time of a call of a tool.",
        all.tool_durations,
        duration_bounds);
    write_values(text, "asyncllm_attempts_total", "Attempts of calls.", "counter", all.attempts);
    write_values(
        text, "asyncllm_calls_in_flight", "Calls that have not ended.", "gauge", all.in_flight);
  }
  out << text.str();
}

}  // namespace asyncllm
