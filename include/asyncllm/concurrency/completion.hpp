// One finished task: which one it was, and how it ended.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/core/outcome.hpp>

#include <cstddef>

namespace asyncllm::inline v0_1 {

/// `index` is the position in the input.
template <class T>
struct Completion {
  std::size_t index;
  Outcome<T> result;
};

}  // namespace asyncllm
