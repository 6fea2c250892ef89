// What real servers, gateways and environments were reported to send, where the cases are present.
// different.tsv names the cases that do not come out as they expect, each with the reason; a case
// that is listed there and does come out so has to leave the list.
#include "field/replay.hpp"
#include "shared_data.hpp"
#include "test.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace {

std::map<std::string, std::string> listed_as_different()
{
  std::map<std::string, std::string> reasons;
  std::ifstream list(ASYNCLLM_FIELD_DIFFERENT);
  for (std::string row; std::getline(list, row);)
    if (const auto tab = row.find('\t'); tab != row.npos)
      reasons[row.substr(0, tab)] = row.substr(tab + 1);
  return reasons;
}

std::vector<std::filesystem::path> field_cases(const std::filesystem::path& folder)
{
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".json")
      files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

}  // namespace

TEST_CASE("the cases of the field come out as they expect", "[field]")
{
  const auto folder = support::shared_data("field");
  if (!folder)
    return;
  const auto reasons = listed_as_different();
  int count = 0, as_expected = 0;
  for (const auto& file : field_cases(*folder)) {
    const auto field_case = field::Json::parse(support::read_file(file));
    const auto found = field::differences(field_case["expected"], field::replay(field_case));
    const auto name = field_case["name"].get<std::string>();
    std::string all;
    for (const auto& one : found)
      all += "\n  " + one;
    INFO(name << " [" << field_case["class"].get<std::string>() << "]" << all);
    CHECK(found.empty() != reasons.contains(name));
    ++count;
    as_expected += found.empty() ? 1 : 0;
  }
  std::cout << "field: " << as_expected << " of " << count << " cases come out as they expect\n";
}
