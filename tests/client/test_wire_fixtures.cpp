// What servers were seen to send that clients get wrong: 29 fixtures, each over a socket, whole and
// byte by byte.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>

#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;
using support::Peer;
using support::SocketServer;

namespace {

// How the answers are asked for and written.
struct How {
  std::string provider = "openai";
  bool streamed = true;
  bool byte_by_byte = false;
  bool keeps_open = false;  // the server does not close behind an answer
  RequestOptions options = RequestOptions();
};

asio::awaitable<void> write(
    asio::io_context& loop, std::shared_ptr<Peer> peer, std::string bytes, bool byte_by_byte)
{
  if (!byte_by_byte)
    co_await peer->write(bytes);
  for (std::size_t i = 0; byte_by_byte && i < bytes.size(); ++i) {
    co_await peer->write(bytes.substr(i, 1));
    co_await asio::post(loop, asio::use_awaitable);  // a read of its own
  }
}

// "stop: Hi" for a reply, "incomplete: Hi" for an error with the text so far; behind it tool calls,
// or the server's words.
asio::awaitable<std::string> ask(Client client, How how)
{
  try {
    how.options.wire_streaming(how.streamed);
    auto chat = client.chat("m", Messages().user("x"), how.options);
    const auto reply = co_await std::move(chat);
    auto line = std::string(to_string(reply.finish_reason)) + ": " + reply.text;
    for (const auto& call : reply.tool_calls)
      line += '|' + call.id + ' ' + call.name + ' ' + call.arguments;
    if (reply.usage.output_tokens > 0)
      line += '|' + std::to_string(reply.usage.output_tokens) + " tokens";
    if (reply.attempts > 1)
      line += '|' + std::to_string(reply.attempts) + " attempts";
    co_return line;
  } catch (const Error& error) {
    auto line = std::string(to_string(error.kind()));
    if (error.kind() == ErrorKind::timeout)
      line += " of " + std::string(to_string(error.timeout()));
    line += ": " + error.partial_text();
    if (!error.server_message().empty())
      line += '|' + error.server_message();
    if (error.attempts() > 1)
      line += '|' + std::to_string(error.attempts()) + " attempts";
    co_return line;
  }
}

// What becomes of one call, or several in turn, to a server that gives these answers.
std::string outcomes(std::vector<std::string> answers, How how, int calls = 1)
{
  std::string lines;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    std::size_t next = 0;
    SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
      while (next < answers.size()) {
        const bool is_open = co_await peer->read_request();
        if (!is_open)
          break;
        const auto& answer = answers[next++];
        if (answer.empty())
          break;
        co_await write(loop, peer, answer, how.byte_by_byte);
        if (!how.keeps_open)
          break;
      }
      if (!how.keeps_open || next >= answers.size())
        while (how.keeps_open && peer->is_open()) {
          const bool is_open = co_await peer->read_request();
          if (!is_open)
            break;
        }
      peer->close();
    });
    const auto prefix = how.provider == "openai" ? "/v1" : "";
    const Client client(ClientOptions(how.provider).base_url(server.url() + prefix));
    for (int i = 0; i < calls; ++i) {
      auto line = co_await ask(client, how);
      lines += (i > 0 ? " / " : "") + line;
    }
  });
  return lines;
}

// The same whole and byte by byte.
std::string outcome(std::string answer, How how = How())
{
  how.options.retries(RetryPolicy().max_retries(0));
  const auto whole = outcomes({answer}, how);
  how.byte_by_byte = true;
  const auto cut = outcomes({answer}, how);
  return cut == whole ? whole : whole + " BUT IN PIECES " + cut;
}

std::string head(int status, const std::string& type, const std::string& more = "")
{
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + type + "\r\n" + more;
}

std::string sse(const std::string& body)
{
  return head(200, "text/event-stream") + "\r\n" + body;
}
std::string ndjson(const std::string& body)
{
  return head(200, "application/x-ndjson") + "\r\n" + body;
}
std::string json(int status, const std::string& body, const std::string& more = "")
{
  return head(status, "application/json", more) + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

How of(const char* provider, bool streamed = true)
{
  How how;
  how.provider = provider;
  how.streamed = streamed;
  return how;
}

const RetryPolicy soon = RetryPolicy().backoff(1ms, 1ms);

std::string delta(const std::string& text)
{
  return R"(data: {"choices":[{"index":0,"delta":{"content":")" + text + "\"}}]}\n\n";
}
std::string finish(const std::string& reason)
{
  return R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":)" + reason + "}]}\n\n";
}
std::string call(const std::string& fields)
{
  return R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[{)" + fields + "}]}}]}\n\n";
}
std::string line(const std::string& text, const std::string& end = R"("done":false)")
{
  return R"({"message":{"role":"assistant","content":")" + text + "\"}," + end + "}\n";
}

const std::string stop = finish("\"stop\"");
const std::string done = "data: [DONE]\n\n";
const std::string ollama_done = line("", R"("done":true,"done_reason":"stop","eval_count":3)");

std::string replaced(std::string text, const std::string& from, const std::string& to)
{
  for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

}  // namespace

TEST_CASE("fixture 1: NDJSON cut at every byte", "[client]")
{
  CHECK(
      outcome(ndjson(line("Hä") + line("llo") + ollama_done), of("ollama")) ==
      "stop: Hällo|3 tokens");
}

TEST_CASE("fixture 2: SSE with CR, LF and CRLF cut at every byte", "[client]")
{
  const auto body = delta("Hel") + delta("lo") + stop + done;
  for (const std::string end : {"\n", "\r", "\r\n"})
    CHECK(outcome(sse(replaced(body, "\n", end))) == "stop: Hello");
}

TEST_CASE("fixture 3: no line end after the last event", "[client]")
{
  CHECK(outcome(sse(delta("Hi\xFF") + stop.substr(0, stop.size() - 2))) == "stop: Hi\uFFFD");
  CHECK(outcome(sse(delta("Hi") + stop.substr(0, stop.size() - 4))) == "incomplete: Hi");
  CHECK(outcome(sse(delta("Hi") + "data: [DONE]")) == "unknown: Hi");
  CHECK(outcome(sse(delta("Hi") + stop.substr(0, stop.size() - 2))) == "stop: Hi");
  const auto last = ollama_done.substr(0, ollama_done.size() - 1);
  CHECK(outcome(ndjson(line("Hi") + last), of("ollama")) == "stop: Hi|3 tokens");
}

TEST_CASE("fixture 4: an error line in the middle of a stream", "[client]")
{
  CHECK(
      outcome(ndjson(line("Hi") + "{\"error\":\"runner died\"}\n"), of("ollama")) ==
      "server_error: Hi|runner died");
  CHECK(
      outcome(ndjson(line("Hi") + R"({"error":"slow down","StatusCode":429})"), of("ollama")) ==
      "rate_limited: Hi|slow down");
  CHECK(
      outcome(sse(delta("Hi") + R"(data: {"error":{"code":500,"message":"oops"}})" + "\n\n")) ==
      "server_error: Hi|oops");
  // vLLM goes on with [DONE], OpenRouter has a choice beside it, old llama.cpp a field of its own.
  const std::string error = R"({"error":{"message":"bad","type":"BadRequestError","code":400}})";
  CHECK(outcome(sse(delta("Hi") + "data: " + error + "\n\n" + done)) == "bad_request: Hi|bad");
  CHECK(
      outcome(
          sse(delta("Hi") +
              R"(data: {"error":{"code":"server_error","message":"gone"},"choices":[{"index":0,)"
              R"("delta":{"content":""},"finish_reason":"error"}]})"
              "\n\n")) == "server_error: Hi|gone");
  CHECK(outcome(sse(delta("Hi") + "error: " + error + "\n\n")) == "bad_request: Hi|bad");
}

TEST_CASE("fixture 5: the end without done or a finish reason", "[client]")
{
  CHECK(outcome(ndjson(line("Hi")), of("ollama")) == "incomplete: Hi");
  CHECK(outcome(sse(delta("Hi"))) == "incomplete: Hi");
  CHECK(outcome(sse("")) == "incomplete: ");
}

TEST_CASE("fixture 6: [DONE] without a finish reason", "[client]")
{
  CHECK(outcome(sse(delta("Hi") + done)) == "unknown: Hi");
  CHECK(outcome(sse(done)) == "incomplete: ");  // and without any choice
}

TEST_CASE("fixture 7: the usage in its own chunk after the finish reason", "[client]")
{
  CHECK(
      outcome(
          sse(delta("Hi") + stop + R"(data: {"choices":[],"usage":{"completion_tokens":5}})" +
              "\n\n" + done)) == "stop: Hi|5 tokens");
}

TEST_CASE("fixture 8: Azure's first chunk without a choice", "[client]")
{
  CHECK(
      outcome(
          sse(R"(data: {"id":"","model":"","choices":[],"prompt_filter_results":[{"index":0}]})"
              "\n\n" +
              delta("Hi") + stop + done)) == "stop: Hi");
}

TEST_CASE("fixture 9: tool calls in all the ways in which they come", "[client]")
{
  const auto end = finish("\"tool_calls\"") + done;
  const std::string first = R"("id":"a","function":{"name":"f","arguments":"{\"x\":"})";
  const std::string second = R"("id":"b","function":{"name":"g","arguments":"{}"})";
  const std::string both = R"(tool_calls: |a f {"x":1}|b g {})";
  // Whole, by index
  CHECK(
      outcome(
          sse(call(R"("index":0,)" + first) + call(R"("index":0,"function":{"arguments":"1}"})") +
              call(R"("index":1,)" + second) + end)) == both);
  // Every index is 0: another id is another call.
  CHECK(
      outcome(
          sse(call(R"("index":0,)" + first) + call(R"("index":0,"function":{"arguments":"1}"})") +
              call(R"("index":0,)" + second) + end)) == both);
  // No index
  CHECK(
      outcome(sse(call(first) + call(R"("function":{"arguments":"1}"})") + call(second) + end)) ==
      both);
  // The name comes late.
  CHECK(
      outcome(sse(
          call(R"("index":0,"id":"a","function":{"arguments":"{\"x\":1}"})") +
          call(R"("index":0,"function":{"name":"f"})") + end)) == R"(tool_calls: |a f {"x":1})");
  // The arguments are an object.
  CHECK(
      outcome(
          sse(call(R"("index":0,"id":"a","function":{"name":"f","arguments":{"x":1}})") + end)) ==
      R"(tool_calls: |a f {"x":1})");
  // Cut: it is not handed on, and an error where the server does not say so.
  CHECK(outcome(sse(call(R"("index":0,)" + first) + finish("\"length\"") + done)) == "length: ");
  CHECK(outcome(sse(call(R"("index":0,)" + first) + end)) == "incomplete: ");
}

TEST_CASE("fixture 10: JSON with an error, or a whole reply, instead of a stream", "[client]")
{
  CHECK(
      outcome(json(200, R"({"error":"Unexpected endpoint or method: POST /chat"})")) ==
      "server_error: |Unexpected endpoint or method: POST /chat");
  CHECK(
      outcome(json(200, R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]})")) ==
      "stop: Hi");
  // The other way round: what the head says of the body is wrong.
  const std::string whole = R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]})";
  CHECK(outcome(sse(whole)) == "stop: Hi");
  CHECK(outcome(sse("{\"detail\":\"Not here\"}")) == "server_error: |Not here");
  CHECK(outcome(json(200, delta("Hi") + stop + done)) == "stop: Hi");
  CHECK(outcome(json(200, delta("Hi"))) == "incomplete: Hi");
  CHECK(
      outcome(json(200, line("H") + line("i") + ollama_done), of("ollama")) == "stop: Hi|3 tokens");
  CHECK(
      outcome(head(200, "application/jsonl") + "\r\n" + line("Hi") + ollama_done, of("ollama")) ==
      "stop: Hi|3 tokens");
}

TEST_CASE("fixture 11: a page of HTML instead of an answer", "[client]")
{
  const auto page = head(502, "text/html") + "\r\n<html><h1>502 Bad Gateway</h1></html>";
  CHECK(outcome(page) == "overloaded: |502 Bad Gateway");
  CHECK(outcome(page, of("ollama", false)) == "overloaded: |502 Bad Gateway");
  CHECK(outcome(head(200, "text/html") + "\r\n<html>Log in</html>").starts_with("bad_response: "));
}

TEST_CASE("fixture 12: an error in an array", "[client]")
{
  CHECK(
      outcome(json(
          429, R"([{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}}])")) ==
      "rate_limited: |Quota");
}

TEST_CASE("fixture 13: an error that is a string, or elsewhere", "[client]")
{
  CHECK(outcome(json(400, R"({"error":"no such thing"})")) == "bad_request: |no such thing");
  CHECK(outcome(json(400, R"({"message":"no such thing"})")) == "bad_request: |no such thing");
  CHECK(
      outcome(json(422, R"({"detail":[{"loc":["body","n"],"msg":"too big"}]})")) ==
      "unprocessable: |body: n: too big");
}

TEST_CASE("fixture 14: 429 for the quota and for the rate", "[client]")
{
  CHECK(
      outcome(json(429, R"({"error":{"message":"Pay","code":"insufficient_quota"}})")) ==
      "quota_exceeded: |Pay");
  CHECK(
      outcome(json(429, R"({"error":{"message":"Wait","code":"rate_limit_exceeded"}})")) ==
      "rate_limited: |Wait");
}

TEST_CASE(
    "fixture 15: retry-after in milliseconds, as a fraction, as a date, and absurd", "[client]")
{
  const auto hi = sse(delta("Hi") + stop + done);
  const auto after = [&](const std::string& field) {
    How how;
    how.options.retries(soon);
    return outcomes({json(503, "{}", field + "\r\n"), hi}, how);
  };
  CHECK(after("retry-after-ms: 0.5") == "stop: Hi|2 attempts");
  CHECK(after("Retry-After: 0.001") == "stop: Hi|2 attempts");
  CHECK(after("Retry-After: Sun, 06 Nov 1994 08:49:37 GMT") == "stop: Hi|2 attempts");
  CHECK(after("Retry-After: 411480").starts_with("overloaded: "));
  CHECK(after("Retry-After: Fri, 31 Dec 2100 23:59:59 GMT").starts_with("overloaded: "));
  CHECK(after("Retry-After: soon") == "stop: Hi|2 attempts");  // as if it were not there
}

TEST_CASE("fixture 16: x-should-retry both ways", "[client]")
{
  const auto hi = sse(delta("Hi") + stop + done);
  How how;
  how.options.retries(soon);
  CHECK(outcomes({json(400, "{}", "x-should-retry: true\r\n"), hi}, how) == "stop: Hi|2 attempts");
  CHECK(
      outcomes({json(503, "{}", "x-should-retry: false\r\n"), hi}, how).starts_with("overloaded"));
}

TEST_CASE("fixture 17: 503, then 200", "[client]")
{
  const std::string loading = R"({"error":{"message":"Loading model","code":503}})";
  for (const bool streamed : {false, true}) {
    How how;
    how.streamed = streamed;
    how.options.retries(soon);
    CHECK(
        outcomes(
            {json(503, loading),
             json(200, R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]})")},
            how) == "stop: Hi|2 attempts");
  }
}

TEST_CASE("fixture 18: a kept connection that is closed without a byte", "[client]")
{
  const auto hi = json(200, R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]})");
  How how = of("openai", false);
  how.keeps_open = true;
  how.options.retries(RetryPolicy().max_retries(0));
  // The second request goes out on the first one's connection, which ends without an answer.
  CHECK(outcomes({hi, "", hi}, how, 2) == "stop: Hi / stop: Hi");
}

TEST_CASE("fixture 19: comments for ever, no data", "[client]")
{
  How how;
  how.keeps_open = true;
  how.options.timeouts(Timeouts().first_token(50ms));
  CHECK(outcomes({sse(": ping\n\n: ping\n\n")}, how) == "timeout of first_token: ");
  how.options.timeouts(Timeouts().idle(50ms));
  CHECK(outcomes({sse(delta("Hi") + ": ping\n\n")}, how) == "timeout of idle: Hi");
}

TEST_CASE("fixture 20: a first byte, then silence", "[client]")
{
  How how = of("openai", false);
  how.keeps_open = true;
  how.options.timeouts(Timeouts().idle(50ms));
  CHECK(outcomes({"H"}, how) == "timeout of idle: ");
  CHECK(
      outcomes({head(200, "application/json") + "Content-Length: 9\r\n\r\n{"}, how) ==
      "timeout of idle: ");
}

TEST_CASE("fixture 21: a chunked body that is cut within a chunk", "[client]")
{
  const auto chunked = head(200, "text/event-stream", "Transfer-Encoding: chunked\r\n") + "\r\n";
  CHECK(outcome(chunked + "40\r\n" + delta("Hi")) == "incomplete: Hi");
  CHECK(outcome(chunked + "ffff\r\n" + delta("Hi") + stop) == "stop: Hi");  // whole before that
}

TEST_CASE("fixture 22: done:false in a whole reply", "[client]")
{
  CHECK(
      outcome(json(200, R"({"message":{"content":"Hi"},"done":false})"), of("ollama", false)) ==
      "incomplete: Hi");
}

TEST_CASE("fixture 23: 403 with an empty body", "[client]")
{
  CHECK(
      outcome("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", of("ollama")) ==
      "permission_denied: |Forbidden");
}

TEST_CASE("fixture 24: odd finish reasons", "[client]")
{
  CHECK(outcome(sse(delta("Hi") + finish("\"\""))) == "incomplete: Hi");
  CHECK(outcome(sse(delta("Hi") + finish("\"\"") + stop + done)) == "stop: Hi");
  CHECK(outcome(sse(delta("Hi") + finish("\"abort\"") + done)) == "incomplete: Hi");
  CHECK(outcome(sse(delta("Hi") + finish("\"error\"") + done)) == "incomplete: Hi");
  CHECK(outcome(sse(delta("Hi") + finish("\"MAX_TOKENS\"") + done)) == "length: Hi");
}

TEST_CASE("fixture 25: an event of several data lines", "[client]")
{
  CHECK(
      outcome(
          sse("data: {\"choices\":[{\"index\":0,\ndata: \"delta\":{\"content\":\"Hi\"}}]}\n\n" +
              stop + done)) == "stop: Hi");
}

TEST_CASE("fixture 26: a byte order mark", "[client]")
{
  CHECK(outcome(sse("\xEF\xBB\xBF" + delta("Hi") + stop + done)) == "stop: Hi");
}

TEST_CASE("fixture 27: a line of more than 8 MiB", "[client]")
{
  const std::string text(std::size_t{9} << 20, 'x');
  const auto outcome_of = [](const std::string& answer, How how) {
    how.options.retries(RetryPolicy().max_retries(0));
    return outcomes({answer}, how);
  };
  CHECK(outcome_of(sse(delta(text) + stop + done), How()) == "response_too_large: ");
  CHECK(outcome_of(ndjson(line(text) + ollama_done), of("ollama")) == "response_too_large: ");
}

TEST_CASE("fixture 28: an emoji cut across chunks", "[client]")
{
  const auto body = delta("a😀b") + stop + done;
  std::string chunks = head(200, "text/event-stream", "Transfer-Encoding: chunked\r\n") + "\r\n";
  for (const char c : body)
    chunks += std::string("1\r\n") + c + "\r\n";
  CHECK(outcome(chunks + "0\r\n\r\n") == "stop: a😀b");
}

TEST_CASE("fixture 29: a server that closes late after [DONE]", "[client]")
{
  How how;
  how.keeps_open = true;  // as long as the client does
  const auto hi = sse(delta("Hi") + stop + done);
  CHECK(outcomes({hi, hi}, how, 2) == "stop: Hi / stop: Hi");
}
