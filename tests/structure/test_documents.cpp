// What the documents say about the tests.
#include "test.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path project = ASYNCLLM_SOURCE_DIR;

std::string text_of(const fs::path& file)
{
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string with_single_blanks(const std::string& text)
{
  static const std::regex blanks("\\s+");
  return std::regex_replace(text, blanks, " ");
}

// The first string of each TEST_CASE below `folder`; one that is written in two parts is joined.
std::set<std::string> names_of_tests(const fs::path& folder)
{
  static const std::regex pattern(
      "TEST_CASE\\(\\s*\"((?:[^\"\\\\]|\\\\.)*)\"(?:\\s*\"([^\"]*)\")?");
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".cpp")
      continue;
    const auto text = text_of(entry.path());
    for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it)
      names.insert((*it)[1].str() + (*it)[2].str());
  }
  return names;
}

}  // namespace

TEST_CASE("each test that docs/reliability.md names exists")
{
  const auto names = names_of_tests(project / "tests");
  REQUIRE(names.size() > 500);
  const auto page = with_single_blanks(text_of(project / "docs" / "reliability.md"));
  static const std::regex quoted("\"([a-zA-Z][^\"`]{24,})\"");
  int found = 0;
  std::vector<std::string> unknown;
  for (std::sregex_iterator it(page.begin(), page.end(), quoted), end; it != end; ++it) {
    ++found;
    if (const auto name = (*it)[1].str(); !names.contains(name) && name.find("://") == name.npos)
      unknown.push_back(name);
  }
  CHECK(unknown == std::vector<std::string>{});
  CHECK(found > 80);
}
