// One finished piece of work: which one it was, and how it ended.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/core/outcome.hpp>

#include <cstddef>

namespace asyncllm::inline v0_1 {

/// `index` is the place in the input, by which a program finds what belongs to the result.
template <class T>
struct Completion {
  std::size_t index;
  Outcome<T> result;
};

}  // namespace asyncllm
