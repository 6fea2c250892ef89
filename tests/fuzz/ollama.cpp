// Bodies in Ollama's wire.
#include <asyncllm/impl/provider/wires.hpp>

#include "wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  fuzz::wire(
      asyncllm::provider::ollama_wire(),
      fuzz::text_of(data, size),
      [](const nlohmann::json& json) -> std::optional<std::string> {
        if (json.contains("response"))
          return std::nullopt;
        const auto& content = json.at("message").at("content");
        return content.is_string() ? std::optional(content.get<std::string>()) : std::nullopt;
      });
  return 0;
}
