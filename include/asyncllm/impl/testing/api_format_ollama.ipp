// Ollama: NDJSON streams, durations in nanoseconds, errors that are a string.
#include <asyncllm/impl/testing/api_format.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <ctime>

namespace asyncllm::inline v0_1::testing {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

std::string rfc3339(std::chrono::system_clock::time_point when)
{
  const auto whole = std::chrono::floor<std::chrono::seconds>(when);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(whole);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  const auto fraction = std::chrono::duration_cast<nanoseconds>(when - whole).count();
  const std::string digits = std::to_string(1'000'000'000 + fraction).substr(1);
  return std::string(text.data(), size) + "." + digits + "Z";
}

std::string without_latest(std::string_view model)
{
  constexpr std::string_view tag = ":latest";
  return std::string(model.ends_with(tag) ? model.substr(0, model.size() - tag.size()) : model);
}

class OllamaFormat : public ApiFormat {
 public:
  explicit OllamaFormat(bool generate) : generate_(generate) {}

  std::string complaint(const json& body) const override { return complaint_about(body, false); }

  Call read(const json& body) const override
  {
    Call call = read_call(body, true);
    if (generate_) {
      call.prompt = string_field(body, "prompt");
      call.prompt_words = count_words(call.prompt) + count_words(string_field(body, "system"));
    }
    return call;
  }

  std::string whole(const Said& said) const override { return last_frame(said, said.text()); }
  std::string opening(const Said&) const override { return std::string(); }

  std::string piece(const Said& said, std::size_t index) const override
  {
    const auto elapsed = said.delay + said.between * static_cast<std::int64_t>(index);
    ordered_json frame = frame_of(said, said.pieces[index], elapsed);
    frame["done"] = false;
    return dumped(frame) + "\n";
  }

  std::string closing(const Said& said) const override { return last_frame(said, "") + "\n"; }

  std::string error(int, std::string_view message) const override
  {
    return dumped(ordered_json{{"error", message}});
  }

  std::string missing_model(std::string_view model) const override
  {
    return error(404, "model '" + std::string(model) + "' not found");
  }

  std::string listing(const std::vector<std::string>& models) const override
  {
    ordered_json list = ordered_json::array();
    for (const std::string& model : models) {
      const std::string name = model.find(':') == model.npos ? model + ":latest" : model;
      list.push_back(ordered_json{
          {"name", name},
          {"model", name},
          {"modified_at", "2026-01-01T00:00:00Z"},
          {"size", 1},
          {"digest", std::string(64, '0')},
          {"details", {{"format", "gguf"}, {"family", "scripted"}, {"parameter_size", "0"}}}});
    }
    return dumped(ordered_json{{"models", std::move(list)}});
  }

  bool same_model(std::string_view one, std::string_view other) const override
  {
    return without_latest(one) == without_latest(other);
  }

  std::string_view whole_type() const override { return "application/json; charset=utf-8"; }
  std::string_view stream_type() const override { return "application/x-ndjson"; }
  std::string_view request_id_header() const override { return std::string_view(); }

 private:
  ordered_json frame_of(const Said& said, std::string_view text, milliseconds elapsed) const
  {
    ordered_json frame;
    frame["model"] = said.call.model;
    frame["created_at"] = rfc3339(said.asked_at + elapsed);
    if (generate_)
      frame["response"] = text;
    else
      frame["message"] = ordered_json{{"role", "assistant"}, {"content", text}};
    return frame;
  }

  std::string last_frame(const Said& said, std::string_view text) const
  {
    // At least a microsecond a token, so that rates can be computed.
    const auto at_least = [](milliseconds time, std::int64_t tokens) {
      return std::max<nanoseconds>(time, std::chrono::microseconds(tokens));
    };
    const nanoseconds load = std::chrono::microseconds(100);  // a model that is there already
    const nanoseconds prompt_eval = at_least(said.delay, said.input_tokens);
    const nanoseconds eval = at_least(said.duration() - said.delay, said.output_tokens);
    ordered_json frame = frame_of(said, text, said.duration());
    if (!generate_)
      for (const auto& [name, arguments] : said.tools)
        frame["message"]["tool_calls"].push_back(ordered_json{
            {"function", {{"name", name}, {"arguments", ordered_json::parse(arguments)}}}});
    frame["done"] = true;
    frame["done_reason"] = said.finish_reason.value_or("stop");
    frame["total_duration"] = (load + prompt_eval + eval).count();
    frame["load_duration"] = load.count();
    frame["prompt_eval_count"] = said.input_tokens;
    frame["prompt_eval_duration"] = prompt_eval.count();
    frame["eval_count"] = said.output_tokens;
    frame["eval_duration"] = eval.count();
    return dumped(frame);
  }

  bool generate_;
};

}  // namespace

const ApiFormat& ollama_format()
{
  static const OllamaFormat format(false);
  return format;
}

const ApiFormat& ollama_generate_format()
{
  static const OllamaFormat format(true);
  return format;
}

}  // namespace asyncllm::testing
