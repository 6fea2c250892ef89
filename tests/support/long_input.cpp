#include "long_input.hpp"

#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/reply_decoder.hpp>
#include <asyncllm/impl/client/secrets.hpp>
#include <asyncllm/impl/http/parse/content_decoder.hpp>
#include <asyncllm/impl/http/parse/response_parser.hpp>
#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/preset.hpp>
#include <asyncllm/impl/provider/reply/streamed_reply.hpp>
#include <asyncllm/impl/provider/wire.hpp>

#include "compressed.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace support {
namespace {

using namespace asyncllm;
using Piece = std::function<std::string(std::size_t)>;

Piece always(std::string text)
{
  return [text = std::move(text)](std::size_t) { return text; };
}

// `%` in `text` becomes the number of the piece.
Piece numbered(std::string text)
{
  return [text = std::move(text)](std::size_t number) {
    std::string piece;
    for (const char c : text)
      piece += c == '%' ? std::to_string(number) : std::string(1, c);
    return piece;
  };
}

std::string event(const std::string& json)
{
  return "data: " + json + "\n\n";
}
std::string choice(const std::string& delta, const std::string& index = "0")
{
  return event(R"({"choices":[{"index":)" + index + R"(,"delta":{)" + delta + "}}]}");
}
std::string call(const std::string& fields)
{
  return choice(R"("tool_calls":[{)" + fields + "}]");
}
std::string typed(const std::string& type, const std::string& rest)
{
  return "event: " + type + "\n" + event(R"({"type":")" + type + "\"," + rest + "}");
}
std::string block_delta(const std::string& delta, const std::string& index = "0")
{
  return typed("content_block_delta", R"("index":)" + index + R"(,"delta":{)" + delta + "}");
}

// Behind the head of an event that is one piece of JSON.
const std::string stop =
    event(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})") + event("[DONE]");
const std::string calls_stop =
    event(R"({"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]})") + event("[DONE]");
const std::string claude = typed("message_start", R"("message":{"id":"m","model":"c"})");
const std::string claude_stop = typed("message_delta", R"("delta":{"stop_reason":"end_turn"})") +
                                typed("message_stop", R"("x":0)");
const std::string logprob = R"({"token":"a","logprob":-0.5,"top_logprobs":[]})";

void add_openai_streams(std::vector<LongInput>& all)
{
  const auto add = [&](std::string name, std::string start, Piece piece, std::string end = stop) {
    all.push_back({std::move(name), ReadBy::stream, "openai", start, std::move(piece), end});
  };
  add("text", "", always(choice(R"("content":"a")")));
  add("text and reasoning", "", always(choice(R"("content":"a","reasoning":"b")")));
  add("refusal", "", always(choice(R"("refusal":"a")")));
  add("halves of characters", "", [](std::size_t n) {
    return choice(n % 2 == 0 ? R"("content":"\ud83d")" : R"("content":"\ude00")");
  });
  add("first halves of characters", "", always(choice(R"("content":"\ud83d")")));
  add("parts of a text",
      R"(data: {"choices":[{"index":0,"delta":{"content":[{"type":"text","text":"a"})",
      always(R"(,{"type":"text","text":"a"})"),
      "]}}]}\n\n" + stop);
  add("details of reasoning, one an event",
      "",
      always(choice(R"("reasoning_details":[{"type":"reasoning.text","text":"a","index":0}])")));
  add("details of reasoning, each another",
      "",
      numbered(choice(R"("reasoning_details":[{"type":"reasoning.text","text":"a","index":%}])")));
  add("details of reasoning in one event",
      R"(data: {"choices":[{"index":0,"delta":{"reasoning_details":[{"type":"a"})",
      always(R"(,{"type":"reasoning.text","text":"a","index":0})"),
      "]}}]}\n\n" + stop);
  add("details of reasoning, the member repeated",
      R"(data: {"choices":[{"index":0,"delta":{"content":"a")",
      always(R"(,"reasoning_details":[{"type":"reasoning.text","text":"a","index":0}])"),
      "}}]}\n\n" + stop);
  add("calls by index",
      "",
      numbered(call(R"("index":%,"id":"c%","function":{"name":"f","arguments":"{}"})")),
      calls_stop);
  add("calls by id",
      "",
      numbered(call(R"("id":"c%","function":{"name":"f","arguments":"{}"})")),
      calls_stop);
  add("calls with neither",
      "",
      always(call(R"("function":{"name":"f","arguments":"{}"})")),
      calls_stop);
  add("calls in one event",
      R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[{})",
      numbered(R"(,{"index":%,"id":"c%","function":{"name":"f","arguments":"{}"}})"),
      "]}}]}\n\n" + calls_stop);
  add("arguments of one call",
      call(R"("index":0,"id":"c","function":{"name":"f","arguments":"[0"})"),
      always(call(R"("index":0,"function":{"arguments":",1"})")),
      call(R"("index":0,"function":{"arguments":"]"})") + calls_stop);
  add("arguments that are a text",
      call(R"("index":0,"id":"c","function":{"name":"f","arguments":"\""})"),
      always(call(R"("index":0,"function":{"arguments":"\\\\"})")),
      call(R"("index":0,"function":{"arguments":"\""})") + calls_stop);
  add(
      "arguments of two calls in turn",
      call(R"("index":0,"id":"a","function":{"name":"f","arguments":"[0"})") +
          call(R"("index":1,"id":"b","function":{"name":"f","arguments":"[0"})"),
      [](std::size_t n) {
        return call(R"("index":)" + std::to_string(n % 2) + R"(,"function":{"arguments":",1"})");
      },
      call(R"("index":0,"function":{"arguments":"]"})") +
          call(R"("index":1,"function":{"arguments":"]"})") + calls_stop);
  add("the name of a call",
      call(R"("index":0,"id":"c","function":{"name":"f"})"),
      always(call(R"("index":0,"function":{"name":"ab"})")),
      call(R"("index":0,"function":{"arguments":"{}"})") + calls_stop);
  add("what belongs to a call",
      call(R"("index":0,"id":"c","function":{"name":"f","arguments":"{"})"),
      always(call(R"("index":0,"extra_content":{"a":"bbbbbbbb"})")),
      call(R"("index":0,"function":{"arguments":"}"})") + calls_stop);
  add("logprobs",
      "",
      always(event(
          R"({"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[)" + logprob +
          "]}}]}")));
  add("logprobs in one event",
      R"(data: {"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[)" + logprob,
      always("," + logprob),
      "]}}]}\n\n" + stop);
  add("top logprobs of one token",
      R"(data: {"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[)"
      R"({"token":"a","logprob":-1,"top_logprobs":[{"token":"a","logprob":-1})",
      always(R"(,{"token":"a","logprob":-1})"),
      "]}]}}]}\n\n" + stop);
  add("choices other than the first", "", always(choice(R"("content":"a")", "1")));
  add("choices, each another", "", [](std::size_t n) {
    return choice(R"("content":"a")", std::to_string(n + 1));
  });
  add("choices, each before the last", "", [](std::size_t n) {
    return choice(R"("content":"a")", std::to_string(2'000'000'000 - n));
  });
  add("choices in one event",
      R"(data: {"choices":[{"index":1,"delta":{}})",
      numbered(R"(,{"index":%,"delta":{"content":"a"}})"),
      "]}\n\n" + stop);
  add(
      "choices in one event, each before the last",
      R"(data: {"choices":[{"index":2000000001,"delta":{}})",
      [](std::size_t n) {
        return R"(,{"index":)" + std::to_string(2'000'000'000 - n) + R"(,"delta":{"content":"a"}})";
      },
      "]}\n\n" + stop);
  add("token counts", "", numbered(event(R"({"choices":[],"usage":{"prompt_tokens":%}})")));
  add("names with escapes",
      R"(data: {"choices":[{"index":0,"delta":{"content":"a")",
      always(R"(,"\u0061":1)"),
      "}}]}\n\n" + stop);
  add("events that say nothing", "", always(event(R"({"a":1})")));
  add("remarks", "", always(event(R"({"detail":"a word"})")));
  add("remarks that are long",
      "",
      always(event(R"({"detail":")" + std::string(60'000, 'a') + R"("})")));
  add("nested arrays", "data: {\"a\":", always("["), "\n\n" + stop);
  add("a list of numbers", "data: {\"a\":[1", always(",1"), "]}\n\n" + stop);
  add("lines of data", "data: {\"a\":[1\n", always("data: ,1\n"), "data: ]}\n\n" + stop);
  add("empty lines of data", "data: {}\n", always("data:\n"), "\n" + stop);
  add("empty events", "", always("data:\n\n"));
  add("comments", "", always(": keep-alive\n\n"));
  add("a comment", ":", always("x"), "\n\n" + stop);
  add("blank lines", "", always("\r\n"));
  add("carriage returns", "", always("data: {}\r\r"));
  add("field names", "", numbered("event: %\nid: %\nretry: 1\nother: x\n"), "\n\n" + stop);
  add("words outside of events", "", always("Bad gateway\n"));
  add("a document of many lines", "{\"a\":[1\n", always(",1\n"), "]}\n" + stop);
  add("documents", "", always("{\"a\":1}\n"));
  add("documents that are none", "", always("{\"a\"]\n"));
  add("documents that stay open", "", always("{\n"));
  add("a text without lines", "", always("<p>"), "\n" + stop);
}

void add_other_streams(std::vector<LongInput>& all)
{
  const auto add_claude = [&](std::string name, Piece piece, std::string start = "") {
    all.push_back(
        {"anthropic: " + name,
         ReadBy::stream,
         "anthropic",
         claude + start,
         std::move(piece),
         claude_stop});
  };
  const auto begin = [](const std::string& index, const std::string& block) {
    return typed(
        "content_block_start", R"("index":)" + index + R"(,"content_block":{)" + block + "}");
  };
  const std::string text = R"("type":"text","text":"")";
  const std::string thinking = R"("type":"thinking","thinking":"")";
  add_claude("text", always(block_delta(R"("type":"text_delta","text":"a")")), begin("0", text));
  add_claude(
      "thinking",
      always(block_delta(R"("type":"thinking_delta","thinking":"a")")),
      begin("0", thinking));
  add_claude(
      "signatures",
      always(block_delta(R"("type":"signature_delta","signature":"abc")")),
      begin("0", thinking));
  add_claude("blocks", numbered(begin("%", text)));
  add_claude("blocks of thinking", numbered(begin("%", thinking)));
  add_claude(
      "redacted thinking", numbered(begin("%", R"("type":"redacted_thinking","data":"abc")")));
  add_claude("calls", numbered(begin("%", R"("type":"tool_use","id":"t%","name":"f","input":{})")));
  add_claude(
      "arguments",
      always(block_delta(R"("type":"input_json_delta","partial_json":",1")")),
      begin("0", R"("type":"tool_use","id":"t","name":"f","input":{})") +
          block_delta(R"("type":"input_json_delta","partial_json":"[1")"));
  add_claude("blocks that are unknown", numbered(begin("%", R"("type":"citations","x":1)")));
  add_claude("ends of blocks", numbered(typed("content_block_stop", R"("index":%)")));
  add_claude("pings", always(typed("ping", R"("x":0)")));
  add_claude("starts", always(claude));

  const auto add_ollama = [&](std::string name, std::string start, Piece piece, std::string end) {
    all.push_back({"ollama: " + name, ReadBy::stream, "ollama", start, std::move(piece), end});
  };
  const std::string done = R"({"message":{"content":""},"done":true,"done_reason":"stop"})"
                           "\n";
  const auto line = [](const std::string& message) {
    return R"({"message":{)" + message +
           R"(},"done":false})"
           "\n";
  };
  add_ollama("text", "", always(line(R"("content":"a")")), done);
  add_ollama("thinking", "", always(line(R"("content":"","thinking":"a")")), done);
  add_ollama(
      "calls",
      "",
      always(line(R"("tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}])")),
      done);
  add_ollama(
      "calls in one line",
      R"({"message":{"tool_calls":[{"function":{"name":"f","arguments":{}}})",
      always(R"(,{"function":{"name":"f","arguments":{"a":1}}})"),
      "]}}\n" + done);
  add_ollama(
      "logprobs",
      "",
      always(R"({"message":{"content":"a"},"done":false,"logprobs":[{"token":"a","logprob":-1}]})"
             "\n"),
      done);
  add_ollama("lines that say nothing", "", always("{\"a\":1}\n"), done);
  add_ollama("lines that are no JSON", "", always("x\n"), done);
  add_ollama("blank lines", "", always("\r\n"), done);
  add_ollama("a document of many lines", "{\n\"a\":[1\n", always(",1\n"), "]}\n" + done);
  add_ollama("a line", "{\"a\":\"", always("x"), "\"}\n" + done);
}

void add_bodies(std::vector<LongInput>& all)
{
  const auto add = [&](std::string name,
                       ReadBy read_by,
                       std::string start,
                       Piece piece,
                       std::string end,
                       std::string provider = "openai") {
    all.push_back(
        {std::move(name), read_by, std::move(provider), start, std::move(piece), std::move(end)});
  };
  const std::string open = R"({"choices":[{"index":0,"finish_reason":"stop","message":{)";
  const std::string close = "}}]}";
  const std::string function = R"("function":{"name":"f","arguments":"{}"})";
  add("whole: text", ReadBy::whole, open + R"("content":")", always("a"), "\"" + close);
  add("whole: escapes", ReadBy::whole, open + R"("content":")", always("\\u00e4"), "\"" + close);
  add("whole: halves", ReadBy::whole, open + R"("content":")", always("\\ud83d"), "\"" + close);
  add("whole: bytes that are no UTF-8",
      ReadBy::whole,
      open + R"("content":")",
      always("\xff "),
      "\"" + close);
  add("whole: parts",
      ReadBy::whole,
      open + R"("content":[{})",
      always(R"(,{"type":"text","text":"a"})"),
      "]" + close);
  add("whole: text repeated",
      ReadBy::whole,
      open + R"("content":"a")",
      always(R"(,"content":"aaaaaaaa")"),
      close);
  add("whole: calls",
      ReadBy::whole,
      open + R"("tool_calls":[{"id":"a",)" + function + "}",
      numbered(R"(,{"id":"c%",)" + function + "}"),
      "]" + close);
  add("whole: arguments",
      ReadBy::whole,
      open + R"("tool_calls":[{"id":"a","function":{"name":"f","arguments":"[1)",
      always(",1"),
      R"(]"}}])" + close);
  add("whole: details of reasoning",
      ReadBy::whole,
      open + R"("content":"a","reasoning_details":[{})",
      always(R"(,{"type":"a"})"),
      "]" + close);
  add("whole: details of reasoning repeated",
      ReadBy::whole,
      open + R"("content":"a")",
      always(R"(,"reasoning_details":[{"type":"a"}])"),
      close);
  add(
      "whole: choices",
      ReadBy::whole,
      R"({"choices":[{"index":2000000001})",
      [](std::size_t n) {
        return R"(,{"index":)" + std::to_string(2'000'000'000 - n) +
               R"(,"finish_reason":"stop","message":{"content":"a"}})";
      },
      "]}");
  add("whole: logprobs",
      ReadBy::whole,
      R"({"choices":[{"index":0,"finish_reason":"stop","message":{"content":"a"},"logprobs":{"content":[)" +
          logprob,
      always("," + logprob),
      "]}}]}");
  add("whole: nested", ReadBy::whole, R"({"a":)", always("["), "");
  add("whole: white space", ReadBy::whole, "{", always(" "), "}");
  add("whole: a page", ReadBy::whole, "<html>", always("<p>a &amp; b</p>\n"), "</html>");
  add("whole: words", ReadBy::whole, "", always("Bad gateway. "), "");
  add("whole: anthropic's blocks",
      ReadBy::whole,
      R"({"stop_reason":"end_turn","content":[{"type":"text","text":"a"})",
      always(R"(,{"type":"text","text":"a"})"),
      "]}",
      "anthropic");
  add("whole: anthropic's thinking",
      ReadBy::whole,
      R"({"stop_reason":"end_turn","content":[{"type":"text","text":"a"})",
      always(R"(,{"type":"thinking","thinking":"a","signature":"s"})"),
      "]}",
      "anthropic");
  add("whole: anthropic's calls",
      ReadBy::whole,
      R"({"stop_reason":"tool_use","content":[{"type":"text","text":"a"})",
      numbered(R"(,{"type":"tool_use","id":"t%","name":"f","input":{"a":[1,2]}})"),
      "]}",
      "anthropic");
  add("whole: ollama's calls",
      ReadBy::whole,
      R"({"done":true,"message":{"tool_calls":[{"function":{"name":"f","arguments":{}}})",
      always(R"(,{"function":{"name":"f","arguments":{"a":[1,2]}}})"),
      "]}}",
      "ollama");

  add("embeddings: numbers",
      ReadBy::embeddings,
      R"({"data":[{"index":0,"embedding":[0.5)",
      always(",0.25"),
      "]}]}");
  add("embeddings: vectors",
      ReadBy::embeddings,
      R"({"data":[{"index":0,"embedding":[0.5]})",
      numbered(R"(,{"index":1%,"embedding":[0.5]})"),
      "]}");
  add("embeddings: ollama's",
      ReadBy::embeddings,
      R"({"embeddings":[[0.5])",
      always(",[0.5]"),
      "]}",
      "ollama");
  add("models", ReadBy::models, R"({"data":[{"id":"a"})", numbered(R"(,{"id":"model-%"})"), "]}");
  add("models: bare", ReadBy::models, R"(["a")", numbered(R"(,"model-%")"), "]");
  add("models: ollama's",
      ReadBy::models,
      R"({"models":[{"name":"a"})",
      numbered(R"(,{"name":"m%","model":"m%"})"),
      "]}",
      "ollama");

  const std::string secret = "\"sk-aaaa";
  add("error: a message",
      ReadBy::error,
      R"({"error":{"message":")",
      always("please try again in a moment "),
      "\"}}");
  add("error: what is nearly a key",
      ReadBy::error,
      R"({"error":{"message":")",
      always("sk-aaaaaaa"),
      "\"}}");
  add("error: escapes",
      ReadBy::error,
      R"({"error":{"message":")",
      always("\\u0041\\n\\\""),
      "\"}}");
  add("error: braces", ReadBy::error, R"({"error":{"message":")", always("{"), "\"}}");
  add("error: JSON in a message",
      ReadBy::error,
      R"({"error":{"message":"{\"a\":[1)",
      always(",1"),
      "]}\"}}");
  add("error: members",
      ReadBy::error,
      R"({"error":{"message":"a")",
      always(R"(,"message":"b")"),
      "}}");
  add("error: a list",
      ReadBy::error,
      R"({"detail":[{"loc":["body"],"msg":"a"})",
      always(R"(,{"loc":["body","n"],"msg":"b"})"),
      "]}");
  add("error: places",
      ReadBy::error,
      R"({"detail":[{"loc":["body")",
      always(R"(,"a")"),
      R"(],"msg":"b"}]})");
  add("error: nested", ReadBy::error, "", always(R"({"error":)"), "");
  add("error: nested lists", ReadBy::error, R"({"detail":)", always("["), "");
  add("error: details of Google",
      ReadBy::error,
      R"({"error":{"message":"a","details":[{})",
      always(R"(,{"retryDelay":"x"})"),
      "]}}");
  add("error: choices", ReadBy::error, R"({"choices":[{})", always(R"(,{"error":null})"), "]}");
  add("error: numbers",
      ReadBy::error,
      R"({"error":{"message":"a","x":[1)",
      always(",12345678901234567890123"),
      "]}}");
  add("error: a page", ReadBy::error, "<html><body>", always("<p>a &amp; b</p>\n"), "</html>");
  add("error: tags that stay open", ReadBy::error, "<html>", always("<"), "");
  add("error: words",
      ReadBy::error,
      "",
      always("the model is overloaded, retry after 5 seconds. "),
      "");
  add("error: control characters", ReadBy::error, "", always("\x1b[31m\r\n"), "");
  add("error: bytes that are no UTF-8", ReadBy::error, "", always("\xff\xc0"), "");
}

void add_answers(std::vector<LongInput>& all)
{
  const auto add = [&](std::string name, std::string start, Piece piece, std::string end = "") {
    all.push_back({"http: " + name, ReadBy::http, "openai", start, std::move(piece), end});
  };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  add("a body until the close", ok + "\r\n", always("x"));
  add("chunks", chunked, always("1\r\nx\r\n"), "0\r\n\r\n");
  add("chunk extensions", chunked, always("1;a=\"b\"\r\nx\r\n"), "0\r\n\r\n");
  add("a chunk extension", chunked + "1;a=", always("b"), "\r\nx\r\n0\r\n\r\n");
  add("zeros before the size of a chunk", chunked, always("0"), "1\r\nx\r\n0\r\n\r\n");
  add("fields behind the body", chunked + "0\r\n", always("A: b\r\n"), "\r\n");
  add("fields", ok, numbered("Name-%: value\r\n"), "Content-Length: 0\r\n\r\n");
  add("empty fields", ok, always("A:\r\n"), "Content-Length: 0\r\n\r\n");
  add("fields of one name", ok, always("Connection: x\r\n"), "Content-Length: 0\r\n\r\n");
  add("lengths", ok, always("Content-Length: 0\r\n"), "\r\n");
  add("a field", ok + "A: ", always("b"), "\r\nContent-Length: 0\r\n\r\n");
  add("the name of a field", ok, always("b"), ": x\r\nContent-Length: 0\r\n\r\n");
  add("tabs", ok + "A:", always("\t"), "x\r\nContent-Length: 0\r\n\r\n");
  add("a reason", "HTTP/1.1 200 ", always("O"), "\r\nContent-Length: 0\r\n\r\n");
  add("blank lines", "", always("\r\n"), ok + "Content-Length: 0\r\n\r\n");
  add("interim answers",
      "",
      always("HTTP/1.1 103 Early\r\n\r\n"),
      ok + "Content-Length: 0\r\n\r\n");
#if defined(ASYNCLLM_WITH_ZLIB)
  const std::string zipped = ok + "Content-Encoding: gzip\r\n\r\n";
  add("members of gzip", zipped, always(compressed("x")));
  add("empty members of gzip", zipped, always(compressed("")));
  add("zeros behind gzip", zipped + compressed("x"), always(std::string(1, '\0')));
#endif
}

// What adds nothing to a reply, and is forgotten when it was read.
constexpr std::string_view forgotten[] = {
    "token counts",
    "events that say nothing",
    "remarks",
    "remarks that are long",
    "empty events",
    "comments",
    "blank lines",
    "carriage returns",
    "field names",
    "words outside of events",
    "documents",
    "documents that are none",
    "documents that stay open",
    "anthropic: ends of blocks",
    "anthropic: pings",
    "anthropic: starts",
    "ollama: lines that say nothing",
    "ollama: blank lines",
    "http: a body until the close",
    "http: chunks",
    "http: chunk extensions",
    "http: members of gzip",
    "http: empty members of gzip",
};

constexpr std::size_t one_read = 16 * 1024;

template <class Feed>
void feed_in_reads(std::string& bytes, Feed feed)
{
  for (std::size_t at = 0; at < bytes.size(); at += one_read)
    feed(std::span(bytes).subspan(at, std::min(one_read, bytes.size() - at)));
}

void read_stream(const LongInput& input, std::string& bytes, const Limits& limits)
{
  const auto& preset = provider::preset_named(input.provider);
  client::ReplyDecoder decoder(provider::wire_of(preset), limits);
  provider::StreamedReply reply(client::bounds_of(limits));
  feed_in_reads(bytes, [&](std::span<char> some) {
    if (decoder.is_done())
      return;
    decoder.feed({some.data(), some.size()}, reply);
    while (reply.next()) {
    }
  });
  decoder.finish(reply);
  while (reply.next()) {
  }
  reply.complete();
}

void read_http(std::string& bytes, const Limits& limits)
{
  http::ResponseParser parser(limits);
  parser.reset();
  std::optional<http::ContentDecoder> content;
  const auto refuse = [](bool too_large, const std::string& why) {
    throw Error(too_large ? ErrorKind::response_too_large : ErrorKind::bad_response, why);
  };
  feed_in_reads(bytes, [&](std::span<char> some) {
    while (!some.empty() && parser.state() != http::ResponseParser::State::complete) {
      some = some.subspan(parser.feed(some));
      if (parser.state() == http::ResponseParser::State::failed)
        refuse(parser.too_large(), parser.failure());
      auto body = parser.body();
      if (body.empty())
        continue;
      if (!content)
        content.emplace(parser.content_encoding());
      while (!content->next(body).empty()) {
      }
      if (content->refusal())
        refuse(content->refusal()->too_large, content->refusal()->why);
    }
  });
  parser.feed_end();
}

void read_error(const std::string& bytes)
{
  ResponseHead head;
  head.status = 429;
  auto error = provider::error_from_answer(head, bytes);
  error.with_partial_text(bytes);
  client::Secrets secrets;
  secrets.add("sk-" + std::string(45, 'a'));
  secrets.add("user", std::string(45, 'a'));
  secrets.mask(error);
  static_cast<void>(error.what());
  throw error;
}

}  // namespace

const std::vector<LongInput>& long_inputs()
{
  static const std::vector<LongInput> all = [] {
    std::vector<LongInput> inputs;
    add_openai_streams(inputs);
    add_other_streams(inputs);
    add_bodies(inputs);
    add_answers(inputs);
    for (auto& input : inputs)
      input.is_kept = std::ranges::find(forgotten, input.name) == std::end(forgotten);
    return inputs;
  }();
  return all;
}

std::string text_of(const LongInput& input, std::size_t bytes)
{
  std::string text = input.start;
  text.reserve(bytes + 1024);
  for (std::size_t number = 0; text.size() < bytes; ++number)
    text += input.piece(number);
  return text + input.end;
}

std::string outcome_of(const LongInput& input, std::string bytes, const Limits& limits)
{
  const auto& preset = provider::preset_named(input.provider);
  const auto& wire = provider::wire_of(preset);
  try {
    switch (input.read_by) {
      case ReadBy::stream: read_stream(input, bytes, limits); break;
      case ReadBy::whole: {
        json::Reader reader;
        (void)client::read_reply(wire, limits, bytes, reader);
        break;
      }
      case ReadBy::error: read_error(bytes); break;
      case ReadBy::embeddings: (void)wire.decode_embeddings(bytes); break;
      case ReadBy::models: (void)wire.decode_models(bytes); break;
      case ReadBy::http: read_http(bytes, limits); break;
    }
  } catch (const Error& error) {
    return std::string(to_string(error.kind()));
  }
  return "complete";
}

Limits wide_limits()
{
  constexpr std::size_t wide = std::size_t{1} << 30;
  return Limits()
      .status_line(wide)
      .header_bytes(wide)
      .header_count(wide)
      .interim_responses(wide)
      .chunk_extension(wide)
      .body_bytes(wide)
      .event_bytes(wide)
      .reply_bytes(wide)
      .tool_calls(wide)
      .logprobs(wide);
}

}  // namespace support
