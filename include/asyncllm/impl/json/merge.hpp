// Two JSON objects made one, as text: numbers keep their digits and members their order.
#pragma once

#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::json {

/// The object `base` with the members of the object `other`: where both have an object, member by
/// member; anything else is replaced in its place; what is new follows behind. Of a member that
/// `other` has twice the last one counts. Both must be JSON objects.
std::string merged(std::string_view base, std::string_view other);

}  // namespace asyncllm::json
