#include <asyncllm/core/header_list.hpp>
#include <asyncllm/core/text.hpp>

#include "test.hpp"

#include <string>

TEST_CASE("header names are found in any case, the first one wins", "[core]")
{
  const asyncllm::HeaderList headers{{"Content-Type", "a"}, {"content-type", "b"}, {"X", ""}};
  CHECK(asyncllm::find_header(headers, "CONTENT-TYPE") == "a");
  CHECK(asyncllm::find_header(headers, "x") == "");
  CHECK_FALSE(asyncllm::find_header(headers, "Content-Typ"));
}

TEST_CASE("text is trimmed at both ends only", "[core]")
{
  CHECK(asyncllm::trim(" \t a b\r\n") == "a b");
  CHECK(asyncllm::trim(" \n ").empty());
  CHECK(asyncllm::trim("\"x\"", "\"") == "x");
}

TEST_CASE("only ASCII letters have case", "[core]")
{
  CHECK(asyncllm::to_lower("ÄBC") == "Äbc");
  CHECK(asyncllm::equal_ignoring_case("ChUnKeD", "chunked"));
  CHECK_FALSE(asyncllm::equal_ignoring_case("@", "`"));
}
