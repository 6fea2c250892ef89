// What a body turns out to be that should be a stream, or a whole reply: inputs of every class,
// written small, in pieces of every size, without a socket.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/reply_decoder.hpp>
#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include "error_of.hpp"
#include "shared_data.hpp"
#include "test.hpp"

#include <string>
#include <string_view>

using namespace asyncllm;
using provider::WireKind;

namespace {

const provider::Wire& wire_of(WireKind kind)
{
  switch (kind) {
    case WireKind::openai: return provider::openai_wire();
    case WireKind::anthropic: return provider::anthropic_wire();
    case WireKind::responses: return provider::responses_wire();
    case WireKind::ollama: break;
  }
  return provider::ollama_wire();
}

Reply streamed(WireKind kind, std::string_view body, std::size_t piece = 0)
{
  client::ReplyDecoder decoder(wire_of(kind), Limits());
  provider::StreamedReply reply;
  support::in_pieces(body, piece, [&](std::string_view part) {
    const std::string copy(part);  // so that ASan sees what is read behind its end
    decoder.feed(copy, reply);
  });
  decoder.finish(reply);
  while (reply.next())
    continue;
  reply.complete();
  return reply.reply();
}

Reply whole(WireKind kind, std::string body)
{
  json::Reader reader;
  return client::read_reply(wire_of(kind), Limits(), body, reader);
}

// The error of the stream, the same in pieces of every size.
Error failure(WireKind kind, std::string_view body)
{
  const auto error = support::error_of([&] { streamed(kind, body); });
  REQUIRE(error);
  for (const auto piece : support::chunk_sizes) {
    const auto same = support::error_of([&] { streamed(kind, body, piece); });
    REQUIRE(same);
    CHECK(std::string(same->what()) == error->what());
    CHECK(same->partial_text() == error->partial_text());
  }
  return *error;
}

std::string text(WireKind kind, std::string_view body)
{
  const auto reply = streamed(kind, body);
  for (const auto piece : support::chunk_sizes)
    CHECK(streamed(kind, body, piece).text == reply.text);
  return reply.text;
}

bool has(std::string_view text, std::string_view words)
{
  return text.find(words) != text.npos;
}

const std::string hi = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n";
const std::string stop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string done = "data: [DONE]\n\n";
const std::string ollama_hi = "{\"message\":{\"content\":\"Hi\"},\"done\":false}\n";
const std::string ollama_stop = "{\"done\":true,\"done_reason\":\"stop\"}\n";

}  // namespace

TEST_CASE("a bare JSON line is the event that it would be with its frame", "[client]")
{
  const auto bare = "{\"choices\":[{\"delta\":{\"content\":\" you\"}}]}\n\n";
  CHECK(text(WireKind::openai, hi + bare + stop) == "Hi you");
  CHECK(text(WireKind::openai, hi + bare + stop + done) == "Hi you");
  CHECK(text(WireKind::openai, std::string(bare) + hi + stop) == " youHi");
  const auto cut = streamed(
      WireKind::openai,
      hi + "{\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n" + done);
  CHECK(cut.finish_reason == FinishReason::length);
  const auto in_lines = "{\n  \"choices\": [\n    {\"delta\": {\"content\": \"!\"}}\n  ]\n}\n";
  CHECK(text(WireKind::openai, hi + in_lines + stop) == "Hi!");
}

TEST_CASE("a bare JSON error ends the stream, whatever follows it", "[client]")
{
  const std::string errors[] = {
      "{\"error\":{\"message\":\"gone\",\"type\":\"server_error\"}}\n",
      "{\"error\":\"gone\"}\n\n",
      "[{\"error\":{\"code\":500,\"message\":\"gone\"}}]\n",
      "[{\n  \"error\": {\n    \"code\": 500,\n    \"message\": \"gone\"\n  }\n}\n]\n",
      "{\"object\":\"error\",\"message\":\"gone\",\"code\":50001}\n",
      "{\"success\":false,\"errors\":[{\"code\":7,\"message\":\"gone\"}]}\n"};
  for (const auto& error : errors)
    for (const auto& before : {std::string(), hi})
      for (const auto& behind : {std::string(), done, stop + done}) {
        INFO(before << error << behind);
        const auto failed = failure(WireKind::openai, before + error + behind);
        CHECK(failed.kind() == ErrorKind::server_error);
        CHECK(failed.server_message() == "gone");
        CHECK(failed.partial_text() == (before.empty() ? "" : "Hi"));
      }
}

TEST_CASE("an error event needs no member of that name", "[client]")
{
  for (const auto& error :
       {R"({"object":"error","message":"gone","code":500})",
        R"({"code":500,"msg":"gone"})",
        R"({"status":503,"message":"gone"})",
        R"({"detail":"gone"})",
        R"({"message":"gone"})"}) {
    INFO(error);
    for (const auto& behind : {std::string(), done}) {
      const auto failed = failure(WireKind::openai, hi + "data: " + error + "\n\n" + behind);
      CHECK(failed.server_message() == "gone");
      CHECK(failed.partial_text() == "Hi");
    }
    const auto failed = failure(WireKind::ollama, ollama_hi + error + "\n");
    CHECK(failed.server_message() == "gone");
    CHECK(failed.partial_text() == "Hi");
  }
}

TEST_CASE("a notice does not spoil a reply that gets its finish reason", "[client]")
{
  for (const auto* const notice :
       {"data: {\"message\":\"still loading\"}\n\n",
        "data: {\"detail\":\"routed to eu-1\"}\n\n",
        "data: {\"type\":\"cost\",\"cost\":0.1}\n\n",
        "a line of a log\n\n",
        "version: 3\n"}) {
    INFO(notice);
    CHECK(text(WireKind::openai, notice + hi + stop + done) == "Hi");
    CHECK(text(WireKind::openai, hi + notice + stop) == "Hi");
  }
}

TEST_CASE("plain text in a stream is the error of a reply without a finish reason", "[client]")
{
  const std::string words = "upstream connect error or disconnect/reset before headers\n";
  const auto alone = failure(WireKind::openai, words);
  CHECK(alone.kind() == ErrorKind::bad_response);
  CHECK(has(alone.what(), "upstream connect error"));
  for (const auto& behind : {std::string(), "\n" + done}) {
    const auto failed = failure(WireKind::openai, hi + words + behind);
    CHECK(failed.kind() == ErrorKind::incomplete);
    CHECK(has(failed.what(), "upstream connect error"));
    CHECK(failed.partial_text() == "Hi");
  }
  const auto cut = failure(WireKind::openai, hi + "{\"error\":{\"message\":\"the mod");
  CHECK(cut.kind() == ErrorKind::incomplete);
  CHECK(has(cut.what(), "the mod"));
  CHECK(failure(WireKind::ollama, words).kind() == ErrorKind::bad_response);
  CHECK(failure(WireKind::ollama, ollama_hi + words).partial_text() == "Hi");
}

TEST_CASE("the error for a page instead of a reply says so, with its first words", "[client]")
{
  const std::string page =
      "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n<body>Welcome</body></html>\n";
  for (const auto kind :
       {WireKind::openai, WireKind::anthropic, WireKind::ollama, WireKind::responses})
    for (const auto& error :
         {failure(kind, page), *support::error_of([&] { whole(kind, page); })}) {
      CHECK(error.kind() == ErrorKind::bad_response);
      CHECK(has(error.what(), "HTML"));
      CHECK(has(error.what(), "Sign in Welcome"));
      CHECK_FALSE(has(error.what(), "<"));
    }
}

TEST_CASE("what holds nothing does not end a stream", "[client]")
{
  for (const auto* const nothing :
       {"data: null\n\n",
        "data:\n\n",
        "data: \n\n",
        "data\n\n",
        "data: : ping\n\n",
        "data: : OPENROUTER PROCESSING\n\n",
        "data: {}\n\n",
        "data: []\n\n",
        "data: \"\"\n\n",
        "data: ping\n\n",
        "event: ping\ndata: \n\n",
        "event: heartbeat\ndata: {}\n\n",
        "null\n",
        ": comment\n\n",
        "retry: 10\n\n",
        "data: {\"choices\":null}\n\n",
        "data: {\"choices\":[null]}\n\n",
        "data: {\"choices\":[{\"delta\":null}]}\n\n",
        "data: {\"choices\":[{}]}\n\n",
        "data: {\"choices\":[],\"usage\":null}\n\n"}) {
    INFO(nothing);
    CHECK(text(WireKind::openai, nothing + hi + stop) == "Hi");
    CHECK(text(WireKind::openai, hi + nothing + stop + done) == "Hi");
  }
  for (const auto* const nothing : {"null\n", "\n", "{}\n", "[]\n", " \r\n", "\"\"\n"})
    CHECK(text(WireKind::ollama, ollama_hi + nothing + ollama_stop) == "Hi");
  const std::string delta =
      "data: {\"type\":\"content_block_delta\",\"index\":0,"
      "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n";
  const std::string end =
      "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n";
  for (const auto* const nothing :
       {"event: ping\ndata:\n\n", "event: ping\ndata: {\"type\":\"ping\"}\n\n", "data: null\n\n"})
    CHECK(text(WireKind::anthropic, nothing + delta + nothing + end) == "Hi");
}

TEST_CASE("keep-alives alone are not a reply", "[client]")
{
  for (const auto& body : {std::string(), done, "data: null\n\n" + done, std::string(": x\n\n")})
    CHECK(failure(WireKind::openai, body).kind() == ErrorKind::incomplete);
  CHECK(failure(WireKind::ollama, "null\n").kind() == ErrorKind::incomplete);
}

TEST_CASE("an error event without data is an error", "[client]")
{
  CHECK(failure(WireKind::openai, hi + "event: error\ndata:\n\n" + done).partial_text() == "Hi");
  CHECK(failure(WireKind::openai, hi + "event: error\ndata: gone\n\n").server_message() == "gone");
}

TEST_CASE("a whole reply instead of a stream is accepted", "[client]")
{
  const std::string reply =
      "{\"model\":\"m\",\"choices\":[{\"message\":{\"content\":\"OK\",\"reasoning\":\"Hm\"}}]}";
  for (const auto& tail : {std::string(), std::string("\n"), "\n\n" + done})
    CHECK(text(WireKind::openai, reply + tail) == "OK");
  const auto in_lines = "{\n \"choices\": [\n  {\"message\": {\"content\":\n \"OK\"}}\n ]\n}\n";
  CHECK(text(WireKind::openai, in_lines) == "OK");
  CHECK(streamed(WireKind::openai, reply).reasoning == "Hm");
  CHECK(text(WireKind::ollama, "{\"message\":{\"content\":\"OK\"},\"done\":true}") == "OK");
  CHECK(
      text(WireKind::ollama, "{\n \"message\":\n {\"content\":\"OK\"},\n \"done\":true}\n") ==
      "OK");
  CHECK(
      text(
          WireKind::anthropic,
          "{\"type\":\"message\",\"content\":[{\"type\":\"text\",\"text\":\"OK\"}],"
          "\"stop_reason\":\"end_turn\"}") == "OK");
  CHECK(
      text(
          WireKind::responses,
          R"({"status":"completed","output":[{"type":"message","content":[{"type":"output_text",)"
          R"("text":"OK"}]}]})") == "OK");
}

TEST_CASE("a stream of responses that ends without its last event is incomplete", "[client]")
{
  const std::string delta =
      R"(data: {"type":"response.output_text.delta","output_index":0,"delta":"Hi"})"
      "\n\n";
  const std::string end = R"(data: {"type":"response.completed","response":{"output":[]}})"
                          "\n\n";
  for (const auto* const tail :
       {"", "data: [DONE]\n\n", "data: {\"type\":\"keepalive\"}\n\n", "data: {\"type\":\"resp"}) {
    INFO(tail);
    const auto error = failure(WireKind::responses, delta + tail);
    CHECK(error.kind() == ErrorKind::incomplete);
    CHECK(error.partial_text() == "Hi");
    CHECK(text(WireKind::responses, delta + end + tail) == "Hi");
  }
  CHECK(whole(WireKind::responses, delta + end).text == "Hi");
}

TEST_CASE("a stream instead of a whole reply is collected", "[client]")
{
  CHECK(whole(WireKind::openai, hi + stop + done).text == "Hi");
  CHECK(whole(WireKind::openai, ": ping\n\n" + hi + stop).text == "Hi");
  CHECK(whole(WireKind::ollama, ollama_hi + ollama_stop).text == "Hi");
  CHECK(
      whole(
          WireKind::openai,
          "{\"choices\":[{\"message\":{\"content\":\"OK\"},\"finish_reason\":\"stop\"}]}\n\n" +
              done)
          .text == "OK");
  const auto cut = support::error_of([] { whole(WireKind::openai, hi); });
  REQUIRE(cut);
  CHECK(cut->kind() == ErrorKind::incomplete);
  CHECK(cut->partial_text() == "Hi");
  const auto error = support::error_of(
      [] { whole(WireKind::openai, hi + "data: {\"error\":{\"message\":\"gone\"}}\n\n"); });
  REQUIRE(error);
  CHECK(error->server_message() == "gone");
  CHECK(error->partial_text() == "Hi");
}

TEST_CASE("a whole answer that is not a reply is an error with the server's message", "[client]")
{
  for (const auto* const body :
       {R"({"code":500,"msg":"gone","success":false})",
        R"({"detail":"gone"})",
        R"({"object":"error","message":"gone","code":50001})",
        R"({"result":null,"success":false,"errors":[{"code":7,"message":"gone"}]})",
        R"([{"error":{"message":"gone"}}])",
        R"({"message":"gone"})"})
    for (const auto kind :
         {WireKind::openai, WireKind::anthropic, WireKind::ollama, WireKind::responses}) {
      INFO(body);
      const auto error = support::error_of([&] { whole(kind, body); });
      REQUIRE(error);
      CHECK(error->kind() == ErrorKind::server_error);
      CHECK(error->server_message() == "gone");
      CHECK(failure(kind, body).server_message() == "gone");
    }
}

TEST_CASE("a whole answer without a message is quoted", "[client]")
{
  const auto what = [](const char* body) {
    const auto error = support::error_of([&] { whole(WireKind::openai, body); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::bad_response);
    return std::string(error->what());
  };
  CHECK(has(what(R"({"id":"x","choices":[]})"), R"({"id":"x","choices":[]})"));
  CHECK(has(what(R"({"choices":[{"mess)"), R"({"choices":[{"mess)"));
  CHECK(has(what("no healthy upstream"), "no healthy upstream"));
  CHECK(has(what(""), "empty"));
  CHECK(has(what(" \n"), "empty"));
  CHECK(has(what("null"), "null"));
}
