#include <asyncllm/core/detail/text.hpp>

#include "test.hpp"

#include <string>

TEST_CASE("text is trimmed at both ends only", "[core]")
{
  CHECK(asyncllm::detail::trim(" \t a b\r\n") == "a b");
  CHECK(asyncllm::detail::trim(" \n ").empty());
  CHECK(asyncllm::detail::trim("\"x\"", "\"") == "x");
}

TEST_CASE("only ASCII letters have case", "[core]")
{
  CHECK(asyncllm::detail::to_lower("ÄBC") == "Äbc");
  CHECK(asyncllm::detail::equal_ignoring_case("ChUnKeD", "chunked"));
  CHECK_FALSE(asyncllm::detail::equal_ignoring_case("@", "`"));
}

TEST_CASE("a text that is to end at a limit takes no more memory than that", "[core]")
{
  std::string text;
  for (int i = 0; i < 10; ++i) {
    asyncllm::detail::append_below(text, std::string(100, 'x'), 1000);
    CHECK(text.capacity() <= 1000);
  }
  CHECK((text == std::string(1000, 'x')));
  asyncllm::detail::append_below(text, "y", 1000);  // to be refused by the caller, but not lost
  CHECK(text.size() == 1001);
  CHECK(text.back() == 'y');
}
