// Types that Boost.Describe describes. Include it by itself: it brings in <boost/describe.hpp>, of
// Boost 1.77 or newer.
#pragma once

#include <asyncllm/schema/describe.hpp>

#include <array>
#include <boost/describe.hpp>
#include <tuple>

namespace asyncllm::inline v0_1::schema {
namespace detail {

template <class T, class Base, class Type>
constexpr Member<T, Type> member_of(const char* name, Type Base::* pointer)
{
  return {name, pointer, {}};
}

}  // namespace detail

/// Public members, those of base classes first. Boost has no words about them for the model.
template <class T>
  requires boost::describe::has_describe_members<T>::value
struct Describe<T> {
  static constexpr auto members()
  {
    using namespace boost::describe;
    using All = describe_members<T, mod_public | mod_inherited>;
    return []<template <class...> class List, class... Ds>(List<Ds...>*) {
      return std::tuple(detail::member_of<T>(Ds::name, Ds::pointer)...);
    }(static_cast<All*>(nullptr));
  }
};

template <class T>
  requires boost::describe::has_describe_enumerators<T>::value
struct Describe<T> {
  static constexpr auto values()
  {
    using All = boost::describe::describe_enumerators<T>;
    return []<template <class...> class List, class... Ds>(List<Ds...>*) {
      return std::array{EnumValue<T>{Ds::name, Ds::value}...};
    }(static_cast<All*>(nullptr));
  }
};

}  // namespace asyncllm::schema
