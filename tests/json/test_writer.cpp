#include <asyncllm/impl/json/writer.hpp>

#include "test.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

using asyncllm::json::Writer;

TEST_CASE("the writer sets commas, colons and brackets", "[json]")
{
  std::string out;
  Writer json(out);
  json.begin_object().member("a", 1).member("b", "x").key("c").begin_array();
  json.value(true).value(0.7).begin_object().end_object().raw("[1]").end_array();
  json.member("d", std::string("y")).key("e").begin_array().end_array().end_object();
  CHECK(out == R"({"a":1,"b":"x","c":[true,0.7,{},[1]],"d":"y","e":[]})");
}

TEST_CASE("a member that is not set is not written", "[json]")
{
  std::string out;
  Writer json(out);
  json.begin_object()
      .member_if("a", std::optional<int>())
      .member_if("b", std::optional(false))
      .member_if("c", std::optional<double>())
      .end_object();
  CHECK(out == R"({"b":false})");
}

TEST_CASE("every byte value below 0x80 survives as a JSON string", "[json]")
{
  std::string text;
  for (int c = 0; c < 0x80; ++c)
    text += static_cast<char>(c);
  text += "wörld 你好 🌍";
  std::string out;
  asyncllm::json::append_string(out, text);
  CHECK(nlohmann::json::parse(out).get<std::string>() == text);
}

TEST_CASE("numbers are written shortest and read back the same", "[json]")
{
  std::string out;
  Writer(out)
      .begin_array()
      .value(0.1)
      .value(1.0)
      .value(1e300)
      .value(-9223372036854775807LL)
      .end_array();
  const auto read = nlohmann::json::parse(out);
  CHECK(read[0] == 0.1);
  CHECK(read[1] == 1);
  CHECK(read[2] == 1e300);
  CHECK(read[3] == -9223372036854775807LL);
  CHECK(out.find("0.1,1,") != std::string::npos);
}

TEST_CASE("UTF-8 is distinguished from other bytes", "[json]")
{
  using asyncllm::json::is_utf8;
  CHECK(is_utf8(""));
  CHECK(is_utf8("wörld 🌍"));
  CHECK_FALSE(is_utf8("\xff"));
  CHECK_FALSE(is_utf8("cut \xf0\x9f\x8c"));
  CHECK_FALSE(is_utf8("\xc0\xaf"));      // overlong
  CHECK_FALSE(is_utf8("\xed\xa0\x80"));  // a surrogate
}
