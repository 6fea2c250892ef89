// Bodies in Anthropic's wire.
#include <asyncllm/impl/provider/wires.hpp>

#include "wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  fuzz::wire(
      asyncllm::provider::anthropic_wire(),
      fuzz::text_of(data, size),
      [](const nlohmann::json& json) -> std::optional<std::string> {
        std::string text;
        for (const auto& block : json.at("content"))
          if (block.at("type") == "text")
            text += block.at("text").get<std::string>();
        return text;
      });
  return 0;
}
