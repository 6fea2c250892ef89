// Finds the JSON in what a model wrote around it.
#pragma once

#include <string_view>

namespace asyncllm::inline v0_1::detail {

/// The one JSON object in `text`, which may stand in a fence or between words. Throws
/// `Error{invalid_output}` when there is none, or more than one.
std::string_view json_object_in(std::string_view text);

}  // namespace asyncllm::detail
