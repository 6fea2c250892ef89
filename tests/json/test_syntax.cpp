#include <asyncllm/impl/json/syntax.hpp>

#include "mutations.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <string>

using asyncllm::json::is_json;
using asyncllm::json::is_json_object;
using asyncllm::json::SyntaxChecker;
using namespace std::string_literals;

TEST_CASE("what RFC 8259 calls JSON is JSON", "[json]")
{
  for (const auto* text :
       {"{}",
        "[]",
        " [ ] ",
        "0",
        "-0",
        "1.5e+3",
        "1E-2",
        "123456789012345678901234567890",
        "1e999",
        "true",
        "false",
        "null",
        "\"\"",
        R"("\"\\\/\b\f\n\r\t\u00e9\ud83d")",
        R"({"a":1,"a":[{}]})",
        "\r\n\t {\"a\" : [ 1 , 2 ] } \n"}) {
    INFO(text);
    CHECK(is_json(text));
  }
  CHECK(is_json_object(" {\"a\":1}"));
  CHECK_FALSE(is_json_object("[1]"));
}

TEST_CASE("what RFC 8259 does not call JSON is none", "[json]")
{
  for (const auto& text :
       {""s,
        " "s,
        "{"s,
        "}"s,
        "{]"s,
        "[1,]"s,
        "{\"a\":1,}"s,
        "{,}"s,
        "[,1]"s,
        "{\"a\" 1}"s,
        "{\"a\":}"s,
        "{a:1}"s,
        "{1:1}"s,
        "01"s,
        "-"s,
        "+1"s,
        ".5"s,
        "1."s,
        "1e"s,
        "1e+"s,
        "0x1"s,
        "NaN"s,
        "Infinity"s,
        "tru"s,
        "truer"s,
        "nul"s,
        "\""s,
        "\"\\x\""s,
        "\"\\u12g4\""s,
        "\"a\nb\""s,
        "'a'"s,
        "{} {}"s,
        "{}{}"s,
        "1 2"s,
        "/**/{}"s,
        "{}\0"s,
        "{}\0,\"evil\":1"s,
        "\xEF\xBB\xBF{}"s,
        "\"\xff\""s,
        "\"\xed\xa0\xbd\""s}) {
    INFO(text);
    CHECK_FALSE(is_json(text));
  }
}

TEST_CASE("nesting is bounded", "[json]")
{
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(is_json(nested(SyntaxChecker::max_depth)));
  CHECK_FALSE(is_json(nested(SyntaxChecker::max_depth + 1)));
  CHECK_FALSE(is_json(std::string(1'000'000, '[')));
}

TEST_CASE("two readers agree on every mutation of a JSON text", "[json]")
{
  const std::string sample =
      R"({"a":[1,-2.5e3,true,false,null,{}],"b":{"c":"\u00e9\n","d":[]},"e":0})";
  support::for_each_mutation(sample, [](const std::string& text) {
    // nlohmann skips a byte order mark and takes a NUL for the end.
    const bool is_special = text.find('\0') != text.npos || text.starts_with("\xEF\xBB\xBF");
    INFO(text);
    CHECK(is_json(text) == (!is_special && nlohmann::json::accept(text)));
  });
}

TEST_CASE("a text may come in any pieces", "[json]")
{
  const std::string text = R"({"a":[1,"\u00e9"],"b":null})";
  SyntaxChecker checker;
  for (std::size_t at = 0; at < text.size(); ++at) {
    CHECK_FALSE(checker.is_complete());
    checker.feed(text.substr(at, 1));
    CHECK_FALSE(checker.has_failed());
  }
  CHECK(checker.is_complete());
  checker.feed(" \n");
  CHECK(checker.is_complete());
  checker.feed("{");
  CHECK(checker.has_failed());
}
