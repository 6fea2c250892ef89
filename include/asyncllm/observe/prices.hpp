// What calls cost.
#pragma once

#include <asyncllm/core/export.hpp>
#include <asyncllm/model/reply.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1 {

/// Your prices, in any currency: the library has no table of its own.
///
///     Prices prices;
///     prices.set("gpt-5", 1.25, 10, 0.125);
///     const auto cost = prices.cost("gpt-5", reply.usage);
class ASYNCLLM_EXPORT Prices {
 public:
  /// For a million tokens of input, of output, and of input from the server's cache (negative: as
  /// other input). A name that ends with `*` holds for all models that begin so; the longest one
  /// that fits counts.
  Prices& set(
      std::string model,
      double input_per_million,
      double output_per_million,
      double cached_per_million = -1);
  /// Nothing for a model without a price, and for a usage that the server did not report.
  std::optional<double> cost(std::string_view model, const Usage& usage) const;

 private:
  struct Price {
    double input, output, cached;
  };
  std::map<std::string, Price, std::less<>> prices_;
};

}  // namespace asyncllm
