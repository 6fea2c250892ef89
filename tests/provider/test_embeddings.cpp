#include <asyncllm/impl/provider/wires.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <string>

using namespace asyncllm;
using support::fails_with;
using Json = nlohmann::json;
using Vectors = std::vector<std::vector<float>>;

namespace {

Json body_of(const provider::Wire& wire, const EmbedRequest& request)
{
  std::string out;
  wire.encode(request, out);
  return Json::parse(out);
}

Embeddings decode(const provider::Wire& wire, std::string body)
{
  return wire.decode_embeddings(body);
}

}  // namespace

TEST_CASE("texts to embed are one array, on both wires", "[provider]")
{
  EmbedRequest request{"m", {"a", "ä"}, {}};
  request.parameters.extra = R"({"dimensions":2})";
  const auto body = Json::parse(R"({"model":"m","input":["a","ä"],"dimensions":2})");
  CHECK(body_of(provider::openai_wire(), request) == body);
  CHECK(body_of(provider::ollama_wire(), request) == body);
  request.parameters.truncate = false;
  CHECK(body_of(provider::ollama_wire(), request)["truncate"] == false);
  request.texts = {"\xff"};
  CHECK(fails_with(ErrorKind::invalid_argument, "a text to embed is not valid UTF-8", [&] {
    body_of(provider::openai_wire(), request);
  }));
}

TEST_CASE("vectors come by their index, as numbers or as base64", "[provider]")
{
  const auto got = decode(provider::openai_wire(), R"({"object":"list","model":"e","data":[
    {"object":"embedding","index":1,"embedding":"AACAPwAAAMA="},
    {"object":"embedding","index":0,"embedding":[0.5,-1,3]}],
    "usage":{"prompt_tokens":8,"total_tokens":8}})");
  CHECK(got.vectors == Vectors{{0.5F, -1, 3}, {1, -2}});
  CHECK(got.model == "e");
  CHECK(got.usage.input_tokens == 8);
  // The same without padding
  CHECK(
      decode(provider::openai_wire(), R"({"data":[{"embedding":"AACAPwAAAMA"}]})").vectors ==
      Vectors{{1, -2}});
}

TEST_CASE("Ollama's vectors come in their order", "[provider]")
{
  const auto got = decode(
      provider::ollama_wire(),
      R"({"model":"e","embeddings":[[1,2],[3,4.5]],"total_duration":1,"prompt_eval_count":5})");
  CHECK(got.vectors == Vectors{{1, 2}, {3, 4.5F}});
  CHECK(got.usage.input_tokens == 5);
  CHECK(decode(provider::ollama_wire(), R"({"embeddings":[]})").vectors.empty());
}

TEST_CASE("what holds no vectors is an error", "[provider]")
{
  const auto& openai = provider::openai_wire();
  for (const auto* const body :
       {"{}",
        R"({"data":null})",
        R"({"data":[{"index":0}]})",
        R"({"data":[{"embedding":null}]})",
        R"({"data":[{"embedding":["x"]}]})",
        R"({"data":[{"embedding":"!!!"}]})",
        R"({"data":[{"embedding":"AACAPw"},{"index":0,"embedding":[1]}]})",
        R"({"data":[{"embedding":"AAC"}]})"}) {
    INFO(body);
    CHECK(fails_with(ErrorKind::bad_response, "", [&] { decode(openai, body); }));
  }
  CHECK(fails_with(ErrorKind::rate_limited, "slow", [&] {
    decode(openai, R"({"error":{"message":"slow","code":429}})");
  }));
  CHECK(fails_with(
      ErrorKind::bad_response, "embeddings", [] { decode(provider::ollama_wire(), "{}"); }));
  CHECK(fails_with(ErrorKind::unsupported, "no embeddings", [] {
    body_of(provider::anthropic_wire(), {"m", {"a"}, {}});
  }));
}
