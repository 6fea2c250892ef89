// Describes a type once: its members or values, with what a model should know about them.
#pragma once

#include <asyncllm/schema/detail/describe_macros.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace asyncllm::inline v0_1::schema {

/// A member of a class: its name in JSON, and what it means.
template <class Class, class Type>
struct Member {
  std::string_view name;
  Type Class::* pointer;
  std::string_view description;
};

template <class Class, class Type>
constexpr Member<Class, Type> member(
    std::string_view name, Type Class::* pointer, std::string_view description = {})
{
  return {name, pointer, description};
}

/// A value of an enumeration, and its name in JSON.
template <class Enum>
struct EnumValue {
  std::string_view name;
  Enum value;
};

/// Specialise it for a class that is not yours:
///
///     template <>
///     struct asyncllm::schema::Describe<other::Point> {
///       static constexpr auto members()
///       {
///         return std::tuple(member("x", &other::Point::x, "To the right"),
///                           member("y", &other::Point::y));
///       }
///     };
template <class T>
struct Describe {
  static constexpr auto members()
    requires requires { T::asyncllm_members(); }
  {
    return T::asyncllm_members();
  }
  static constexpr auto members()
    requires requires(const T* type) { asyncllm_members_of(type); }
  {
    return asyncllm_members_of(static_cast<const T*>(nullptr));
  }
  static constexpr auto values()
    requires requires(const T* type) { asyncllm_values_of(type); }
  {
    return asyncllm_values_of(static_cast<const T*>(nullptr));
  }
};

/// A class with described members.
template <class T>
concept Described = std::is_class_v<T> && requires { Describe<T>::members(); };

/// An enumeration with described values.
template <class T>
concept DescribedEnum = std::is_enum_v<T> && requires { Describe<T>::values(); };

}  // namespace asyncllm::schema

/// Describes a class, in its own namespace. Each member is its name, or its name and what it means:
///
///     struct Weather { std::string city; std::optional<Unit> unit; int days = 1; };
///     ASYNCLLM_DESCRIBE(Weather, (city, "City and country"), unit, days)
#define ASYNCLLM_DESCRIBE(Type, ...)                                 \
  [[maybe_unused]] constexpr auto asyncllm_members_of(const Type*)   \
  {                                                                  \
    return ::std::tuple(ASYNCLLM_DETAIL_MEMBERS(Type, __VA_ARGS__)); \
  }

/// The same inside the class, in its public part: for private members, and for local classes.
#define ASYNCLLM_DESCRIBE_INSIDE(Type, ...)                          \
  static constexpr auto asyncllm_members()                           \
  {                                                                  \
    return ::std::tuple(ASYNCLLM_DETAIL_MEMBERS(Type, __VA_ARGS__)); \
  }

/// Describes an enumeration, in its own namespace:
///
///     enum class Unit { celsius, fahrenheit };
///     ASYNCLLM_DESCRIBE_ENUM(Unit, celsius, fahrenheit)
#define ASYNCLLM_DESCRIBE_ENUM(Type, ...)                           \
  [[maybe_unused]] constexpr auto asyncllm_values_of(const Type*)   \
  {                                                                 \
    return ::std::array{ASYNCLLM_DETAIL_VALUES(Type, __VA_ARGS__)}; \
  }
