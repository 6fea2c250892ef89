#include <asyncllm/observe/prices.hpp>

#include <utility>

namespace asyncllm::inline v0_1 {

Prices& Prices::set(
    std::string model,
    double input_per_million,
    double output_per_million,
    double cached_per_million)
{
  const auto cached = cached_per_million < 0 ? input_per_million : cached_per_million;
  prices_.insert_or_assign(std::move(model), Price{input_per_million, output_per_million, cached});
  return *this;
}

std::optional<double> Prices::cost(std::string_view model, const Usage& usage) const
{
  if (!usage.reported)
    return std::nullopt;
  auto found = prices_.find(model);
  for (auto length = model.size() + 1; found == prices_.end() && length-- > 0;)
    found = prices_.find(std::string(model.substr(0, length)) + '*');
  if (found == prices_.end())
    return std::nullopt;
  const auto& price = found->second;
  const auto cached = static_cast<double>(usage.cached_input_tokens);
  const auto input = static_cast<double>(usage.input_tokens) - cached;
  const auto output = static_cast<double>(usage.output_tokens);
  return (input * price.input + cached * price.cached + output * price.output) / 1e6;
}

}  // namespace asyncllm
