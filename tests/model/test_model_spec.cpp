#include <asyncllm/model/model_spec.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <string>

using asyncllm::ErrorKind;
using asyncllm::ModelSpec;
using support::fails_with;

TEST_CASE("a spec is split at the first ::", "[model]")
{
  const auto plain = ModelSpec::parse("ollama::gemma3:latest");
  CHECK(plain.provider == "ollama");
  CHECK(plain.base_url.empty());
  CHECK(plain.model == "gemma3:latest");

  CHECK(ModelSpec::parse("ollama::hf.co/x/y:Q4").model == "hf.co/x/y:Q4");
  CHECK(ModelSpec::parse("openrouter::a/b::free").model == "a/b::free");
  CHECK(ModelSpec::parse("OpenAI::gpt-4o").provider == "openai");
}

TEST_CASE("after provider@ comes a URL, up to the first :: outside brackets", "[model]")
{
  const auto local = ModelSpec::parse("openai@http://127.0.0.1:8080/v1::name");
  CHECK(local.provider == "openai");
  CHECK(local.base_url == "http://127.0.0.1:8080/v1");
  CHECK(local.model == "name");

  const auto v6 = ModelSpec::parse("openai@http://[fe80::1]:8080/v1::a::b");
  CHECK(v6.base_url == "http://[fe80::1]:8080/v1");
  CHECK(v6.model == "a::b");
}

TEST_CASE("an @ in the model's name begins no URL", "[model]")
{
  const auto spec = ModelSpec::parse("ollama::name@sha256:12");
  CHECK(spec.base_url.empty());
  CHECK(spec.model == "name@sha256:12");
}

TEST_CASE("a spec that lacks a part is refused with an example of a right one", "[model]")
{
  for (const auto* text :
       {"",
        "gemma3",
        "ollama:gemma3",
        "::gemma3",
        "ollama::",
        "openai@::m",
        "openai@http://h/v1",
        "@http://h/v1::m",
        "openai@http://h/v1::"}) {
    INFO(text);
    CHECK(fails_with(ErrorKind::invalid_argument, "for example \"ollama::gemma3:latest\"", [&] {
      ModelSpec::parse(text);
    }));
  }
  CHECK(fails_with(ErrorKind::invalid_argument, "\"::gemma3\" names no provider", [] {
    ModelSpec::parse("::gemma3");
  }));
}

TEST_CASE("a refused spec with a URL does not quote the URL, which may hold a password", "[model]")
{
  const auto error = support::error_of([] { ModelSpec::parse("openai@http://me:secret@host/v1"); });
  REQUIRE(error);
  CHECK(std::string(error->what()).find("secret") == std::string::npos);
}
