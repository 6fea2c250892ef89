#include "error_of.hpp"
#include "json/reader.hpp"
#include "json/repair.hpp"
#include "test.hpp"

#include <string>

using namespace asyncllm;

namespace {

// The member "a" as text.
std::string read_a(std::string text)
{
  std::string found;
  json::read_object(text, [&](json::Object object) {
    found.clear();
    for (auto field : object)
      if (const std::string_view key = field.unescaped_key(); key == "a")
        found += json::text_or_null(field.value());
  });
  return found;
}

}  // namespace

TEST_CASE("an object is read with white space around it and unread fields of any kind", "[json]")
{
  CHECK(read_a("\n\n {\"b\":[{\"a\":1}],\"a\":\"x\",\"c\":null} \r\n") == "x");
  CHECK(read_a(R"({"\u0061":"escaped key"})") == "escaped key");
  CHECK(read_a(R"({"a":null})").empty());
  CHECK(read_a("{}").empty());
}

TEST_CASE("what is not one JSON object is a bad response", "[json]")
{
  for (const auto* text :
       {"",
        " ",
        "[]",
        "\"a\"",
        "null",
        "{\"a\":\"x\"",
        "{\"a\":\"x",
        "{\"a\":\"x\"} x",
        "{\"a\":\"x\"}}",
        "{\"a\":\"x\"},",
        "{} {}",
        "<html>",
        "{\"a\":1}",
        "{\"a\":{}}",
        "{\"a\" \"x\"}"}) {
    INFO(text);
    CHECK(support::fails_with(ErrorKind::bad_response, "JSON", [&] { read_a(text); }));
  }
}

TEST_CASE("a byte that is no UTF-8 becomes U+FFFD and costs nothing else", "[json]")
{
  CHECK(
      read_a("{\"a\":\"b\xff"
             "c\"}") == "b\uFFFDc");
  CHECK(read_a("{\"b\":\"\xc3\",\"a\":\"ok\"}") == "ok");
}

TEST_CASE("a lone surrogate becomes U+FFFD, a pair stays", "[json]")
{
  CHECK(read_a(R"({"a":"\ud83d!"})") == "\uFFFD!");
  CHECK(read_a(R"({"a":"\ude00!"})") == "\uFFFD!");
  CHECK(read_a(R"({"a":"\ud83d\ude00"})") == "😀");
  CHECK(read_a(R"({"a":"\ud83d\ud83d\ude00"})") == "\uFFFD😀");
  CHECK(read_a(R"({"a":"\\ud83d"})") == R"(\ud83d)");  // a backslash and five letters
}

TEST_CASE("repairing leaves right text alone", "[json]")
{
  const std::string right = "{\"a\":\"wörld 你好 🌍 \\n \\\\ \\ud83d\\ude00 \\u00e4\"}";
  CHECK(json::repaired(right) == right);
  CHECK(json::has_surrogate_escapes(right));
  CHECK_FALSE(json::has_surrogate_escapes("\\u00e4 \\uD7FF \\uE000"));
  CHECK(json::repaired("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");
  CHECK(json::repaired("\\") == "\\");
  CHECK(json::repaired("\\ud8") == "\\ud8");
}

TEST_CASE("integers may come as numbers with a fraction of zero", "[json]")
{
  std::string text = R"({"n":[3,3.0,-1,1e3,"4",null,18446744073709551615,true]})";
  std::vector<std::int64_t> read;
  json::read_object(text, [&](json::Object object) {
    for (auto field : object)
      for (json::Value value : field.value().get_array())
        read.push_back(json::integer_if(value).value_or(-99));
  });
  CHECK(read == std::vector<std::int64_t>{3, 3, -1, 1000, -99, -99, -99, -99});
}
