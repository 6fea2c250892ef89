// Described types to JSON.
#pragma once

#include <asyncllm/schema/detail/kinds.hpp>
#include <asyncllm/schema/detail/node.hpp>

#include <string>
#include <tuple>
#include <variant>

namespace asyncllm::inline v0_1::schema {
namespace detail {

template <class T>
void write(std::string& out, const T& value)
{
  ASYNCLLM_DETAIL_CHECK_KNOWN(T);
  [[maybe_unused]] const auto separate = [&](bool& is_first) {
    if (!is_first)
      out += ',';
    is_first = false;
  };
  if constexpr (Coded<T>) {
    out += Codec<T>::to_json(value);
  } else if constexpr (Described<T>) {
    out += '{';
    bool is_first = true;
    for_each_member<T>([&](const auto& member) {
      separate(is_first);
      append_text(out, member.name);
      out += ':';
      write(out, value.*member.pointer);
    });
    out += '}';
  } else if constexpr (DescribedEnum<T>) {
    for (const auto& known : Describe<T>::values())
      if (known.value == value)
        return append_text(out, known.name);
    out += "null";
  } else if constexpr (Nullable<T>) {
    if (value)
      write(out, *value);
    else
      out += "null";
  } else if constexpr (is_variant<T>) {
    std::visit([&](const auto& alternative) { write(out, alternative); }, value);
  } else if constexpr (TextMap<T>) {
    out += '{';
    bool is_first = true;
    for (const auto& [name, mapped] : value) {
      separate(is_first);
      append_text(out, name);
      out += ':';
      write(out, mapped);
    }
    out += '}';
  } else if constexpr (is_array<T> || Sequence<T>) {
    out += '[';
    bool is_first = true;
    for (const auto& element : value) {
      separate(is_first);
      write<typename T::value_type>(out, element);
    }
    out += ']';
  } else if constexpr (Text<T>) {
    append_text(out, value);
  } else if constexpr (std::same_as<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (Integer<T>) {
    out += std::to_string(value);
  } else {
    append_number(out, static_cast<double>(value));
  }
}

}  // namespace detail

/// `value` as JSON: members in their order, what is not set as null, invalid UTF-8 as U+FFFD, NaN
/// and infinities as null. `from_json` reads it back.
template <class T>
std::string to_json(const T& value)
{
  std::string out;
  detail::write(out, value);
  return out;
}

}  // namespace asyncllm::schema
