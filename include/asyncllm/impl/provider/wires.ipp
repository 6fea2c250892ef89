#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
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

HeaderList Wire::fields(const Preset& preset, std::string_view api_key) const
{
  HeaderList fields;
  if (!api_key.empty())
    fields.emplace_back(preset.key_header, std::string(preset.key_prefix).append(api_key));
  if (!preset.version_header.empty())
    fields.emplace_back(preset.version_header, preset.version);
  return fields;
}

Error Wire::decode_error(const ResponseHead& head, std::string_view body) const
{
  return error_from_answer(head, body);
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
    case WireKind::responses: return responses_wire();
  }
  return openai_wire();
}

}  // namespace asyncllm::provider
