#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/provider/preset.hpp>

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <vector>

namespace asyncllm::inline v0_1::provider {
namespace {

constexpr std::string_view local_server = "is the server running there, and is the URL right?";

constexpr auto patience = std::chrono::hours(6);

constexpr std::array presets{
    Preset{
        .name = "ollama",
        .wire = WireKind::ollama,
        .base_url = "http://127.0.0.1:11434",
        .url_variable = "OLLAMA_HOST",
        .key_variable = "OLLAMA_API_KEY",
        .key_url = "https://ollama.com:443",
        .schemas = SchemaSupport::partial,
        .efforts = "none low medium high max",
        .think_tags = ThinkTags::split,
        .max_in_flight = 64,  // it refuses when 512 wait (OLLAMA_MAX_QUEUE)
        .first_byte = patience,
        .has_queue = true,
        .cuts_prompts = true,
        .if_unreachable =
            "is Ollama running there? Start it with `ollama serve`, or set OLLAMA_HOST",
        .if_no_model = "install it with: ollama pull "},
    Preset{
        .name = "openai",
        .base_url = "https://api.openai.com/v1",
        .url_variable = "OPENAI_BASE_URL",
        .elsewhere = "openai-compatible",
        .key_variable = "OPENAI_API_KEY",
        .needs_key = true,
        .max_tokens_name = "max_completion_tokens"},
    Preset{
        .name = "openai-compatible",
        .url_variable = "OPENAI_BASE_URL",
        .key_variable = "OPENAI_API_KEY",
        .has_samplers = true,
        .think_tags = ThinkTags::split,
        .first_byte = patience,
        .if_unreachable = local_server},
    Preset{
        .name = "anthropic",
        .wire = WireKind::anthropic,
        .base_url = "https://api.anthropic.com",
        .url_variable = "ANTHROPIC_BASE_URL",
        .key_variable = "ANTHROPIC_API_KEY",
        .key_header = "x-api-key",
        .key_prefix = "",
        .needs_key = true,
        .version_header = "anthropic-version",
        .version = "2023-06-01",
        .efforts = "none low medium high xhigh max",
        .max_temperature = 1,
        .default_max_tokens = 4096},
    Preset{
        .name = "azure",
        .url_variable = "AZURE_OPENAI_ENDPOINT",
        .url_suffix = "/openai/v1",
        .key_variable = "AZURE_OPENAI_API_KEY",
        .key_header = "api-key",
        .key_prefix = "",
        .needs_key = true,
        .max_tokens_name = "max_completion_tokens"},
    Preset{
        .name = "openrouter",
        .base_url = "https://openrouter.ai/api/v1",
        .key_variable = "OPENROUTER_API_KEY",
        .needs_key = true,
        .has_samplers = true,
        .think = ThinkStyle::reasoning_object},
    Preset{
        .name = "groq",
        .base_url = "https://api.groq.com/openai/v1",
        .key_variable = "GROQ_API_KEY",
        .needs_key = true,
        .max_tokens_name = "max_completion_tokens",
        .efforts = "none low medium high",
        .think_tags = ThinkTags::split},
    Preset{
        .name = "mistral",
        .base_url = "https://api.mistral.ai/v1",
        .key_variable = "MISTRAL_API_KEY",
        .needs_key = true,
        .seed_name = "random_seed",
        .has_stream_options = false,  // reports the usage without them
        .efforts = "none high"},
    Preset{
        .name = "deepseek",
        .base_url = "https://api.deepseek.com",
        .key_variable = "DEEPSEEK_API_KEY",
        .needs_key = true,
        .history_reasoning = "reasoning_content",
        .schemas = SchemaSupport::none,
        .think = ThinkStyle::thinking_type,
        .efforts = "none low medium high xhigh max"},
    Preset{
        .name = "together",
        .base_url = "https://api.together.xyz/v1",
        .key_variable = "TOGETHER_API_KEY",
        .needs_key = true,
        .has_samplers = true,
        .think_tags = ThinkTags::split},
    Preset{
        .name = "gemini",
        .base_url = "https://generativelanguage.googleapis.com/v1beta/openai",
        .key_variable = "GEMINI_API_KEY",
        .needs_key = true,
        .efforts = "none minimal low medium high"},
    Preset{
        .name = "vllm",
        .base_url = "http://127.0.0.1:8000/v1",
        .key_variable = "VLLM_API_KEY",
        .has_samplers = true,
        .think = ThinkStyle::template_kwargs,
        .think_tags = ThinkTags::split,
        .first_byte = patience,
        .if_unreachable = "is vLLM running there? Start it with `vllm serve MODEL`"},
    Preset{
        .name = "llamacpp",
        .base_url = "http://127.0.0.1:8080/v1",
        .key_variable = "LLAMA_API_KEY",
        .has_samplers = true,
        .knows_named_tool_choice = false,
        .think = ThinkStyle::template_kwargs,
        .think_tags = ThinkTags::split,
        .first_byte = patience,
        .if_unreachable = "is llama.cpp running there? Start it with `llama-server -m FILE`"},
    Preset{
        .name = "lmstudio",
        .base_url = "http://127.0.0.1:1234/v1",
        .has_samplers = true,
        .think_tags = ThinkTags::split,
        .first_byte = patience,
        .if_unreachable = "is LM Studio's server running there? Start it with `lms server start`"},
    Preset{
        .name = "openai-responses",
        .wire = WireKind::responses,
        .base_url = "https://api.openai.com/v1",
        .url_variable = "OPENAI_BASE_URL",
        .elsewhere = "openai-responses-compatible",
        .key_variable = "OPENAI_API_KEY",
        .needs_key = true,
        .hides_reasoning = true},
    Preset{
        .name = "openai-responses-compatible",
        .wire = WireKind::responses,
        .url_variable = "OPENAI_BASE_URL",
        .key_variable = "OPENAI_API_KEY",
        .think_tags = ThinkTags::split,
        .first_byte = patience,
        .if_unreachable = local_server},
    Preset{
        .name = "azure-responses",
        .wire = WireKind::responses,
        .url_variable = "AZURE_OPENAI_ENDPOINT",
        .url_suffix = "/openai/v1",
        .key_variable = "AZURE_OPENAI_API_KEY",
        .key_header = "api-key",
        .key_prefix = "",
        .needs_key = true,
        .hides_reasoning = true},
    Preset{
        .name = "openrouter-responses",
        .wire = WireKind::responses,
        .base_url = "https://openrouter.ai/api/v1",
        .key_variable = "OPENROUTER_API_KEY",
        .needs_key = true,
        .hides_reasoning = true},
    Preset{
        .name = "xai-responses",
        .wire = WireKind::responses,
        .base_url = "https://api.x.ai/v1",
        .key_variable = "XAI_API_KEY",
        .needs_key = true,
        .efforts = "none low medium high",
        .hides_reasoning = true},
    Preset{
        .name = "deepseek-responses",
        .wire = WireKind::responses,
        .base_url = "https://api.deepseek.com",
        .key_variable = "DEEPSEEK_API_KEY",
        .needs_key = true,
        .efforts = "none low medium high xhigh max",
        .needs_calls_together = true},
    Preset{
        .name = "ollama-responses",
        .wire = WireKind::responses,
        .base_url = "http://127.0.0.1:11434/v1",
        .url_variable = "OLLAMA_HOST",
        .url_suffix = "/v1",
        .key_variable = "OLLAMA_API_KEY",
        .key_url = "https://ollama.com:443/v1",
        .schemas = SchemaSupport::partial,
        .think_tags = ThinkTags::split,
        .max_in_flight = 64,
        .first_byte = patience,
        .has_queue = true,
        .cuts_prompts = true,
        .if_unreachable =
            "is Ollama running there? Start it with `ollama serve`, or set OLLAMA_HOST",
        .if_no_model = "install it with: ollama pull "},
    Preset{
        .name = "vllm-responses",
        .wire = WireKind::responses,
        .base_url = "http://127.0.0.1:8000/v1",
        .key_variable = "VLLM_API_KEY",
        .think_tags = ThinkTags::split,
        .first_byte = patience,
        .if_unreachable = "is vLLM running there? Start it with `vllm serve MODEL`"},
    Preset{
        .name = "llamacpp-responses",
        .wire = WireKind::responses,
        .base_url = "http://127.0.0.1:8080/v1",
        .key_variable = "LLAMA_API_KEY",
        .knows_named_tool_choice = false,
        .think_tags = ThinkTags::split,
        .first_byte = patience,
        .if_unreachable = "is llama.cpp running there? Start it with `llama-server -m FILE`"},
    Preset{
        .name = "lmstudio-responses",
        .wire = WireKind::responses,
        .base_url = "http://127.0.0.1:1234/v1",
        .think_tags = ThinkTags::split,
        .first_byte = patience,
        .if_unreachable = "is LM Studio's server running there? Start it with `lms server start`"},
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
  // A URL is not quoted: it may hold a password.
  std::string text = name.find_first_of("@/") == name.npos
                         ? "there is no provider \"" + std::string(name) + "\""
                         : std::string("a URL is no provider");
  const auto closest = std::ranges::min_element(
      presets, {}, [&](const Preset& preset) { return distance(name, preset.name); });
  if (distance(name, closest->name) <= 2)
    text += "; did you mean \"" + std::string(closest->name) + "\"?";
  text += text.ends_with('?') ? " Known are" : "; known are";
  for (const auto& preset : presets)
    if (preset.wire != WireKind::responses)
      text += (&preset == &presets.front() ? " " : ", ") + std::string(preset.name);
  text +=
      ", openai-responses and its like for the Responses API, and openai@URL::model for any other "
      "server that speaks OpenAI's wire";
  throw Error(ErrorKind::invalid_argument, text);
}

}  // namespace asyncllm::provider
