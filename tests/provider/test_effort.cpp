// How much a model reasons, as each host writes it.
#include <asyncllm/impl/provider/request/effort.hpp>
#include <asyncllm/impl/provider/wires.hpp>
#include <asyncllm/options/request_options.hpp>

#include "test.hpp"

#include <nlohmann/json.hpp>

#include <string>

using namespace asyncllm;
using provider::nearest_effort;
using EffortJson = nlohmann::json;

namespace {

// What the request has for it, without the members that every request has.
EffortJson settings(const std::string& host, const RequestOptions& options)
{
  const auto& preset = *provider::find_preset(host);
  const ChatRequest request{"gpt-4", Messages().user("U"), options.parameters()};
  std::string out;
  provider::wire_of(preset).encode(request, preset, provider::Delivery::whole, out);
  auto body = EffortJson::parse(out);
  for (const auto* name :
       {"model", "messages", "input", "store", "stream", "max_tokens", "instructions"})
    body.erase(name);
  return body;
}

void check_effort(const std::string& host, const std::string& effort, const char* json)
{
  INFO(host << ' ' << effort);
  CHECK(settings(host, RequestOptions().effort(effort)) == EffortJson::parse(json));
}

void check_think(const std::string& host, bool value, const char* json)
{
  INFO(host << ' ' << value);
  CHECK(settings(host, RequestOptions().think(value)) == EffortJson::parse(json));
}

}  // namespace

TEST_CASE("an effort goes to the nearest level of the host", "[provider]")
{
  constexpr auto four = "none low medium high";
  CHECK(nearest_effort("medium", four) == "medium");
  CHECK(nearest_effort("minimal", four) == "low");
  CHECK(nearest_effort("xhigh", four) == "high");
  CHECK(nearest_effort("max", four) == "high");
  CHECK(nearest_effort("xhigh", "low high max") == "high");  // of two the lower
  CHECK(nearest_effort("minimal", "none high") == "high");   // not off
  CHECK(nearest_effort("none", "none high") == "none");
  CHECK(nearest_effort("none", "low high") == "low");  // there is no off
  CHECK(nearest_effort("default", four) == "default");
  CHECK(nearest_effort("medium", "") == "medium");
}

TEST_CASE("the effort in the form of each host", "[provider]")
{
  check_effort("openai", "xhigh", R"({"reasoning_effort":"xhigh"})");
  check_effort("openai", "none", R"({"reasoning_effort":"none"})");
  check_effort("groq", "max", R"({"reasoning_effort":"high"})");
  check_effort("mistral", "low", R"({"reasoning_effort":"high"})");
  check_effort("mistral", "none", R"({"reasoning_effort":"none"})");
  check_effort("gemini", "max", R"({"reasoning_effort":"high"})");
  check_effort("openrouter", "max", R"({"reasoning":{"effort":"max"}})");
  check_effort("deepseek", "minimal", R"({"reasoning_effort":"low"})");
  check_effort("deepseek", "none", R"({"thinking":{"type":"disabled"}})");
  check_effort("vllm", "low", R"({"reasoning_effort":"low"})");
  check_effort("vllm", "none", R"({"chat_template_kwargs":{"enable_thinking":false}})");
  check_effort("anthropic", "minimal", R"({"output_config":{"effort":"low"}})");
  check_effort("anthropic", "none", R"({"thinking":{"type":"disabled"}})");
  check_effort("ollama", "xhigh", R"({"think":"high"})");
  check_effort("ollama", "none", R"({"think":false})");
  check_effort("xai-responses", "xhigh", R"({"reasoning":{"effort":"high"}})");
  check_effort("openai-responses", "max", R"({"reasoning":{"effort":"max"}})");
}

TEST_CASE("reasoning on and off in the form of each host", "[provider]")
{
  check_think("openai", true, R"({"reasoning_effort":"medium"})");
  check_think("openai", false, R"({"reasoning_effort":"none"})");
  check_think("mistral", true, R"({"reasoning_effort":"high"})");
  check_think("deepseek", true, R"({"thinking":{"type":"enabled"}})");
  check_think("llamacpp", false, R"({"chat_template_kwargs":{"enable_thinking":false}})");
  check_think("openrouter", false, R"({"reasoning":{"enabled":false}})");
  check_think("anthropic", true, R"({"thinking":{"type":"adaptive"}})");
  check_think("ollama", true, R"({"think":true})");
  check_think("openai-responses", true, R"({"reasoning":{"effort":"medium","summary":"auto"}})");
}
