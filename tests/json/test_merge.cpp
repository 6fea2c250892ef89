#include <asyncllm/impl/json/merge.hpp>

#include "test.hpp"

#include <nlohmann/json.hpp>

#include <random>
#include <string>

using asyncllm::json::merged;

TEST_CASE(
    "objects are merged member by member, and everything else replaced in its place", "[json]")
{
  CHECK(merged("{}", "{}") == "{}");
  CHECK(merged(R"({"a":1})", "{}") == R"({"a":1})");
  CHECK(merged("{}", R"({"a":1})") == R"({"a":1})");
  CHECK(merged(R"({"a":1,"b":2})", R"({"c":3,"a":null})") == R"({"a":null,"b":2,"c":3})");
  CHECK(
      merged(R"({"a":{"x":1,"y":2}})", R"({"a":{"y":{},"z":3}})") ==
      R"({"a":{"x":1,"y":{},"z":3}})");
  CHECK(merged(R"({"a":[1]})", R"({"a":[2,3]})") == R"({"a":[2,3]})");
  CHECK(merged(R"({"a":{"x":1}})", R"({"a":[]})") == R"({"a":[]})");
  CHECK(merged(R"({"a":[]})", R"({"a":{"x":1}})") == R"({"a":{"x":1}})");
  CHECK(merged(R"({"b":1,"a":2})", R"({"z":1,"y":2})") == R"({"b":1,"a":2,"z":1,"y":2})");
}

TEST_CASE("what is merged is written as it was", "[json]")
{
  const std::string digits = "123456789012345678901234567890";
  CHECK(
      merged(R"({"a":)" + digits + R"(,"b":1e999})", R"({"c":-0.10,"d":"\u00e4\ud83d"})") ==
      R"({"a":)" + digits + R"(,"b":1e999,"c":-0.10,"d":"\u00e4\ud83d"})");
  CHECK(
      merged(
          " {\n \"a\" : [ 1 , \"]\" ] ,\t\"b\":\"}\\\"{\" , \"n\": 5 } ",
          R"( { "n" : 6 , "m" : true } )") == R"({"a":[ 1 , "]" ],"b":"}\"{","n":6,"m":true})");
}

TEST_CASE("names are the same when they read the same", "[json]")
{
  CHECK(merged(R"({"a":1})", R"({"\u0061":2})") == R"({"a":2})");
  CHECK(merged(R"({"\u0061":1})", R"({"a":2})") == R"({"\u0061":2})");
  CHECK(merged(R"({"a\"b":1,"a":2})", R"({"a":3})") == R"({"a\"b":1,"a":3})");
  CHECK(merged(R"({"a":1})", R"({"a\\":2})") == R"({"a":1,"a\\":2})");
  CHECK(merged(R"({"":1})", R"({"":2})") == R"({"":2})");
  CHECK(merged("{}", R"({"a":1,"b":2,"a":3})") == R"({"a":3,"b":2})");
  CHECK(merged(R"({"\ud83d":1})", R"({"\ud83d":2})") == R"({"\ud83d":2})");
}

namespace {

nlohmann::ordered_json random_value(std::mt19937& random, int depth)
{
  const auto kind = random() % (depth > 3 ? 4 : 6);
  const auto count = random() % 4;
  switch (kind) {
    case 0: return random() % 100;
    case 1: return random() % 2 == 0;
    case 2: return nullptr;
    case 3: {
      constexpr const char* texts[] = {"", "a", "\"{,", "}\\", "[\"]:"};
      return texts[random() % 5];
    }
    case 4: {
      auto array = nlohmann::ordered_json::array();
      for (std::size_t i = 0; i < count; ++i)
        array.push_back(random_value(random, depth + 1));
      return array;
    }
    default: {
      auto object = nlohmann::ordered_json::object();
      constexpr const char* names[] = {"a", "b", "c\"", "{d", "\\"};
      for (std::size_t i = 0; i < count; ++i)
        object[names[random() % 5]] = random_value(random, depth + 1);
      return object;
    }
  }
}

void merge_into(nlohmann::ordered_json& base, const nlohmann::ordered_json& other)
{
  for (const auto& [name, value] : other.items())
    if (base.contains(name) && base[name].is_object() && value.is_object())
      merge_into(base[name], value);
    else
      base[name] = value;
}

}  // namespace

TEST_CASE("objects made by chance are merged as their trees are", "[json]")
{
  std::mt19937 random(42);
  for (int i = 0; i < 20'000; ++i) {
    auto base = random_value(random, 0);
    const auto other = random_value(random, 0);
    if (!base.is_object() || !other.is_object())
      continue;
    const auto indent = static_cast<int>(random() % 3) - 1;
    const auto text = merged(base.dump(indent), other.dump(indent));
    merge_into(base, other);
    INFO(text);
    REQUIRE(nlohmann::ordered_json::parse(text) == base);
  }
}
