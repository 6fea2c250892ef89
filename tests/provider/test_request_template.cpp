#include <asyncllm/impl/provider/request/request_template.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <string>

using namespace asyncllm;
using namespace asyncllm::provider;

namespace {

ChatRequest request_with(Messages messages)
{
  ChatRequest request{"m", std::move(messages), {}};
  request.parameters.temperature = 0.7;
  request.parameters.stop = {"END"};
  request.parameters.extra = R"({"zeta":1,"options":{"num_gpu":1}})";
  return request;
}

}  // namespace

TEST_CASE("a template writes the same body as writing all of it", "[provider]")
{
  for (const auto* const name : {"ollama", "openai", "anthropic", "mistral"})
    for (const auto delivery : {Delivery::whole, Delivery::streamed})
      for (const std::string question : {"Hi", "\"q\"\n\\ ä😀 \x01", ""}) {
        INFO(name << ' ' << question);
        const auto& preset = *find_preset(name);
        const auto& wire = wire_of(preset);
        const auto before = Messages().system("Be \"brief\".").user("A").assistant("B");
        const auto made = RequestTemplate::make(wire, request_with(before), preset, delivery);
        REQUIRE(made);
        std::string quick = "head", slow = "head";
        made->write(question, false, quick);
        auto all = before;
        wire.encode(request_with(all.user(question)), preset, delivery, slow);
        CHECK(quick == slow);
      }
}

TEST_CASE("a template refuses invalid UTF-8, or replaces it", "[provider]")
{
  const auto& preset = *find_preset("openai");
  const auto made = RequestTemplate::make(openai_wire(), request_with({}), preset, Delivery::whole);
  REQUIRE(made);
  std::string out;
  CHECK(support::fails_with(
      ErrorKind::invalid_argument, "not valid UTF-8", [&] { made->write("\xff", false, out); }));
  out.clear();
  made->write("\xff", true, out);
  CHECK(out.find("\"\xEF\xBF\xBD\"") != std::string::npos);
}

TEST_CASE("a conversation that holds the question's mark has no template", "[provider]")
{
  const auto& preset = *find_preset("openai");
  const auto made = RequestTemplate::make(
      openai_wire(),
      request_with(Messages().system("<the place of asyncllm's question>")),
      preset,
      Delivery::whole);
  CHECK_FALSE(made);
}
