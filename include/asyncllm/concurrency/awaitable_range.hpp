// The arguments of the helpers: ranges of awaitables.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asio/awaitable.hpp>

#include <cstddef>
#include <limits>
#include <ranges>
#include <type_traits>
#include <variant>

namespace asyncllm::inline v0_1 {

namespace detail {

template <class T>
struct IsAwaitable : std::false_type {};
template <class T, class Executor>
struct IsAwaitable<asio::awaitable<T, Executor>> : std::true_type {};

}  // namespace detail

/// An `asio::awaitable<T, Executor>` of any T and Executor.
template <class T>
concept Awaitable = detail::IsAwaitable<T>::value;

/// A range of awaitables: a `std::vector<asio::awaitable<T>>`, or a lazy one as
/// `questions | std::views::transform(ask)`, which makes each awaitable when it is started.
/// Awaitables cannot be copied: pass containers with `std::move`.
template <class Range>
concept AwaitableRange =
    std::ranges::input_range<Range> && Awaitable<std::ranges::range_value_t<Range>>;

/// The result type of the awaitables of a range, and their executor.
template <class Range>
using ResultOf = typename std::ranges::range_value_t<Range>::value_type;
template <class Range>
using ExecutorOf = typename std::ranges::range_value_t<Range>::executor_type;

/// Stands for a `void` result in a tuple.
template <class T>
using OrMonostate = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// No limit.
inline constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

}  // namespace asyncllm
