// Types that read and write their JSON themselves, and nlohmann::json.
#include <asyncllm/schema/from_json.hpp>
#include <asyncllm/schema/json_schema.hpp>
#include <asyncllm/schema/nlohmann_json.hpp>
#include <asyncllm/schema/to_json.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace coded {

struct Date {
  int year = 0, month = 0;
  bool operator==(const Date&) const = default;
};

struct Trip {
  Date begin;
  std::optional<Date> end;
  std::vector<Date> stops;
  nlohmann::json notes;
  bool operator==(const Trip&) const = default;
};
ASYNCLLM_DESCRIBE(Trip, (begin, "The first day"), end, stops, (notes, "Anything"))

struct Point {
  int x = 0, y = 0;
  bool operator==(const Point&) const = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Point, x, y)

struct Branch {
  std::vector<Branch> children;
};
ASYNCLLM_DESCRIBE(Branch, children)

}  // namespace coded

template <>
struct asyncllm::schema::Codec<coded::Date> {
  static std::string json_schema() { return R"({"type":"string","format":"date"})"; }
  static coded::Date from_json(std::string_view json)
  {
    if (json.size() != 9 || json[5] != '-')
      throw std::runtime_error("a date is YYYY-MM");
    return {std::stoi(std::string(json.substr(1, 4))), std::stoi(std::string(json.substr(6, 2)))};
  }
  static std::string to_json(const coded::Date& date)
  {
    const auto month = std::to_string(date.month);
    return '"' + std::to_string(date.year) + (month.size() < 2 ? "-0" : "-") + month + '"';
  }
};

template <>
struct asyncllm::schema::Codec<coded::Point> : asyncllm::schema::NlohmannCodec<coded::Point> {};

using namespace coded;
using asyncllm::ErrorKind;
using asyncllm::schema::from_json;
using asyncllm::schema::json_schema;
using asyncllm::schema::to_json;
using support::fails_with;

TEST_CASE("a type with a codec stands wherever a described one may", "[schema]")
{
  const Trip trip{{2026, 11}, {}, {{2026, 12}, {2027, 1}}, {{"by", "train"}}};
  const std::string text =
      R"({"begin":"2026-11","end":null,"stops":["2026-12","2027-01"],"notes":{"by":"train"}})";
  CHECK(to_json(trip) == text);
  CHECK(from_json<Trip>(text) == trip);
  const auto schema = nlohmann::json::parse(json_schema<Trip>())["properties"];
  CHECK(schema["begin"]["format"] == "date");
  CHECK(schema["begin"]["description"] == "The first day");
  CHECK(schema["end"]["type"] == nlohmann::json::parse(R"(["string","null"])"));
  CHECK(schema["stops"]["items"]["type"] == "string");
  CHECK(schema["notes"]["description"] == "Anything");
}

TEST_CASE("what a codec throws says where", "[schema]")
{
  CHECK(fails_with(ErrorKind::invalid_output, "$.stops[1]: a date is YYYY-MM", [] {
    from_json<Trip>(R"({"begin":"2026-11","stops":["2026-12","soon"],"notes":1})");
  }));
  CHECK(fails_with(ErrorKind::invalid_output, "$: ", [] { from_json<Point>(R"({"x":1})"); }));
  CHECK(fails_with(
      ErrorKind::invalid_output, "not JSON", [] { from_json<Date>("2026" + std::string("-")); }));
}

TEST_CASE("nlohmann::json is any JSON", "[schema]")
{
  for (const auto* text : {"null", "1", "1.5", "\"a\"", "[1,{\"b\":[]}]", "{\"a\":null}", "{}"}) {
    CHECK(to_json(from_json<nlohmann::json>(text)) == text);
    CHECK(to_json(from_json<nlohmann::ordered_json>(text)) == text);
  }
  CHECK(to_json(nlohmann::json("\xff")) == "\"\xef\xbf\xbd\"");
  CHECK(from_json<std::vector<nlohmann::json>>("[1,\"a\"]").size() == 2);
}

TEST_CASE("a type that nlohmann/json converts", "[schema]")
{
  CHECK(to_json(Point{1, 2}) == R"({"x":1,"y":2})");
  CHECK(from_json<Point>(R"({"y":2,"x":1})") == Point{1, 2});
  CHECK(json_schema<Point>() == R"({"type":"object"})");
}

TEST_CASE("a type that contains itself is the root only if nothing is around it", "[schema]")
{
  CHECK(
      json_schema<Branch>() ==
      R"({"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#"}}},)"
      R"("required":["children"],"additionalProperties":false})");
  const auto maybe = nlohmann::json::parse(json_schema<std::optional<Branch>>());
  CHECK(maybe["anyOf"][0]["$ref"] == "#/$defs/type1");
  CHECK(maybe["$defs"]["type1"]["properties"]["children"]["items"]["$ref"] == "#/$defs/type1");
}
