#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/provider/wires.hpp>

namespace asyncllm::inline v0_1::provider {
namespace {

[[noreturn]] void refuse(std::string_view what)
{
  throw Error(ErrorKind::unsupported, "this provider has no " + std::string(what));
}

}  // namespace

void Wire::encode(const GenerateRequest&, const Preset&, Delivery, std::string&) const
{
  refuse("bare prompts: send a message instead");
}

void Wire::encode(const EmbedRequest&, std::string&) const
{
  refuse("embeddings");
}

Reply Wire::decode(std::string& body) const
{
  json::Reader reader;
  return decode(body, reader);
}

Embeddings Wire::decode_embeddings(std::string&) const
{
  refuse("embeddings");
}

const Wire& wire_of(const Preset& preset) noexcept
{
  switch (preset.wire) {
    case WireKind::ollama: return ollama_wire();
    case WireKind::openai: return openai_wire();
    case WireKind::anthropic: return anthropic_wire();
  }
  return openai_wire();
}

}  // namespace asyncllm::provider
