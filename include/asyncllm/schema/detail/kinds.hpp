// Which C++ types JSON can hold, and as what.
#pragma once

#include <asyncllm/schema/codec.hpp>
#include <asyncllm/schema/describe.hpp>

#include <array>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace asyncllm::inline v0_1::schema::detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_unique_ptr = false;
template <class T>
inline constexpr bool is_unique_ptr<std::unique_ptr<T>> = true;

template <class T>
inline constexpr bool is_variant = false;
template <class... Ts>
inline constexpr bool is_variant<std::variant<Ts...>> = true;

template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t size>
inline constexpr bool is_array<std::array<T, size>> = true;

/// May be null, or missing.
template <class T>
concept Nullable = is_optional<T> || is_unique_ptr<T>;

template <class T>
concept Text = std::same_as<T, std::string>;

template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;

/// std::map<std::string, V> and its like.
template <class T>
concept TextMap = !Described<T> && std::same_as<typename T::key_type, std::string> &&
                  requires { typename T::mapped_type; };

/// std::vector, std::list, std::set and the like.
template <class T>
concept Sequence = !Described<T> && !Text<T> && !TextMap<T> && !is_array<T> &&
                   requires(T container, typename T::value_type element) {
                     container.insert(container.end(), std::move(element));
                   };

template <class T>
inline constexpr bool is_known =
    Coded<T> || Described<T> || DescribedEnum<T> || Nullable<T> || is_variant<T> || is_array<T> ||
    TextMap<T> || Sequence<T> || Text<T> || std::same_as<T, bool> || Integer<T> ||
    std::floating_point<T>;

/// Calls `visit` with each `Member` of `T`, in their order. (std::apply would make the errors of
/// the compiler twice as long.)
template <class T, class Visit>
constexpr void for_each_member(const Visit& visit)
{
  constexpr auto members = Describe<T>::members();
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    (visit(std::get<i>(members)), ...);
  }(std::make_index_sequence<std::tuple_size_v<decltype(members)>>());
}

}  // namespace asyncllm::schema::detail

/// For the types that are none of these.
#define ASYNCLLM_DETAIL_CHECK_KNOWN(T)                                                       \
  static_assert(                                                                             \
      ::asyncllm::schema::detail::is_known<T>,                                               \
      "asyncllm: this type is not described; use ASYNCLLM_DESCRIBE, ASYNCLLM_DESCRIBE_ENUM " \
      "or a specialisation of schema::Describe or schema::Codec")
