// Reports typical mistakes in the arguments of the helpers in one sentence at compile time.
#pragma once

#include <asyncllm/concurrency/awaitable_range.hpp>
#include <asyncllm/concurrency/detail/source.hpp>

#include <concepts>
#include <ranges>
#include <type_traits>

namespace asyncllm::inline v0_1::detail {

template <class>
inline constexpr bool never = false;

/// Whether a range of awaitables, deduced as `Range&&`, can be passed: containers by a move, views
/// by a copy.
template <class Range>
inline constexpr bool is_handed_over = std::ranges::view<std::remove_cvref_t<Range>> ||
                                       (!std::is_reference_v<Range> && !std::is_const_v<Range>);

// These return awaitables, so that the compiler reports nothing more.

template <class Range>
asio::awaitable<int> ask_for_move()
{
  static_assert(
      never<Range>,
      "asyncllm: awaitables cannot be copied; pass the container with std::move(tasks)");
  return {};
}

/// Whether `F` makes an awaitable of each item of `Range`.
template <class Range, class F>
inline constexpr bool makes_tasks = [] {
  if constexpr (std::invocable<F&, ItemOf<Range>>)
    return Awaitable<std::remove_cvref_t<std::invoke_result_t<F&, ItemOf<Range>>>>;
  else
    return false;
}();

template <class Range, class F>
asio::awaitable<int> explain_function()
{
  if constexpr (!std::invocable<F&, ItemOf<Range>>)
    static_assert(never<F>, "asyncllm: the function cannot be called with an item of this range");
  else
    static_assert(
        never<F>,
        "asyncllm: the function returns no awaitable (send_message blocks, send_message_async "
        "gives one)");
  return {};
}

}  // namespace asyncllm::detail
