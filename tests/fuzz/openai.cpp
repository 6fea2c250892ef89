// Bodies in OpenAI's wire.
#include <asyncllm/impl/provider/wires.hpp>

#include "wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  fuzz::wire(
      asyncllm::provider::openai_wire(),
      fuzz::text_of(data, size),
      [](const nlohmann::json& json) -> std::optional<std::string> {
        const auto& choices = json.at("choices");
        if (choices.size() != 1 || choices[0].contains("text"))
          return std::nullopt;
        const auto& content = choices[0].at("message").at("content");
        return content.is_string() ? std::optional(content.get<std::string>()) : std::nullopt;
      });
  return 0;
}
