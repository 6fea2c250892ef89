// Checks of arguments that several helpers share.
#pragma once

#include <asyncllm/core/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::detail {

inline void require_positive(std::size_t value, std::string_view function, std::string_view name)
{
  if (value == 0)
    throw Error(
        ErrorKind::invalid_argument,
        std::string(function).append(": ").append(name).append(" must be at least 1"));
}

}  // namespace asyncllm::detail
