#include <asyncllm/impl/provider/errors/error_words.hpp>

#include <algorithm>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

std::string_view advice_in(std::string_view words)
{
  constexpr std::string_view refusals[] = {
      "does not support", "not supported", "unsupported", "is deprecated", "not compatible"};
  const auto names = [&](std::string_view name) { return words.find(name) != words.npos; };
  if (names("invalid_encrypted_content"))
    return "the reasoning of an earlier turn cannot be used again: send that turn as text, "
           "Message::assistant(text)";
  const bool has_other_api = names("v1/responses");
  if (std::ranges::none_of(refusals, names) && !(has_other_api && names("only supported")))
    return {};
  if (names("reasoning_effort") && names("tool"))
    return has_other_api ? "use openai-responses::MODEL, or set effort(\"none\")"
                         : "set effort(\"none\"): with tools this model takes no other here";
  if (has_other_api)
    return "use openai-responses::MODEL: this model is not served by chat completions";
  if (names("temperature"))
    return "leave out temperature: this model does not take it";
  if (names("top_p") || names("top_k"))
    return "leave out top_p and top_k: this model does not take them";
  return {};
}

}  // namespace asyncllm::provider
