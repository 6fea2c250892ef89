// Finds the JSON in what a model wrote around it.
#pragma once

#include <string_view>

namespace asyncllm::inline v0_1::detail {

/// The one JSON object in `text`, which may be in a fence or between words; `text` itself, without
/// white space at its ends, if all of it is JSON. Throws
/// `Error{invalid_output}` if it holds no object or several.
std::string_view json_object_in(std::string_view text);

}  // namespace asyncllm::detail
