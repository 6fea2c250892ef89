// Merges two JSON objects as text: numbers keep their digits and members their order.
#pragma once

#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::json {

/// The object `base` with the members of the object `other`. If both have an object, they are
/// merged by member; anything else is replaced in its position; new members follow. Of a member
/// that `other` has twice, the last one counts. Both must be JSON objects.
std::string merged(std::string_view base, std::string_view other);

}  // namespace asyncllm::json
