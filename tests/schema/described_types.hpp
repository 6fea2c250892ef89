// Types of all kinds, described in all the ways there are.
#pragma once

#include <asyncllm/schema/describe.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace described {

enum class Unit { celsius, fahrenheit };
ASYNCLLM_DESCRIBE_ENUM(Unit, celsius, fahrenheit)

struct Weather {
  std::string city;
  std::optional<Unit> unit;
  int days = 1;
  bool operator==(const Weather&) const = default;
};
ASYNCLLM_DESCRIBE(
    Weather, (city, "City and \"country\""), (unit, "Celsius if nothing is said"), days)

struct Empty {
  bool operator==(const Empty&) const = default;
};
ASYNCLLM_DESCRIBE(Empty)

struct Containers {
  std::vector<double> numbers;
  std::set<std::string> words;
  std::array<bool, 2> flags{};
  std::map<std::string, std::int64_t> counts;
  std::vector<std::vector<Unit>> table;
  bool operator==(const Containers&) const = default;
};
ASYNCLLM_DESCRIBE(Containers, numbers, words, flags, counts, table)

struct Nested {
  Weather weather;
  std::optional<Weather> other;
  std::variant<Weather, std::string, int> either;
  bool operator==(const Nested&) const = default;
};
ASYNCLLM_DESCRIBE(Nested, weather, other, (either, "One of them"))

struct Tree {
  std::string name;
  std::vector<Tree> children;
  bool operator==(const Tree&) const = default;
};
ASYNCLLM_DESCRIBE(Tree, name, children)

struct List {
  int value = 0;
  std::unique_ptr<List> next;
};
ASYNCLLM_DESCRIBE(List, value, next)

struct Forest {
  Tree first, second;
  bool operator==(const Forest&) const = default;
};
ASYNCLLM_DESCRIBE(Forest, first, second)

struct Integers {
  std::int8_t small = 0;
  std::uint8_t natural = 0;
  std::int64_t large = 0;
  std::uint64_t huge = 0;
  float real = 0;
  bool operator==(const Integers&) const = default;
};
ASYNCLLM_DESCRIBE(Integers, small, natural, large, huge, real)

class Private {
 public:
  ASYNCLLM_DESCRIBE_INSIDE(Private, (secret_, "Not for all"))
  int value() const { return secret_; }

 private:
  int secret_ = 0;
};

// Names that read like keywords of C++, JSON or the library.
struct Odd {
  int type = 0, null = 0, Type = 0, name = 0, first = 0, member = 0, argument = 0;
  bool operator==(const Odd&) const = default;
};
ASYNCLLM_DESCRIBE(Odd, type, null, Type, name, first, member, argument)

struct Wide {
  int m0 = 0, m1 = 0, m2 = 0, m3 = 0, m4 = 0, m5 = 0, m6 = 0, m7 = 0, m8 = 0, m9 = 0, m10 = 0,
      m11 = 0, m12 = 0, m13 = 0, m14 = 0, m15 = 0;
  int m16 = 0, m17 = 0, m18 = 0, m19 = 0, m20 = 0, m21 = 0, m22 = 0, m23 = 0, m24 = 0, m25 = 0,
      m26 = 0, m27 = 0, m28 = 0, m29 = 0, m30 = 0, m31 = 0;
  int m32 = 0, m33 = 0, m34 = 0, m35 = 0, m36 = 0, m37 = 0, m38 = 0, m39 = 0, m40 = 0, m41 = 0,
      m42 = 0, m43 = 0, m44 = 0, m45 = 0, m46 = 0, m47 = 0;
  int m48 = 0, m49 = 0, m50 = 0, m51 = 0, m52 = 0, m53 = 0, m54 = 0, m55 = 0, m56 = 0, m57 = 0,
      m58 = 0, m59 = 0, m60 = 0, m61 = 0, m62 = 0, m63 = 0;
  bool operator==(const Wide&) const = default;
};
ASYNCLLM_DESCRIBE(
    Wide,
    m0,
    m1,
    m2,
    m3,
    m4,
    m5,
    m6,
    m7,
    m8,
    m9,
    m10,
    m11,
    m12,
    m13,
    m14,
    m15,
    m16,
    m17,
    m18,
    m19,
    m20,
    m21,
    m22,
    m23,
    m24,
    m25,
    m26,
    m27,
    m28,
    m29,
    m30,
    m31,
    m32,
    m33,
    m34,
    m35,
    m36,
    m37,
    m38,
    m39,
    m40,
    m41,
    m42,
    m43,
    m44,
    m45,
    m46,
    m47,
    m48,
    m49,
    m50,
    m51,
    m52,
    m53,
    m54,
    m55,
    m56,
    m57,
    m58,
    m59,
    m60,
    m61,
    m62,
    m63)

}  // namespace described

namespace foreign {

struct Point {
  double x = 0, y = 0;
  bool operator==(const Point&) const = default;
};

}  // namespace foreign

template <>
struct asyncllm::schema::Describe<foreign::Point> {
  static constexpr auto members()
  {
    return std::tuple(
        member("x", &foreign::Point::x, "To the right"), member("y", &foreign::Point::y));
  }
};
