// nlohmann::json in described types, and the types that nlohmann/json knows how to convert. Include
// it by itself: it brings in <nlohmann/json.hpp>.
#pragma once

#include <asyncllm/schema/codec.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::schema {

/// For a type that has nlohmann's `to_json` and `from_json`, by its macros or by hand. They do not
/// tell the names of the members, so the schema says no more than "object": describe the type if
/// a model is to write it.
///
///     template <>
///     struct asyncllm::schema::Codec<Point> : asyncllm::schema::NlohmannCodec<Point> {};
template <class T>
struct NlohmannCodec {
  static std::string json_schema() { return R"({"type":"object"})"; }
  static T from_json(std::string_view json)
  {
    return nlohmann::json::parse(json).template get<T>();
  }
  static std::string to_json(const T& value)
  {
    constexpr auto invalid_utf8 = nlohmann::json::error_handler_t::replace;
    return nlohmann::json(value).dump(-1, ' ', false, invalid_utf8);
  }
};

/// Any JSON. It is not in the strict dialect of schemas, which allows no object of any form.
template <class Json>
  requires nlohmann::detail::is_basic_json<Json>::value
struct Codec<Json> {
  static std::string json_schema()
  {
    return R"({"type":["object","array","string","number","boolean","null"]})";
  }
  static Json from_json(std::string_view json) { return Json::parse(json); }
  static std::string to_json(const Json& value)
  {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
};

}  // namespace asyncllm::schema
