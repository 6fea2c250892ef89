// Values from JSON and to JSON.
#include <asyncllm/schema/from_json.hpp>
#include <asyncllm/schema/to_json.hpp>

#include "error_of.hpp"
#include "schema/described_types.hpp"
#include "test.hpp"

#include <limits>
#include <string>
#include <type_traits>
#include <utility>

using asyncllm::ErrorKind;
using asyncllm::schema::from_json;
using asyncllm::schema::to_json;
using namespace described;

namespace {

template <class T>
void check_round_trip(const T& value, const std::string& text)
{
  CHECK(to_json(value) == text);
  CHECK(from_json<T>(text) == value);
}

// The error's text, "" when there is none.
template <class T>
std::string error(const std::string& text)
{
  const auto error = support::error_of([&] { from_json<T>(text); });
  if (!error)
    return {};
  CHECK(error->kind() == ErrorKind::invalid_output);
  return std::string(error->message());
}

}  // namespace

TEST_CASE("described values are read back as they were written", "[schema]")
{
  check_round_trip(
      Weather{"São \"Paulo\"", Unit::fahrenheit, -3},
      R"({"city":"São \"Paulo\"","unit":"fahrenheit","days":-3})");
  check_round_trip(Weather{"", {}, 0}, R"({"city":"","unit":null,"days":0})");
  check_round_trip(Empty(), "{}");
  check_round_trip(
      Containers{{1.5, -2}, {"a", "b"}, {true, false}, {{"x", 1}, {"y", 2}}, {{Unit::celsius}, {}}},
      R"({"numbers":[1.5,-2],"words":["a","b"],"flags":[true,false],"counts":{"x":1,"y":2},)"
      R"("table":[["celsius"],[]]})");
  const std::string weather = R"({"city":"a","unit":null,"days":1})";
  check_round_trip(
      Nested{{"a", {}, 1}, Weather{"a", {}, 1}, "text"},
      R"({"weather":)" + weather + R"(,"other":)" + weather + R"(,"either":"text"})");
  check_round_trip(
      Nested{{"a", {}, 1}, {}, 7}, R"({"weather":)" + weather + R"(,"other":null,"either":7})");
  check_round_trip(
      Tree{"a", {{"b", {}}, {"c", {{"d", {}}}}}},
      R"({"name":"a","children":[{"name":"b","children":[]},)"
      R"({"name":"c","children":[{"name":"d","children":[]}]}]})");
  check_round_trip(
      Integers{
          -128,
          255,
          std::numeric_limits<std::int64_t>::min(),
          std::numeric_limits<std::uint64_t>::max(),
          0.5F},
      R"({"small":-128,"natural":255,"large":-9223372036854775808,)"
      R"("huge":18446744073709551615,"real":0.5})");
  check_round_trip(foreign::Point{1, 2}, R"({"x":1,"y":2})");
  check_round_trip(
      Odd(), R"({"type":0,"null":0,"Type":0,"name":0,"first":0,"member":0,"argument":0})");
  CHECK(
      to_json(from_json<List>(R"({"value":1,"next":{"value":2}})")) ==
      R"({"value":1,"next":{"value":2,"next":null}})");
  CHECK(from_json<Private>(R"({"secret_":5})").value() == 5);
  CHECK(from_json<std::vector<int>>(" [1,2] ") == std::vector<int>{1, 2});
}

TEST_CASE("a class may have many members", "[schema]")
{
  Wide wide;
  wide.m0 = 1;
  wide.m63 = 2;
  const auto text = to_json(wide);
  CHECK(text.starts_with(R"({"m0":1,"m1":0)"));
  CHECK(text.ends_with(R"("m63":2})"));
  CHECK(from_json<Wide>(text) == wide);
}

TEST_CASE("what is unknown is ignored, of two members the last one counts", "[schema]")
{
  const auto weather =
      from_json<Weather>(R"({"x":{"y":[1]},"city":"a","days":1,"city":"b","days":2.0})");
  CHECK(weather == Weather{"b", {}, 2});
}

TEST_CASE("an error says where, what is needed and what was there", "[schema]")
{
  CHECK(error<Weather>(R"({"city":"a"})") == "$.days is missing");
  CHECK(error<Weather>(R"({"days":1})") == "$.city is missing");
  CHECK(error<Weather>(R"({"city":1,"days":1})") == "$.city: expected a string, got 1");
  CHECK(error<Weather>(R"({"city":null,"days":1})") == "$.city: expected a string, got null");
  CHECK(
      error<Weather>(R"({"city":"a","days":"two"})") == "$.days: expected an integer, got \"two\"");
  CHECK(
      error<Weather>(R"({"city":"a","days":1,"unit":"kelvin"})") ==
      "$.unit: expected one of celsius, fahrenheit, got \"kelvin\"");
  CHECK(error<Weather>("[]") == "$: expected an object, got an array");
  CHECK(error<Weather>("null") == "$: expected an object, got null");
  CHECK(
      error<Containers>(R"({"numbers":[1,2,{}]})") ==
      "$.numbers[2]: expected a number, got an object");
  CHECK(
      error<Containers>(R"({"numbers":[],"words":[],"flags":[true]})") ==
      "$.flags: expected an array of 2, got an array");
  CHECK(
      error<Tree>(R"({"name":"a","children":[{"name":"b","children":[{"name":1}]}]})") ==
      "$.children[0].children[0].name: expected a string, got 1");
  CHECK(
      error<Nested>(R"({"weather":{"city":"a","days":1},"either":true})") ==
      "$.either: expected one of 3 alternatives, got true");
  const auto long_text =
      error<Weather>("{\"city\":\"a\",\"days\":\"" + std::string(10000, 'x') + "\"}");
  CHECK(long_text.size() < 200);
}

TEST_CASE("numbers that do not fit are refused with the range", "[schema]")
{
  const auto small = [](const std::string& number) {
    return error<Integers>(
        R"({"small":)" + number + R"(,"natural":0,"large":0,"huge":0,"real":0})");
  };
  CHECK(small("127").empty());
  CHECK(small("1e2").empty());
  CHECK(small("128") == "$.small: expected an integer from -128 to 127, got 128");
  CHECK(small("1.5") == "$.small: expected an integer from -128 to 127, got 1.5");
  CHECK(small("1e400") == "the text holds a number beyond what can be read");
  CHECK(small("123456789012345678901234567890").find("$.small: expected an integer from") == 0);
  CHECK(error<std::uint8_t>("-1") == "$: expected an integer from 0 to 255, got -1");
  CHECK(error<bool>("1") == "$: expected true or false, got 1");
}

TEST_CASE("what is not JSON is an error", "[schema]")
{
  for (const std::string text :
       {"",
        " ",
        "{",
        "{}x",
        "{\"city\":\"a\",}",
        "\xff",
        "nul",
        "{\"city\":\"\xff\"}",
        "```{}```"}) {
    INFO(text);
    CHECK(error<Weather>(text) == "the text is not JSON");
  }
  CHECK_FALSE(error<Tree>(std::string(100000, '[')).empty());
}

TEST_CASE("large and deep values are read", "[schema]")
{
  std::string numbers = "[";
  for (int i = 0; i < 500000; ++i)
    numbers += std::to_string(i) + ",";
  numbers.back() = ']';
  CHECK(from_json<std::vector<int>>(numbers).size() == 500000);

  std::string deep;
  for (int i = 0; i < 90; ++i)
    deep += R"({"name":"a","children":[)";
  deep += R"({"name":"z","children":[]})";
  for (int i = 0; i < 90; ++i)
    deep += "]}";
  const auto tree = from_json<Tree>(deep);
  CHECK(to_json(tree) == deep);
}

TEST_CASE("what JSON cannot say is null or replaced", "[schema]")
{
  CHECK(to_json(std::numeric_limits<double>::infinity()) == "null");
  CHECK(to_json(std::string("a\xff")) == "\"a\xEF\xBF\xBD\"");
  CHECK(to_json(static_cast<Unit>(7)) == "null");
}
