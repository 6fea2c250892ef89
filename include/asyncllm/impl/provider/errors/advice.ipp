#include <asyncllm/impl/provider/errors/error_words.hpp>

#include <algorithm>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

std::string_view advice_in(std::string_view words)
{
  constexpr std::string_view refusals[] = {
      "does not support", "not supported", "unsupported", "is deprecated", "not compatible"};
  const auto names = [&](std::string_view name) { return words.find(name) != words.npos; };
  if (std::ranges::none_of(refusals, names))
    return {};
  if (names("reasoning_effort") && names("tool"))
    return "set effort(\"none\"): with tools this model takes no other here";
  if (names("temperature"))
    return "leave out temperature: this model does not take it";
  if (names("top_p") || names("top_k"))
    return "leave out top_p and top_k: this model does not take them";
  return {};
}

}  // namespace asyncllm::provider
