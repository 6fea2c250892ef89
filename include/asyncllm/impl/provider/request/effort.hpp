// How much a model reasons.
#pragma once

#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

/// The one of `levels`, which are separated by spaces, that is nearest to `effort` on the scale
/// none, minimal, low, medium, high, xhigh, max, ultra; of two the lower. "none" stands for itself
/// alone, as far as there is another. An effort beyond the scale stays as it is.
std::string nearest_effort(const std::string& effort, std::string_view levels);

}  // namespace asyncllm::provider
