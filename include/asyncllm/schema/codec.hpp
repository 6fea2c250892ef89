// Types that read and write their JSON themselves.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::schema {

/// Specialise it for a type that is one value in JSON, however it is made, such as a date. Such a
/// type may stand wherever a described one may: as a member, in containers, as a tool's result, as
/// an answer.
///
///     template <>
///     struct asyncllm::schema::Codec<Date> {
///       static std::string json_schema() { return R"({"type":"string","format":"date"})"; }
///       static Date from_json(std::string_view json);  // what it throws is Error{invalid_output}
///       static std::string to_json(const Date& date);
///     };
template <class T>
struct Codec;

/// A type with a `Codec`.
template <class T>
concept Coded = requires(const T& value, std::string_view json) {
  { Codec<T>::json_schema() } -> std::convertible_to<std::string>;
  { Codec<T>::from_json(json) } -> std::convertible_to<T>;
  { Codec<T>::to_json(value) } -> std::convertible_to<std::string>;
};

}  // namespace asyncllm::schema
