#include <asyncllm/impl/provider/endpoint.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <map>
#include <string>

using namespace asyncllm;
using namespace asyncllm::provider;
using support::fails_with;

namespace {

std::map<std::string, std::string> variables;  // what the function below looks up

char* fake_environment(const char* name)
{
  const auto found = variables.find(name);
  return found == variables.end() ? nullptr : found->second.data();
}

Endpoint resolve(EndpointSettings settings, std::map<std::string, std::string> environment = {})
{
  variables = std::move(environment);
  return resolve_endpoint(settings, &fake_environment);
}

}  // namespace

TEST_CASE("OLLAMA_HOST means what Ollama's own client reads in it", "[provider]")
{
  const std::pair<const char*, const char*> cases[] = {
      {"", "http://127.0.0.1:11434"},
      {"1.2.3.4", "http://1.2.3.4:11434"},
      {"example.com", "http://example.com:11434"},
      {":56789", "http://127.0.0.1:56789"},
      {"1.2.3.4:56789", "http://1.2.3.4:56789"},
      {"http://1.2.3.4", "http://1.2.3.4:80"},
      {"https://example.com", "https://example.com:443"},
      {"https://example.com:8443/x", "https://example.com:8443/x"},
      {"ollama.com", "https://ollama.com:443"},
      {"example.com:56789/path/", "http://example.com:56789/path/"},
      {"[::1]", "http://[::1]:11434"},
      {"::1", "http://[::1]:11434"},
      {"[::1]:7", "http://[::1]:7"},
      {"0.0.0.0", "http://127.0.0.1:11434"},
      {"[::]:7", "http://[::1]:7"},
      {"::", "http://[::1]:11434"},
      {"1.2.3.4:99999", "http://1.2.3.4:11434"},
      {"1.2.3.4:x", "http://1.2.3.4:11434"},
      {" \"1.2.3.4\" ", "http://1.2.3.4:11434"},
      {"'http://h:1'", "http://h:1"},
      {"http://me:pass@h:1", "http://me:pass@h:1"},
      {"me:pass@1.2.3.4", "http://me:pass@1.2.3.4:11434"},
      {"http+unix://%2Frun%2Fo.sock", "http+unix://%2Frun%2Fo.sock"},
  };
  for (const auto& [value, url] : cases) {
    INFO(value);
    CHECK(ollama_base_url(value) == url);
  }
}

TEST_CASE("the caller's URL wins over the environment, that over the provider's own", "[provider]")
{
  CHECK(resolve({"ollama", "", ""}).base_url == "http://127.0.0.1:11434");
  CHECK(resolve({"ollama", "", ""}, {{"OLLAMA_HOST", "h:1"}}).base_url == "http://h:1");
  CHECK(resolve({"ollama", "http://mine", ""}, {{"OLLAMA_HOST", "h:1"}}).base_url == "http://mine");
  CHECK(resolve({"openai", "", "k"}).base_url == "https://api.openai.com/v1");
  CHECK(
      resolve({"openai", "", "k"}, {{"OPENAI_BASE_URL", "http://h/v1"}}).base_url == "http://h/v1");
}

TEST_CASE(
    "the environment's key goes only where the environment or the provider says", "[provider]")
{
  const std::map<std::string, std::string> key{{"OPENAI_API_KEY", " from-env \n"}};
  auto both = key;
  both["OPENAI_BASE_URL"] = "http://h/v1";
  CHECK(resolve({"openai", "", ""}, key).api_key == "from-env");
  CHECK(resolve({"openai", "https://API.openai.com/v1/", ""}, key).api_key == "from-env");
  CHECK(resolve({"openai", "", ""}, both).api_key == "from-env");
  CHECK(resolve({"openai", "http://other/v1", ""}, both).api_key.empty());
  CHECK(resolve({"openai", "http://other/v1", "mine"}, both).api_key == "mine");
  CHECK(resolve({"openai", "", "mine"}, key).api_key == "mine");
}

TEST_CASE("another server than OpenAI's own gets the compatible names", "[provider]")
{
  CHECK(resolve({"openai", "", "k"}).preset->max_tokens_name == "max_completion_tokens");
  CHECK(resolve({"openai", "http://h/v1", ""}).preset->max_tokens_name == "max_tokens");
  CHECK(
      resolve({"openai", "", "k"}, {{"OPENAI_BASE_URL", "http://h/v1"}}).preset->max_tokens_name ==
      "max_tokens");
}

TEST_CASE("the error for a missing key, URL or provider says what to do", "[provider]")
{
  CHECK(fails_with(ErrorKind::invalid_argument, "set OPENAI_API_KEY, or call with_api_key", [] {
    resolve({"openai", "", ""});
  }));
  CHECK(fails_with(ErrorKind::invalid_argument, "call with_base_url", [] {
    resolve({"openai-compatible", "", ""});
  }));
  CHECK(fails_with(
      ErrorKind::invalid_argument, "did you mean \"ollama\"?", [] { resolve({"olama", "", ""}); }));
  CHECK(fails_with(ErrorKind::invalid_argument, "did you mean \"openai\"?", [] {
    resolve({"opanai", "", ""});
  }));
  const auto error = support::error_of([] { resolve({"something", "", ""}); });
  REQUIRE(error);
  CHECK(std::string(error->what()).find("did you mean") == std::string::npos);
  CHECK(std::string(error->what()).find("nown are ollama, openai") != std::string::npos);
}

TEST_CASE("hosts of OpenAI's wire are known with their URLs, keys and names", "[provider]")
{
  const struct {
    const char *name, *key_variable, *url, *max_tokens;
  } hosts[] = {
      {"openrouter", "OPENROUTER_API_KEY", "https://openrouter.ai/api/v1", "max_tokens"},
      {"groq", "GROQ_API_KEY", "https://api.groq.com/openai/v1", "max_completion_tokens"},
      {"mistral", "MISTRAL_API_KEY", "https://api.mistral.ai/v1", "max_tokens"},
      {"deepseek", "DEEPSEEK_API_KEY", "https://api.deepseek.com", "max_tokens"},
      {"together", "TOGETHER_API_KEY", "https://api.together.xyz/v1", "max_tokens"},
      {"gemini",
       "GEMINI_API_KEY",
       "https://generativelanguage.googleapis.com/v1beta/openai",
       "max_tokens"},
  };
  for (const auto& host : hosts) {
    INFO(host.name);
    const auto endpoint = resolve({host.name, "", ""}, {{host.key_variable, "k"}});
    CHECK(endpoint.base_url == host.url);
    CHECK(endpoint.api_key == "k");
    CHECK(endpoint.preset->wire == WireKind::openai);
    CHECK(endpoint.preset->max_tokens_name == host.max_tokens);
    CHECK(fails_with(
        ErrorKind::invalid_argument, host.key_variable, [&] { resolve({host.name, "", ""}); }));
    // A server of one's own that behaves like it needs no key, and gets none by itself.
    const auto own = resolve({host.name, "http://127.0.0.1:1/v1", ""}, {{host.key_variable, "k"}});
    CHECK(own.api_key.empty());
    CHECK(own.preset->name == host.name);
  }
  CHECK(resolve({"vllm", "", ""}).base_url == "http://127.0.0.1:8000/v1");
  CHECK(resolve({"llamacpp", "", ""}).base_url == "http://127.0.0.1:8080/v1");
  CHECK(resolve({"lmstudio", "", ""}).base_url == "http://127.0.0.1:1234/v1");
  CHECK(resolve({"vllm", "", ""}, {{"VLLM_API_KEY", "k"}}).api_key == "k");
}

TEST_CASE("an Azure resource is completed to its base URL and has its own header", "[provider]")
{
  const std::map<std::string, std::string> environment{
      {"AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com/"}, {"AZURE_OPENAI_API_KEY", "k"}};
  const auto endpoint = resolve({"azure", "", ""}, environment);
  CHECK(endpoint.base_url == "https://r.openai.azure.com/openai/v1");
  CHECK(endpoint.api_key == "k");
  CHECK(endpoint.preset->key_header == "api-key");
  CHECK(endpoint.preset->key_prefix.empty());
  auto whole = environment;
  whole["AZURE_OPENAI_ENDPOINT"] = "https://r.openai.azure.com/openai/v1";
  CHECK(resolve({"azure", "", ""}, whole).base_url == "https://r.openai.azure.com/openai/v1");
  CHECK(fails_with(
      ErrorKind::invalid_argument, "AZURE_OPENAI_ENDPOINT", [] { resolve({"azure", "", "k"}); }));
}

TEST_CASE("Anthropic's URL may hold the version or not", "[provider]")
{
  const std::map<std::string, std::string> key{{"ANTHROPIC_API_KEY", "k"}};
  CHECK(resolve({"anthropic", "", ""}, key).base_url == "https://api.anthropic.com");
  CHECK(resolve({"anthropic", "", ""}, key).api_key == "k");
  CHECK(resolve({"anthropic", "https://api.anthropic.com/v1/", ""}, key).api_key == "k");
  CHECK(resolve({"anthropic", "http://h:1/v1", ""}).base_url == "http://h:1");
  CHECK(resolve({"anthropic", "", ""}, key).preset->key_header == "x-api-key");
}

TEST_CASE("Ollama's key goes to ollama.com alone", "[provider]")
{
  std::map<std::string, std::string> environment{{"OLLAMA_API_KEY", "k"}};
  CHECK(resolve({"ollama", "", ""}, environment).api_key.empty());
  CHECK(resolve({"ollama", "https://ollama.com:443", ""}, environment).api_key == "k");
  environment["OLLAMA_HOST"] = "192.168.1.2";
  CHECK(resolve({"ollama", "", ""}, environment).api_key.empty());
  environment["OLLAMA_HOST"] = "ollama.com";
  CHECK(resolve({"ollama", "", ""}, environment).api_key == "k");
}

TEST_CASE("OLLAMA_HOST is for Ollama's Responses too", "[provider]")
{
  const auto base_url = [](const std::string& host) {
    return resolve({"ollama-responses", "", ""}, {{"OLLAMA_HOST", host}}).base_url;
  };
  CHECK(base_url("192.168.1.2") == "http://192.168.1.2:11434/v1");
  CHECK(base_url("https://h/") == "https://h:443/v1");
  CHECK(resolve({"ollama-responses", "", ""}, {}).base_url == "http://127.0.0.1:11434/v1");
  const auto cloud = resolve(
      {"ollama-responses", "", ""}, {{"OLLAMA_HOST", "ollama.com"}, {"OLLAMA_API_KEY", "k"}});
  CHECK(cloud.base_url == "https://ollama.com:443/v1");
  CHECK(cloud.api_key == "k");
  CHECK(resolve({"ollama-responses", "", ""}, {{"OLLAMA_HOST", "other:1"}, {"OLLAMA_API_KEY", "k"}})
            .api_key.empty());
}

TEST_CASE("an Ollama base URL may lack its scheme and port, as OLLAMA_HOST", "[provider]")
{
  CHECK(resolve({"ollama", "localhost:11434", ""}).base_url == "http://localhost:11434");
  CHECK(resolve({"ollama", "10.0.0.7", ""}).base_url == "http://10.0.0.7:11434");
  CHECK(resolve({"ollama", "::1", ""}).base_url == "http://[::1]:11434");
  CHECK(resolve({"ollama", "http://h", ""}).base_url == "http://h");
}

TEST_CASE("quotes, line ends and a copied \"Bearer\" belong to no setting", "[provider]")
{
  CHECK(resolve({"openai", "http://h/v1\n", "sk-a\n"}).base_url == "http://h/v1");
  CHECK(resolve({"openai", "\"http://h/v1\"", ""}).base_url == "http://h/v1");
  CHECK(resolve({"openai", "http://h/v1", " sk-a\r\n"}).api_key == "sk-a");
  CHECK(resolve({"openai", "http://h/v1", "Bearer sk-a"}).api_key == "sk-a");
  CHECK(resolve({"openai", "http://h/v1", "bearer  sk-a"}).api_key == "sk-a");
  CHECK(resolve({"openai", "http://h/v1", "Bearers"}).api_key == "Bearers");
  const auto quoted = resolve(
      {"openai", "", ""}, {{"OPENAI_BASE_URL", "\"http://h/v1\""}, {"OPENAI_API_KEY", "'sk-a'\n"}});
  CHECK(quoted.base_url == "http://h/v1");
  CHECK(quoted.api_key == "sk-a");
  // Only quotes cannot be a URL, so the next source counts.
  CHECK(
      resolve({"openai", "", "k"}, {{"OPENAI_BASE_URL", "\"\""}}).base_url ==
      "https://api.openai.com/v1");
}

TEST_CASE("the URL of a call is cut to the base URL", "[provider]")
{
  CHECK(resolve({"openai", "http://h/v1/chat/completions", ""}).base_url == "http://h/v1");
  CHECK(resolve({"openai", "http://h/v1/chat/completions/", ""}).base_url == "http://h/v1");
  CHECK(resolve({"anthropic", "http://h/v1/messages", ""}).base_url == "http://h");
  CHECK(resolve({"ollama", "http://h:1/api/chat", ""}).base_url == "http://h:1");
}

TEST_CASE("any URL that Azure's portal shows leads to the v1 API", "[provider]")
{
  const std::string own = "https://r.openai.azure.com";
  for (const std::string& url :
       {own,
        own + "/",
        own + "/openai",
        own + "/openai/v1",
        own + "/openai/v1/chat/completions",
        own + "/?api-version=2024-10-21",
        own + "/openai/deployments/d/chat/completions?api-version=2024-10-21",
        own + "/openai/responses?api-version=2025-04-01-preview"}) {
    INFO(url);
    const std::map<std::string, std::string> environment{
        {"AZURE_OPENAI_ENDPOINT", url}, {"AZURE_OPENAI_API_KEY", "k"}};
    CHECK(resolve({"azure", "", ""}, environment).base_url == own + "/openai/v1");
    CHECK(resolve({"azure", url, "k"}).base_url == own + "/openai/v1");
  }
  // A version of the v1 API is kept, and so is a gateway's own path.
  const std::string preview = own + "/openai/v1?api-version=preview";
  CHECK(resolve({"azure", preview, "k"}).base_url == preview);
  CHECK(resolve({"azure", "http://gateway/v1", "k"}).base_url == "http://gateway/v1");
}
