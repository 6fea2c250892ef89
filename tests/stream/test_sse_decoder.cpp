#include <asyncllm/impl/stream/sse_decoder.hpp>

#include "error_of.hpp"
#include "shared_data.hpp"
#include "test.hpp"

#include <string>
#include <vector>

using asyncllm::StreamEvent;
using asyncllm::stream::SseDecoder;
using nlohmann::json;

namespace {

// The events as JSON; `tail`, if wanted, gets what the end left over.
json decode(std::string_view bytes, std::size_t piece, std::string* tail = nullptr)
{
  SseDecoder decoder;
  json events = json::array();
  support::in_pieces(bytes, piece, [&](std::string_view part) {
    const std::string copy(part);  // gone after the call, as a read buffer's bytes are
    decoder.feed(copy, [&](const StreamEvent& event) {
      events.push_back({{"event", event.type}, {"data", event.data}, {"id", event.id}});
    });
  });
  const auto rest = decoder.unterminated();
  if (tail)
    *tail = rest ? std::string(rest->data) : std::string();
  return events;
}

std::vector<std::string> data_of(std::string_view bytes, std::size_t piece)
{
  std::vector<std::string> data;
  for (const auto& event : decode(bytes, piece))
    data.push_back(event["data"]);
  return data;
}

using Data = std::vector<std::string>;

}  // namespace

TEST_CASE("SSE: lines may end in three ways, also mixed, wherever they are cut", "[stream]")
{
  for (std::size_t piece = 0; piece < 12; ++piece) {
    CHECK(data_of("data: a\n\ndata: b\n\n", piece) == Data{"a", "b"});
    CHECK(data_of("data: a\r\rdata: b\r\r", piece) == Data{"a", "b"});
    CHECK(data_of("data: a\r\n\r\ndata: b\r\n\r\n", piece) == Data{"a", "b"});
    CHECK(data_of("data: a\n\r\ndata: b\r\n\rdata: c\r\n\n", piece) == Data{"a", "b", "c"});
  }
}

TEST_CASE("SSE: one space after the colon is not part of the value, and is optional", "[stream]")
{
  CHECK(data_of("data:a\n\ndata: a\n\ndata:  a\n\ndata\n\n", 0) == Data{"a", "a", " a", ""});
}

TEST_CASE("SSE: several data lines are joined by line feeds", "[stream]")
{
  for (std::size_t piece = 0; piece < 30; ++piece)
    CHECK(
        data_of("data: one\ndata: two\ndata:\ndata: four\n\n", piece) == Data{"one\ntwo\n\nfour"});
}

TEST_CASE("SSE: comments, unknown fields and events without data give nothing", "[stream]")
{
  for (std::size_t piece = 0; piece < 9; ++piece)
    CHECK(
        data_of(
            ": OPENROUTER PROCESSING\n\n:\n\nfoo: x\n\nevent: e\n\nretry: 99999999999999\n\ndata: "
            "a\n\n",
            piece) == Data{"a"});
}

TEST_CASE("SSE: the type lasts for one event, the id for all that follow", "[stream]")
{
  const auto events = decode("event: e\nid: 7\ndata: a\n\ndata: b\n\nid: x\0y\ndata: c\n\n", 3);
  CHECK(events[0] == json{{"event", "e"}, {"data", "a"}, {"id", "7"}});
  CHECK(events[1] == json{{"event", "message"}, {"data", "b"}, {"id", "7"}});
}

TEST_CASE("SSE: a byte order mark counts only at the start, whole or cut", "[stream]")
{
  for (std::size_t piece = 0; piece < 6; ++piece)
    CHECK(
        data_of(
            "\xEF\xBB\xBF"
            "data: a\n\n\xEF\xBB\xBF"
            "data: b\n\n",
            piece) == Data{"a"});
}

TEST_CASE("SSE: an error field is data, as older llama.cpp servers send it", "[stream]")
{
  const auto events = decode("error: {\"code\":500}\n\ndata: a\n\n", 0);
  CHECK(events[0] == json{{"event", "error"}, {"data", "{\"code\":500}"}, {"id", ""}});
  CHECK(events[1]["event"] == "message");
}

TEST_CASE(
    "SSE: an event without its blank line at the end is available, but not delivered", "[stream]")
{
  for (const std::string_view bytes : {"data: a\n\ndata: [DONE]", "data: a\n\ndata: [DONE]\n"})
    for (std::size_t piece = 0; piece < 6; ++piece) {
      std::string tail;
      CHECK(decode(bytes, piece, &tail).size() == 1);
      CHECK(tail == "[DONE]");
    }
  std::string tail = "x";
  decode("data: a\n\n: comment", 0, &tail);
  CHECK(tail.empty());
}

TEST_CASE("SSE: an event that lies whole in the bytes is not copied", "[stream]")
{
  const std::string bytes = "data: first\n\ndata: second\n\n";
  SseDecoder decoder;
  decoder.feed(bytes, [&](const StreamEvent& event) {
    CHECK(event.data.data() >= bytes.data());
    CHECK(event.data.data() < bytes.data() + bytes.size());
  });
}

TEST_CASE("SSE: events above the limit are refused, whole, in pieces or in many lines", "[stream]")
{
  const auto feed = [](const std::string& bytes, std::size_t piece) {
    return [=] {
      SseDecoder decoder(100);
      support::in_pieces(bytes, piece, [&](std::string_view part) {
        decoder.feed(part, [](const StreamEvent&) {});
      });
    };
  };
  const auto too_large = asyncllm::ErrorKind::response_too_large;
  std::string lines;
  for (int i = 0; i < 20; ++i)
    lines += "data: 0123456789\n";
  for (const std::size_t piece : {0U, 1U, 7U}) {
    CHECK(support::fails_with(
        too_large, "100 bytes", feed("data: " + std::string(101, 'x') + "\n\n", piece)));
    CHECK(support::fails_with(too_large, "100 bytes", feed(lines, piece)));
    CHECK_NOTHROW(feed("data: " + std::string(90, 'x') + "\n\n", piece)());
  }
  CHECK(support::fails_with(too_large, "100 bytes", feed(":" + std::string(1000, 'x'), 1)));
}

TEST_CASE(
    "SSE: the conformance cases of others give their events in every chunking",
    "[stream][recordings]")
{
  const auto path = support::shared_data("sse_cases.json");
  if (!path)
    return;
  int count = 0;
  const auto document = json::parse(support::read_file(*path));
  for (const auto& item : document["cases"]) {
    const auto name = item["name"].get<std::string>();
    const auto bytes = support::from_base64(item["input_b64"].get<std::string>());
    INFO(name);
    std::vector<std::size_t> sizes(
        std::begin(support::chunk_sizes), std::end(support::chunk_sizes));
    if (bytes.size() <= 400)
      for (std::size_t split = 3; split < bytes.size(); ++split)
        sizes.push_back(split);
    for (const auto size : sizes) {
      std::string tail;
      auto events = decode(bytes, size, &tail);
      // Our bytes stay as they are; the case has them decoded with replacement characters.
      const auto text = events.dump(-1, ' ', false, json::error_handler_t::replace);
      CHECK(json::parse(text) == item["expected_events"]);
      if (item.contains("undispatched_tail_at_eof"))
        CHECK(tail == item["undispatched_tail_at_eof"].get<std::string>());
    }
    ++count;
  }
  std::cout << count << " SSE cases\n";
}
