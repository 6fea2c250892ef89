// Bodies in OpenAI's Responses wire.
#include <asyncllm/impl/provider/wires.hpp>

#include "wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  fuzz::wire(
      asyncllm::provider::responses_wire(),
      fuzz::text_of(data, size),
      [](const nlohmann::json& json) -> std::optional<std::string> {
        std::string text;
        for (const auto& item : json.at("output"))
          if (item.at("type") == "message")
            for (const auto& part : item.at("content"))
              if (part.at("type") == "output_text")
                text += part.at("text").get<std::string>();
        return json.at("output").empty() ? std::nullopt : std::optional(text);
      });
  return 0;
}
