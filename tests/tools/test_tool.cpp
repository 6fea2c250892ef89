// Tools from callables of every form: their schema, the check of arguments, results as text.
#include <asyncllm/schema/nlohmann_json.hpp>
#include <asyncllm/tools/tool.hpp>

#include "error_of.hpp"
#include "on_loop.hpp"
#include "test.hpp"

#include <asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace asyncllm;
using support::error_of;
using support::says;

namespace {

struct City {
  std::string city;
  std::optional<int> days;
};
ASYNCLLM_DESCRIBE(City, (city, "City and country"), days)

struct Forecast {
  std::string sky;
  double degrees = 0;
};
ASYNCLLM_DESCRIBE(Forecast, sky, degrees)

ToolResult call(const Tool& tool, const std::string& arguments)
{
  std::optional<ToolResult> result;
  support::on_loop([&](asio::io_context&) -> asio::awaitable<void> {
    const ToolCall made{"id", tool.name(), arguments, ""};
    ToolContext context(made);
    const auto bound = tool.bind(arguments);
    auto calling = bound(context);
    result = co_await std::move(calling);
  });
  return *result;
}

std::string free_function(City city)
{
  return city.city + "!";
}

const std::string rome = R"({"city":"Rome"})";

}  // namespace

TEST_CASE("a tool is made from every form of callable", "[tools]")
{
  const auto text_of = [](const Tool& tool) { return call(tool, rome).text(); };
  CHECK(text_of(Tool("f", "", &free_function)) == "Rome!");
  CHECK(text_of(Tool("f", "", [](City place) { return place.city; })) == "Rome");
  CHECK(text_of(Tool("f", "", [](const City& place) { return place.city; })) == "Rome");
  CHECK(text_of(Tool("f", "", [](City&& place) { return std::move(place.city); })) == "Rome");
  CHECK(text_of(Tool("f", "", [](City place, ToolContext& context) {
          return context.call().id + place.city;
        })) == "idRome");
  CHECK(text_of(Tool("f", "", [](ToolContext& context) { return context.call().name; })) == "f");
  CHECK(text_of(Tool("f", "", [] { return "text"; })) == "text");
  int count = 0;
  const Tool counter("f", "", [&count](City) mutable { ++count; });
  CHECK(text_of(counter) == "done");
  CHECK(text_of(counter) == "done");
  CHECK(count == 2);
  CHECK(text_of(Tool("f", "", [kept = std::make_unique<int>(7)] { return *kept; })) == "7");
}

TEST_CASE("a tool's result is a text, or JSON", "[tools]")
{
  const auto text_of = [](auto value) {
    return call(Tool("f", "", [value] { return value; }), "").text();
  };
  CHECK(text_of(std::string("as it is")) == "as it is");
  CHECK(text_of(true) == "true");
  CHECK(text_of(42) == "42");
  CHECK(text_of(1.5) == "1.5");
  CHECK(text_of(Forecast{"clear", 21}) == R"({"sky":"clear","degrees":21})");
  CHECK(text_of(std::vector<int>{1, 2}) == "[1,2]");
  CHECK(text_of(ToolResult::text("x")) == "x");
  const auto failed = call(Tool("f", "", [] { return ToolResult::error("no"); }), "");
  CHECK(failed.text() == "error: no");
  CHECK(failed.is_error());
}

TEST_CASE("a tool may be a coroutine", "[tools]")
{
  const auto text_of = [](const Tool& tool) { return call(tool, rome).text(); };
  CHECK(text_of(Tool("f", "", [](City city) -> asio::awaitable<std::string> {
          co_return city.city;
        })) == "Rome");
  CHECK(text_of(Tool("f", "", [](const City& city) -> asio::awaitable<Forecast> {
          co_return Forecast{city.city, 1};
        })) == R"({"sky":"Rome","degrees":1})");
  CHECK(text_of(Tool("f", "", []() -> asio::awaitable<void> { co_return; })) == "done");
  CHECK(text_of(Tool("f", "", [](ToolContext& context) -> asio::awaitable<std::string> {
          co_return context.call().arguments;
        })) == rome);
}

TEST_CASE("what a tool throws comes out when its result is awaited", "[tools]")
{
  const Tool tool("f", "", []() -> std::string { throw ToolError("not today"); });
  CHECK_THROWS_AS(call(tool, ""), ToolError);
}

TEST_CASE("a tool's schema is that of its parameter", "[tools]")
{
  const Tool tool("weather", "The weather", [](City) { return 1; });
  CHECK(tool.definition().name == "weather");
  CHECK(tool.definition().description == "The weather");
  CHECK(tool.definition().parameters == schema::json_schema<City>());
  CHECK_FALSE(tool.definition().strict);
  CHECK(Tool("f", "", [] {}).definition().parameters.empty());
  CHECK(Tool("f", "", [] {}).strict(true).definition().strict);
}

TEST_CASE("arguments are checked before the call", "[tools]")
{
  bool was_called = false;
  const Tool tool("f", "", [&](City) { was_called = true; });
  const auto error = [&](const char* text) { return error_of([&] { tool.bind(text); }); };
  CHECK(says(error("{}"), "$.city is missing"));
  CHECK(says(error(R"({"city":5})"), "$.city: expected a string, got 5"));
  CHECK(says(error("["), "not JSON"));
  CHECK(says(error(""), "$.city is missing"));
  CHECK_FALSE(error(R"({"city":"x","more":1})"));
  CHECK_FALSE(was_called);
}

TEST_CASE("a tool may give any JSON", "[tools]")
{
  const Tool tool("f", "", [] { return nlohmann::json{{"degrees", 12}}; });
  CHECK(call(tool, "{}").text() == R"({"degrees":12})");
  const Tool text("f", "", [] { return nlohmann::json("text"); });
  CHECK(call(text, "{}").text() == R"("text")");
}

TEST_CASE("a tool without a type gets the text of an object", "[tools]")
{
  const std::string schema = R"({"type":"object","properties":{}})";
  const auto tool = Tool::from_schema(
      "f", "D", schema, [](std::string text, ToolContext&) -> asio::awaitable<ToolResult> {
        co_return ToolResult::text(text).with_image("png", "image/png");
      });
  CHECK(tool.definition().parameters == schema);
  CHECK(call(tool, R"({"a":1})").text() == R"({"a":1})");
  CHECK(call(tool, "").text() == "{}");
  CHECK(call(tool, "").images().size() == 1);
  CHECK(says(error_of([&] { tool.bind("[1]"); }), "expected an object"));
}
