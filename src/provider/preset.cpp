#include "provider/preset.hpp"

#include <asyncllm/core/error.hpp>

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <vector>

namespace asyncllm::provider {
namespace {

constexpr std::array presets{
    Preset{
        .name = "ollama",
        .wire = WireKind::ollama,
        .base_url = "http://127.0.0.1:11434",
        .url_variable = "OLLAMA_HOST",
        .key_variable = "",
        .needs_key = false,
        .elsewhere = "",
        .max_tokens_name = "",
        .if_unreachable =
            "is Ollama running there? Start it with `ollama serve`, or set OLLAMA_HOST",
        .if_no_model = "get it with: ollama pull "},
    Preset{
        .name = "openai",
        .wire = WireKind::openai,
        .base_url = "https://api.openai.com/v1",
        .url_variable = "OPENAI_BASE_URL",
        .key_variable = "OPENAI_API_KEY",
        .needs_key = true,
        .elsewhere = "openai-compatible",
        .max_tokens_name = "max_completion_tokens",
        .if_unreachable = "is the network up, and does it want a proxy?",
        .if_no_model = ""},
    Preset{
        .name = "openai-compatible",
        .wire = WireKind::openai,
        .base_url = "",
        .url_variable = "OPENAI_BASE_URL",
        .key_variable = "OPENAI_API_KEY",
        .needs_key = false,
        .elsewhere = "",
        .max_tokens_name = "max_tokens",
        .if_unreachable = "is the server running there, and is the URL right?",
        .if_no_model = ""},
};

// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b)
{
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

const Preset* find_preset(std::string_view name) noexcept
{
  const auto found = std::ranges::find(presets, name, &Preset::name);
  return found == presets.end() ? nullptr : &*found;
}

const Preset& preset_named(std::string_view name)
{
  if (const auto* preset = find_preset(name))
    return *preset;
  std::string text = "there is no provider \"" + std::string(name) + "\"";
  const auto closest = std::ranges::min_element(
      presets, {}, [&](const Preset& preset) { return distance(name, preset.name); });
  if (distance(name, closest->name) <= 2)
    text += "; did you mean \"" + std::string(closest->name) + "\"?";
  text += text.ends_with('?') ? " Known are" : "; known are";
  for (const auto& preset : presets)
    text += (&preset == &presets.front() ? " " : ", ") + std::string(preset.name);
  text += ", and openai@URL::model for any other server that speaks OpenAI's wire";
  throw Error(ErrorKind::invalid_argument, text);
}

}  // namespace asyncllm::provider
