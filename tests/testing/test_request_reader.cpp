// Requests are read from bytes, however these are cut.
#include <asyncllm/impl/testing/request_reader.hpp>

#include "support/raw_http.hpp"
#include "support/test.hpp"

#include <string>
#include <vector>

using asyncllm::testing::Request;
using asyncllm::testing::RequestReader;
using support::get;
using support::post;

namespace {

int code_of(std::string_view bytes)
{
  RequestReader reader;
  reader.feed(bytes);
  return reader.rejection() ? reader.rejection()->code : 0;
}

}  // namespace

TEST_CASE("requests come out the same wherever their bytes are cut")
{
  const std::string bytes = post("/api/chat?x=1", R"({"a":1})", "X-Empty:\r\nX-Two: a b\r\n") +
                            get("/") +
                            "POST /c HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
                            "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: no\r\n\r\n" +
                            get("/last");
  for (const std::size_t size : {bytes.size(), std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
    RequestReader reader;
    std::vector<Request> requests;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      reader.feed(std::string_view(bytes).substr(at, size));
      while (auto request = reader.next())
        requests.push_back(*request);
    }
    REQUIRE(requests.size() == 4);
    CHECK_FALSE(reader.rejection());
    CHECK(requests[0].head.method == "POST");
    CHECK(requests[0].head.target == "/api/chat?x=1");
    CHECK(requests[0].head.path() == "/api/chat");
    CHECK(requests[0].head.header("x-two") == "a b");
    CHECK(requests[0].head.headers[1].first == "X-Empty");
    CHECK(requests[0].head.header("x-empty").empty());
    CHECK(requests[0].body == R"({"a":1})");
    CHECK(requests[0].keep_alive);
    CHECK(requests[1].head.method == "GET");
    CHECK(requests[1].body.empty());
    CHECK(requests[2].body == "abcde");
    CHECK(requests[2].head.headers.size() == 2);
    CHECK(requests[3].head.target == "/last");
  }
}

TEST_CASE("what follows a last request is dropped")
{
  RequestReader reader;
  reader.feed("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + get("/b") + "garbage");
  reader.feed(get("/c"));
  CHECK(reader.next()->keep_alive == false);
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.rejection());
}

TEST_CASE("a client of HTTP/1.0 gets neither chunks nor a kept connection")
{
  RequestReader reader;
  reader.feed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get("/b"));
  const auto request = reader.next();
  REQUIRE(request);
  CHECK_FALSE(request->chunked_ok);
  CHECK_FALSE(request->keep_alive);
  CHECK_FALSE(reader.next());
}

TEST_CASE("an offer to upgrade is passed over")
{
  RequestReader reader;
  reader.feed(post("/a", "body", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"));
  reader.feed(get("/b"));
  CHECK(reader.next()->body == "body");
  CHECK(reader.next()->head.target == "/b");
}

TEST_CASE("the body that Expect announces is waited for, once")
{
  const std::string expect = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\n";
  RequestReader reader;
  reader.feed(expect + "Content-Length: 4\r\n\r\n");
  CHECK(reader.wants_continue());
  reader.continue_sent();
  CHECK_FALSE(reader.wants_continue());
  reader.feed("body");
  CHECK(reader.next()->body == "body");

  reader.feed(expect + "Content-Length: 4\r\n\r\nbo");
  CHECK_FALSE(reader.wants_continue());
  reader.feed("dy" + expect + "\r\n");
  CHECK_FALSE(reader.wants_continue());
  CHECK(reader.next()->body == "body");
  CHECK(reader.next()->body.empty());
}

TEST_CASE("bytes that are no request are rejected")
{
  CHECK(code_of("what is this?\r\n\r\n") == 400);
  CHECK(code_of("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(code_of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == 400);
  CHECK(code_of("GET / HTTP/1.1\r\nHost : a\r\n\r\n") == 400);
  CHECK(code_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\n") == 400);
  CHECK(
      code_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
              "Transfer-Encoding: chunked\r\n\r\n") == 400);
  CHECK(
      code_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
              "chunked\r\n\r\nzz\r\n") == 400);
  CHECK(code_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") != 0);
  CHECK(code_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
  CHECK(code_of(get("/")) == 0);
}

TEST_CASE("a rejection keeps the requests before it and drops what follows")
{
  RequestReader reader;
  reader.feed(get("/a") + "nonsense\r\n\r\n" + get("/b"));
  reader.feed(get("/c"));
  CHECK(reader.next()->head.target == "/a");
  CHECK_FALSE(reader.next());
  CHECK(reader.rejection());
}

TEST_CASE("heads and bodies are bounded")
{
  const auto code = [](const std::string& bytes) {
    RequestReader reader(100, 10);
    for (const char byte : bytes)
      reader.feed(std::string_view(&byte, 1));
    return reader.rejection() ? reader.rejection()->code : 0;
  };
  const std::string chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(code(post("/", "0123456789")) == 0);
  CHECK(code(post("/", "0123456789a")) == 413);
  CHECK(code("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n") == 413);
  CHECK(code(chunked + "6\r\n012345\r\n4\r\n6789\r\n0\r\n\r\n") == 0);
  CHECK(code(chunked + "6\r\n012345\r\n5\r\n6789a\r\n0\r\n\r\n") == 413);
  CHECK(code(chunked + "0\r\nT: " + std::string(100, 'x')) == 431);
  CHECK(code("GET /" + std::string(100, 'x')) == 431);
  CHECK(code("GET / HTTP/1.1\r\nX: " + std::string(100, 'x')) == 431);
  CHECK(code("GET / HTTP/1.1\r\n" + std::string(110, 'x')) == 431);
}

TEST_CASE("the bytes of waiting requests are counted")
{
  RequestReader reader;
  CHECK(reader.queued_bytes() == 0);
  reader.feed(post("/", std::string(1000, 'x')));
  CHECK(reader.queued_bytes() > 1000);
  reader.next();
  CHECK(reader.queued_bytes() == 0);
}
