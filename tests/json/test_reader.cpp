#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/json/repair.hpp>

#include "error_of.hpp"
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

TEST_CASE("the name of a member is compared as it reads, escaped or not", "[json]")
{
  const auto has = [](std::string text, std::string_view name) {
    json::Reader reader;
    bool found = false;
    reader.object(text, [&](json::Object object) {
      for (auto field : object) {
        const auto key = reader.key(field);
        for (auto inner : json::Object(field.value().get_object()))
          found |= reader.key(inner) == "inner";  // names are not lost by reading further ones
        found |= key == name;
      }
    });
    return found;
  };
  CHECK(has(R"({"error":{}})", "error"));
  CHECK(has(R"({"\u0065rr\u006fr":{}})", "error"));
  CHECK(has(R"({"\u0065rror":{"\u0061":{},"b":{}}})", "error"));
  CHECK(has(R"({"":{}, "\u0020":{}})", ""));
  for (const auto* const other :
       {R"({"err":{}})",
        R"({"error2":{}})",
        R"({"Error":{}})",
        R"({"error\u0022":{}})",
        R"({"error\u0022 x":{}})",
        R"({"error\"x":{}, "\u0061":{}})",
        R"({"error\\":{}})",
        R"({"\u0000error":{}})",
        R"({"error\u0000":{}})",
        R"({"":{}, "\u0061":{}})"}) {
    INFO(other);
    CHECK_FALSE(has(other, "error"));
  }
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

TEST_CASE("a byte that is not UTF-8 becomes U+FFFD and the rest stays", "[json]")
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

TEST_CASE("half of a surrogate pair at the end of a text of a reply is kept as a mark", "[json]")
{
  const auto read = [](const std::string& text, bool& has_marks) {
    json::HalfJoiner joiner;
    const auto joined = joiner.join(json::repaired(text, has_marks));
    return joined + joiner.rest();
  };
  const auto is_marked = [&](const std::string& text) {
    bool has_marks = false;
    read(text, has_marks);
    return has_marks;
  };
  for (const auto* const text :
       {R"({"content":"\ud83d"})",
        R"({"a":{"text" : "\ude00b"}})",
        R"({"arguments":"{\"a\":\"\uD83D"})",
        R"([{"x":"\u0061","thinking":"a\\\ud83d"}])"}) {
    INFO(text);
    CHECK(is_marked(text));
  }
  for (const auto* const text :
       {R"({"content":"a\ud83db"})",
        R"({"content":"\ud83d\ude00"})",
        R"({"content":"\ud83d\ud83d\ude00"})",
        R"({"name":"\ud83d"})",
        R"({"content":["\ud83d"]})",
        R"({"content":"\\ud83d"})",
        R"({"content":"\ud83d","a":"\udbfc\udc00"})",
        "{\"content\":\"\\ud83d\",\"a\":\"\xf4\x8f\x80\x80\"}"}) {
    INFO(text);
    CHECK_FALSE(is_marked(text));
  }
}

TEST_CASE("halves of surrogate pairs are joined over pieces", "[json]")
{
  bool has_marks = false;
  const auto value = [&](const std::string& escaped) {  // with its marks
    const auto text = json::repaired("{\"text\":\"" + escaped + "\"}", has_marks);
    return text.substr(9, text.size() - 11);
  };
  json::HalfJoiner joiner;
  CHECK(joiner.join(value("a\\ud83d")) == "a");
  CHECK(joiner.is_waiting());
  CHECK(joiner.join("") == "");
  CHECK(joiner.join(value("\\ude00b")) == "😀b");
  CHECK_FALSE(joiner.is_waiting());
  CHECK(joiner.join(value("\\ude00")) == "\uFFFD");
  CHECK(joiner.join(value("\\ud83d")) == "");
  CHECK(joiner.join(value("\\ud83c")) == "\uFFFD");
  CHECK(joiner.join("c") == "\uFFFDc");
  CHECK(joiner.join(value("\\udbff")) == "");
  CHECK(joiner.join(value("\\udfff")) == "\xf4\x8f\xbf\xbf");
  CHECK(joiner.join(value("\\ud800")) == "");
  CHECK(joiner.join(value("\\udc00")) == "\xf0\x90\x80\x80");
  CHECK(joiner.join(value("\\ud83d")) == "");
  CHECK(joiner.rest() == "\uFFFD");
  CHECK(joiner.rest() == "");
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
