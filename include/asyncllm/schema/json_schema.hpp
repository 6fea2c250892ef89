// The JSON schema of a described type.
#pragma once

#include <asyncllm/schema/detail/kinds.hpp>
#include <asyncllm/schema/detail/schema_text.hpp>

#include <string>
#include <tuple>
#include <type_traits>

namespace asyncllm::inline v0_1::schema {
namespace detail {

template <class T>
void write_schema(SchemaText& out);

template <class T>
void write_class(SchemaText& out)
{
  if (out.refer(&type_id<T>))
    return;
  out.begin(&type_id<T>);
  out.append(R"({"type":"object","properties":{)");
  bool is_first = true;
  for_each_member<T>([&]<class Type>(const Member<T, Type>& member) {
    out.append(is_first ? "" : ",");
    is_first = false;
    out.append_quoted(member.name);
    out.append(":");
    const auto begin = out.position();
    write_schema<Type>(out);
    out.describe(begin, member.description);
  });
  out.append(R"(},"required":[)");
  is_first = true;
  for_each_member<T>([&](const auto& member) {
    out.append(is_first ? "" : ",");
    is_first = false;
    out.append_quoted(member.name);
  });
  out.append(R"(],"additionalProperties":false})");
  out.end();
}

template <class T>
void write_enum(SchemaText& out)
{
  out.append(R"({"type":"string","enum":[)");
  bool is_first = true;
  for (const auto& value : Describe<T>::values()) {
    out.append(is_first ? "" : ",");
    is_first = false;
    out.append_quoted(value.name);
  }
  out.append("]}");
}

template <class... Ts>
void write_alternatives(SchemaText& out, const std::variant<Ts...>*)
{
  out.append(R"({"anyOf":[)");
  bool is_first = true;
  ((out.append(is_first ? "" : ","), is_first = false, write_schema<Ts>(out)), ...);
  out.append("]}");
}

template <class T>
void write_schema(SchemaText& out)
{
  ASYNCLLM_DETAIL_CHECK_KNOWN(T);
  if constexpr (Coded<T>) {
    out.append(Codec<T>::json_schema());
  } else if constexpr (Described<T>) {
    write_class<T>(out);
  } else if constexpr (DescribedEnum<T>) {
    write_enum<T>(out);
  } else if constexpr (is_optional<T>) {
    const auto begin = out.position();
    write_schema<typename T::value_type>(out);
    out.make_nullable(begin);
  } else if constexpr (is_unique_ptr<T>) {
    const auto begin = out.position();
    write_schema<typename T::element_type>(out);
    out.make_nullable(begin);
  } else if constexpr (is_variant<T>) {
    write_alternatives(out, static_cast<const T*>(nullptr));
  } else if constexpr (TextMap<T>) {
    out.append(R"({"type":"object","additionalProperties":)");
    write_schema<typename T::mapped_type>(out);
    out.append("}");
  } else if constexpr (is_array<T>) {
    out.append(R"({"type":"array","items":)");
    write_schema<typename T::value_type>(out);
    const auto size = std::to_string(std::tuple_size_v<T>);
    out.append(",\"minItems\":" + size + ",\"maxItems\":" + size + "}");
  } else if constexpr (Sequence<T>) {
    out.append(R"({"type":"array","items":)");
    write_schema<typename T::value_type>(out);
    out.append("}");
  } else if constexpr (Text<T>) {
    out.append(R"({"type":"string"})");
  } else if constexpr (std::same_as<T, bool>) {
    out.append(R"({"type":"boolean"})");
  } else if constexpr (Integer<T>) {
    out.append(R"({"type":"integer"})");
  } else {
    out.append(R"({"type":"number"})");
  }
}

}  // namespace detail

/// The schema of `T` in the strict dialect of OpenAI: each member is required, there are no others,
/// an optional one may be null. The members keep their order. Everything stands in its place; only
/// a type that contains itself is referred to (`$defs`).
///
/// bool, integers, floating point, std::string, described enumerations and classes, std::optional,
/// std::unique_ptr (for types that contain themselves), std::vector and other containers,
/// std::array, std::map with text keys (not in the strict dialect: it has members of any name),
/// std::variant, and types with a `Codec`.
///
///     options.answer_schema(asyncllm::schema::json_schema<Weather>(), "weather");
template <class T>
const std::string& json_schema()
{
  static const std::string text = [] {
    detail::SchemaText out(Described<T>);
    detail::write_schema<T>(out);
    return out.take();
  }();
  return text;
}

}  // namespace asyncllm::schema
