#include <asyncllm/schema/json_schema.hpp>

#include "schema/described_types.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <string>

using asyncllm::schema::json_schema;
using Json = nlohmann::ordered_json;

namespace {

struct Hidden {
  int value = 0;
};
ASYNCLLM_DESCRIBE(Hidden, value)

const std::string weather_schema =
    R"({"type":"object","properties":{)"
    R"("city":{"type":"string","description":"City and \"country\""},)"
    R"("unit":{"type":["string","null"],"enum":["celsius","fahrenheit",null],)"
    R"("description":"Celsius if nothing is said"},)"
    R"("days":{"type":"integer"}},)"
    R"("required":["city","unit","days"],"additionalProperties":false})";

}  // namespace

TEST_CASE("a class is an object with its members in their order, all required", "[schema]")
{
  CHECK(json_schema<described::Weather>() == weather_schema);
  CHECK(
      json_schema<described::Empty>() ==
      R"({"type":"object","properties":{},"required":[],"additionalProperties":false})");
}

TEST_CASE("containers are arrays, maps are objects of any members", "[schema]")
{
  CHECK(Json::parse(json_schema<described::Containers>())["properties"] == Json::parse(R"({
        "numbers":{"type":"array","items":{"type":"number"}},
        "words":{"type":"array","items":{"type":"string"}},
        "flags":{"type":"array","items":{"type":"boolean"},"minItems":2,"maxItems":2},
        "counts":{"type":"object","additionalProperties":{"type":"integer"}},
        "table":{"type":"array","items":{"type":"array","items":
          {"type":"string","enum":["celsius","fahrenheit"]}}}})"));
}

TEST_CASE("classes within classes stand in their place, optional ones may be null", "[schema]")
{
  const auto properties = Json::parse(json_schema<described::Nested>())["properties"];
  CHECK(properties["weather"].dump() == weather_schema);
  CHECK(properties["other"]["type"] == Json::parse(R"(["object","null"])"));
  CHECK(properties["other"]["properties"] == properties["weather"]["properties"]);
  CHECK(properties["either"]["anyOf"][0].dump() == weather_schema);
  CHECK(properties["either"]["anyOf"][1] == Json::parse(R"({"type":"string"})"));
  CHECK(properties["either"]["anyOf"][2] == Json::parse(R"({"type":"integer"})"));
  CHECK(properties["either"]["description"] == "One of them");
}

TEST_CASE("a type that contains itself is referred to", "[schema]")
{
  CHECK(
      Json::parse(json_schema<described::Tree>())["properties"]["children"] ==
      Json::parse(R"({"type":"array","items":{"$ref":"#"}})"));
  CHECK(
      Json::parse(json_schema<described::List>())["properties"]["next"] ==
      Json::parse(R"({"anyOf":[{"$ref":"#"},{"type":"null"}]})"));

  const auto forest = Json::parse(json_schema<described::Forest>());
  const auto reference = Json::parse(R"({"$ref":"#/$defs/type1"})");
  CHECK(forest["properties"]["first"] == reference);
  CHECK(forest["properties"]["second"] == reference);
  REQUIRE(forest["$defs"].size() == 1);
  CHECK(forest["$defs"]["type1"]["properties"]["children"]["items"] == reference);
}

TEST_CASE("types may be private, local, anonymous or not yours", "[schema]")
{
  struct Local {
    int a = 0;
    ASYNCLLM_DESCRIBE_INSIDE(Local, a)
  };
  CHECK(Json::parse(json_schema<Local>())["required"] == Json::parse(R"(["a"])"));
  CHECK(Json::parse(json_schema<Hidden>())["required"] == Json::parse(R"(["value"])"));
  CHECK(
      Json::parse(json_schema<described::Private>())["required"] == Json::parse(R"(["secret_"])"));
  CHECK(
      Json::parse(json_schema<foreign::Point>())["properties"]["x"]["description"] ==
      "To the right");
  CHECK(Json::parse(json_schema<described::Odd>())["properties"].size() == 7);
}

TEST_CASE("values other than classes have schemas too", "[schema]")
{
  CHECK(json_schema<int>() == R"({"type":"integer"})");
  CHECK(json_schema<described::Unit>() == R"({"type":"string","enum":["celsius","fahrenheit"]})");
  CHECK(json_schema<std::optional<bool>>() == R"({"type":["boolean","null"]})");
  CHECK(json_schema<std::vector<std::string>>() == R"({"type":"array","items":{"type":"string"}})");
  const auto trees = Json::parse(json_schema<std::vector<described::Tree>>());
  CHECK(trees["items"] == Json::parse(R"({"$ref":"#/$defs/type1"})"));
  CHECK(trees["$defs"]["type1"]["type"] == "object");
}
