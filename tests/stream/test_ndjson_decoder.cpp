#include <asyncllm/impl/stream/ndjson_decoder.hpp>

#include "error_of.hpp"
#include "shared_data.hpp"
#include "test.hpp"

#include <string>
#include <vector>

using asyncllm::StreamEvent;
using asyncllm::stream::NdjsonDecoder;
using nlohmann::json;

namespace {

std::vector<std::string> lines_of(std::string_view bytes, std::size_t piece)
{
  NdjsonDecoder decoder;
  std::vector<std::string> lines;
  support::in_pieces(bytes, piece, [&](std::string_view part) {
    const std::string copy(part);
    decoder.feed(copy, [&](const StreamEvent& event) { lines.emplace_back(event.data); });
  });
  if (const auto last = decoder.unterminated())
    lines.emplace_back(last->data);
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "NDJSON: lines come whole wherever they are cut, the last one also without its end", "[stream]")
{
  for (std::size_t piece = 0; piece < 9; ++piece) {
    CHECK(lines_of("{\"a\":1}\n{\"a\":2}\n", piece) == Lines{"{\"a\":1}", "{\"a\":2}"});
    CHECK(lines_of("{\"a\":1}\r\n\n \r\n{\"a\":2}", piece) == Lines{"{\"a\":1}", "{\"a\":2}"});
    CHECK(lines_of("\xEF\xBB\xBF{}\n", piece) == Lines{"{}"});
    CHECK(lines_of("", piece).empty());
    CHECK(lines_of("\n\n", piece).empty());
  }
}

TEST_CASE("NDJSON: a carriage return alone ends no line", "[stream]")
{
  CHECK(lines_of("{}\r{}\n", 0) == Lines{"{}\r{}"});
}

TEST_CASE("NDJSON: lines above the limit are refused, whole or in pieces", "[stream]")
{
  for (const std::size_t piece : {0U, 1U, 7U})
    for (const auto* end : {"\n", ""})
      CHECK(support::fails_with(asyncllm::ErrorKind::response_too_large, "100 bytes", [&] {
        NdjsonDecoder decoder(100);
        support::in_pieces(std::string(101, 'x') + end, piece, [&](std::string_view part) {
          decoder.feed(part, [](const StreamEvent&) {});
        });
      }));
}

TEST_CASE(
    "NDJSON: the conformance cases give their values in every chunking", "[stream][recordings]")
{
  const auto path = support::shared_data("ndjson_cases.json");
  if (!path)
    return;
  int count = 0;
  const auto document = json::parse(support::read_file(*path));
  for (const auto& item : document["cases"]) {
    const auto name = item["name"].get<std::string>();
    const auto bytes = support::from_base64(item["input_b64"].get<std::string>());
    INFO(name);
    for (const auto size : support::chunk_sizes) {
      json values = json::array();
      bool bad = false;
      for (const auto& line : lines_of(bytes, size)) {
        auto value = json::parse(line, nullptr, false);
        if (value.is_discarded()) {
          bad = true;
          break;
        }
        values.push_back(std::move(value));
      }
      if (item["expected_error"] == "any")
        continue;
      CHECK(values == item["expected_values"]);
      CHECK(bad == !item["expected_error"].is_null());
    }
    ++count;
  }
  std::cout << count << " NDJSON cases\n";
}
