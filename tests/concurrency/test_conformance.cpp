// conformance.md: every promise of the list has its test, and every numbered test its promise.
#include "test.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace {

const std::filesystem::path room = std::filesystem::path(ASYNCLLM_SOURCE_DIR) / "tests/concurrency";

std::string text_of(const std::filesystem::path& path)
{
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Place {
  std::string test;  // "gather 10b", or "as_completed 41 and 42"
  std::string file;
  auto operator<=>(const Place&) const = default;
};

using Tests = std::map<int, std::set<Place>>;  // by the number of the promise

Tests numbered_tests()
{
  const std::regex test_case(R"(TEST_CASE\(\s*"([a-z_ ]+ (\d+)[a-z]?(?: and (\d+))?): )");
  Tests tests;
  for (const auto& entry : std::filesystem::directory_iterator(room)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("test_"))
      continue;
    const std::string text = text_of(entry.path());
    for (std::sregex_iterator match(text.begin(), text.end(), test_case), end; match != end;
         ++match)
      for (const std::size_t group : {2u, 3u})
        if ((*match)[group].matched)
          tests[std::stoi((*match)[group])].insert(Place{(*match)[1], name});
  }
  return tests;
}

struct Row {
  std::string promise, tests, files;
};

std::map<int, Row> rows_of_the_list()
{
  const std::regex row(R"(\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]*) \|)");
  std::map<int, Row> rows;
  std::ifstream file(room / "conformance.md");
  std::smatch match;
  for (std::string line; std::getline(file, line);)
    if (std::regex_match(line, match, row))
      rows.emplace(std::stoi(match[1]), Row{match[2], match[3], match[4]});
  return rows;
}

// "a, b, c", each once
template <class Member>
std::string joined(const std::set<Place>& places, Member member)
{
  std::set<std::string> all;
  for (const Place& place : places)
    all.insert(place.*member);
  std::string text;
  for (const std::string& one : all)
    text += (text.empty() ? "" : ", ") + one;
  return text;
}

}  // namespace

TEST_CASE("every line of the conformance list is a test, or says why it cannot be one")
{
  const auto tests = numbered_tests();
  const auto rows = rows_of_the_list();
  CHECK(rows.size() == 108);
  for (int number = 1; number <= 108; ++number) {
    CAPTURE(number);
    REQUIRE(rows.contains(number));
    const Row& row = rows.at(number);
    if (row.tests.starts_with("cannot apply: ")) {
      CHECK_FALSE(tests.contains(number));
      continue;
    }
    REQUIRE(tests.contains(number));
    CHECK(row.tests == joined(tests.at(number), &Place::test));
    CHECK(row.files == joined(tests.at(number), &Place::file));
  }
}

TEST_CASE("every numbered test of the concurrency room is a line of the conformance list")
{
  const auto rows = rows_of_the_list();
  for (const auto& [number, places] : numbered_tests()) {
    CAPTURE(number, joined(places, &Place::test));
    CHECK(rows.contains(number));
  }
}
