#include <asyncllm/core/header_list.hpp>

#include "test.hpp"

#include <string>
#include <utility>

using asyncllm::HeaderList;

TEST_CASE("header names are found in any case, the first one wins", "[core]")
{
  const HeaderList headers{{"Content-Type", "a"}, {"content-type", "b"}, {"X", ""}};
  CHECK(headers.find("CONTENT-TYPE") == "a");
  CHECK(headers.find("x") == "");
  CHECK_FALSE(headers.find("Content-Typ"));
}

TEST_CASE("header fields are read in their order, as pairs", "[core]")
{
  HeaderList headers;
  CHECK(headers.empty());
  CHECK(headers.begin() == headers.end());
  headers.emplace_back("A", "");
  headers.emplace_back("", "1");
  headers.append({{"B", "two"}, {"A", "3"}});
  std::string all;
  for (const auto& [name, value] : headers)
    all.append(name).append("=").append(value).append(";");
  CHECK(all == "A=;=1;B=two;A=3;");
  CHECK(headers.size() == 4);
  CHECK(headers[2].first == "B");
  CHECK(headers[2].second == "two");
}

TEST_CASE("header lists are equal by their fields, not by their bytes", "[core]")
{
  CHECK((HeaderList{{"ab", "c"}} == HeaderList{{"ab", "c"}}));
  CHECK_FALSE((HeaderList{{"ab", "c"}} == HeaderList{{"a", "bc"}}));
  CHECK_FALSE((HeaderList{{"a", "b"}, {"c", "d"}} == HeaderList{{"ab", "cd"}}));
  HeaderList moved_from{{"a", "b"}};
  const HeaderList moved = std::move(moved_from);
  CHECK(moved[0].second == "b");
}

TEST_CASE("a name of a field is a token", "[core]")
{
  CHECK(asyncllm::detail::is_token("X-Request_id.1~"));
  for (const auto* name : {"", " ", "a b", "a:", "a\t", "\x7f", "\xc3\xa4", "a\r\n"}) {
    INFO(name);
    CHECK_FALSE(asyncllm::detail::is_token(name));
  }
}
