// Described types from JSON.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/schema/detail/kinds.hpp>
#include <asyncllm/schema/detail/node.hpp>

#include <exception>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

namespace asyncllm::inline v0_1::schema {
namespace detail {

template <class T>
T read(const Node& node);

template <class Class, class Type>
void read_member(const Node& node, Class& object, const Member<Class, Type>& member)
{
  if (const auto value = node.find(member.name))
    object.*member.pointer = read<Type>(*value);
  else if constexpr (Nullable<Type>)
    object.*member.pointer = Type();
  else
    node.fail_missing(member.name);
}

template <class T>
T read_class(const Node& node)
{
  static_assert(
      std::is_default_constructible_v<T>,
      "asyncllm: a described class needs a default constructor");
  if (node.kind() != Kind::object)
    node.fail("an object");
  T object{};
  for_each_member<T>([&](const auto& member) { read_member(node, object, member); });
  return object;
}

template <class T>
T read_enum(const Node& node)
{
  std::string names;
  for (const auto& value : Describe<T>::values()) {
    if (node.kind() == Kind::text && node.text() == value.name)
      return value.value;
    names += (names.empty() ? "" : ", ") + std::string(value.name);
  }
  node.fail("one of " + names);
}

template <class T>
T read_integer(const Node& node)
{
  using Limits = std::numeric_limits<T>;
  if (node.kind() != Kind::integer && node.kind() != Kind::number)
    node.fail("an integer");
  if constexpr (std::is_unsigned_v<T>) {
    if (const auto value = node.unsigned_integer(); value && *value <= Limits::max())
      return static_cast<T>(*value);
  } else {
    if (const auto value = node.integer();
        value && *value >= Limits::min() && *value <= Limits::max())
      return static_cast<T>(*value);
  }
  node.fail(
      "an integer from " + std::to_string(Limits::min()) + " to " + std::to_string(Limits::max()));
}

template <class T>
T read_coded(const Node& node)
{
  try {
    return Codec<T>::from_json(node.json());
  } catch (const std::exception& error) {
    node.fail_with(error.what());
  }
}

// The first alternative that fits.
template <class T, std::size_t index = 0>
T read_alternative(const Node& node)
{
  if constexpr (index == std::variant_size_v<T>) {
    node.fail("one of " + std::to_string(index) + " alternatives");
  } else {
    try {
      return T(std::in_place_index<index>, read<std::variant_alternative_t<index, T>>(node));
    } catch (const Error&) {
    }
    return read_alternative<T, index + 1>(node);
  }
}

template <class T>
T read(const Node& node)
{
  ASYNCLLM_DETAIL_CHECK_KNOWN(T);
  if constexpr (Coded<T>) {
    return read_coded<T>(node);
  } else if constexpr (Described<T>) {
    return read_class<T>(node);
  } else if constexpr (DescribedEnum<T>) {
    return read_enum<T>(node);
  } else if constexpr (is_optional<T>) {
    return node.kind() == Kind::null ? T() : T(read<typename T::value_type>(node));
  } else if constexpr (is_unique_ptr<T>) {
    using Value = typename T::element_type;
    return node.kind() == Kind::null ? T() : std::make_unique<Value>(read<Value>(node));
  } else if constexpr (is_variant<T>) {
    return read_alternative<T>(node);
  } else if constexpr (TextMap<T>) {
    if (node.kind() != Kind::object)
      node.fail("an object");
    T map;
    for (const auto name : node.names())
      map.insert_or_assign(std::string(name), read<typename T::mapped_type>(*node.find(name)));
    return map;
  } else if constexpr (is_array<T>) {
    if (node.kind() != Kind::array || node.size() != std::tuple_size_v<T>)
      node.fail("an array of " + std::to_string(std::tuple_size_v<T>));
    T array{};
    for (std::size_t i = 0; i < array.size(); ++i)
      array[i] = read<typename T::value_type>(node.element(i));
    return array;
  } else if constexpr (Sequence<T>) {
    if (node.kind() != Kind::array)
      node.fail("an array");
    T container;
    for (std::size_t i = 0; i < node.size(); ++i)
      container.insert(container.end(), read<typename T::value_type>(node.element(i)));
    return container;
  } else if constexpr (Text<T>) {
    if (node.kind() != Kind::text)
      node.fail("a string");
    return node.text();
  } else if constexpr (std::same_as<T, bool>) {
    if (node.kind() != Kind::boolean)
      node.fail("true or false");
    return node.boolean();
  } else if constexpr (Integer<T>) {
    return read_integer<T>(node);
  } else {
    if (node.kind() != Kind::integer && node.kind() != Kind::number)
      node.fail("a number");
    return static_cast<T>(node.number());
  }
}

}  // namespace detail

/// The value that `text` is in JSON. Members that are not described are ignored; optional ones may
/// be missing; of a member that comes twice the last one counts; 1.0 is an integer; of a variant
/// the first alternative that fits is taken.
///
/// Throws: `Error{invalid_output}` that says where and what: `$.days[2]: expected an integer, got
/// "two"`, `$.city is missing`, `the text is not JSON`.
///
///     const auto weather = asyncllm::schema::from_json<Weather>(reply.text);
template <class T>
T from_json(std::string_view text)
{
  const detail::Document document(text);
  return detail::read<T>(document.root());
}

}  // namespace asyncllm::schema
