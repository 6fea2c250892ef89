// Types that Boost.Describe describes.
#include "test.hpp"

#if __has_include(<boost/describe.hpp>)

#  include <asyncllm/schema/boost_describe.hpp>
#  include <asyncllm/schema/from_json.hpp>
#  include <asyncllm/schema/json_schema.hpp>
#  include <asyncllm/schema/to_json.hpp>

#  include <nlohmann/json.hpp>

#  include <string>
#  include <vector>

namespace boosted {

BOOST_DEFINE_ENUM_CLASS(Color, red, green)

struct Named {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(Named, (), (name))

struct Car : Named {
  Color color = Color::red;
  std::vector<int> years;
};
BOOST_DESCRIBE_STRUCT(Car, (Named), (color, years))

struct Garage {
  std::vector<Car> cars;
};
ASYNCLLM_DESCRIBE(Garage, (cars, "All of them"))

}  // namespace boosted

using asyncllm::schema::from_json;
using asyncllm::schema::json_schema;
using asyncllm::schema::to_json;

TEST_CASE("a type of Boost.Describe is read, written and has a schema", "[schema]")
{
  const std::string text = R"({"cars":[{"name":"a","color":"green","years":[2026]}]})";
  const auto garage = from_json<boosted::Garage>(text);
  CHECK(garage.cars.at(0).name == "a");
  CHECK(garage.cars.at(0).color == boosted::Color::green);
  CHECK(to_json(garage) == text);
  const auto car = nlohmann::json::parse(json_schema<boosted::Car>());
  CHECK(car["required"] == nlohmann::json::parse(R"(["name","color","years"])"));
  CHECK(car["properties"]["color"]["enum"] == nlohmann::json::parse(R"(["red","green"])"));
}

#else

#  include <iostream>

TEST_CASE("a type of Boost.Describe is read, written and has a schema", "[schema]")
{
  std::cout << "SKIPPED: Boost 1.77 or newer is not installed\n";
}

#endif
