#include <asyncllm/impl/http/connect/tunnel.hpp>

#include "test.hpp"

#include <string>
#include <vector>

using namespace asyncllm::http;

namespace {

using std::string_literals::operator""s;

struct Talk {
  std::vector<std::string> sent;
  bool is_open = false, is_temporary = false;
  std::string failure;
};

// The proxy says `answers`, each when the tunnel waits for one, cut into pieces of `size`.
Talk talk(Tunnel& tunnel, const std::vector<std::string>& answers, std::size_t size)
{
  Talk result;
  for (const auto& answer : answers) {
    if (const auto output = tunnel.output(); !output.empty())
      result.sent.push_back(output);
    for (std::size_t at = 0; at < answer.size() && tunnel.failure().empty(); at += size)
      tunnel.input(answer.substr(at, size));
  }
  result.is_open = tunnel.is_open() && tunnel.failure().empty();
  result.is_temporary = tunnel.is_temporary();
  result.failure = tunnel.failure();
  return result;
}

Talk over_http(const std::string& answer, std::size_t size = 1000, const char* proxy = "http://p")
{
  const auto tunnel = make_tunnel(Proxy::parse(proxy), Url::parse("https://h.example"));
  return talk(*tunnel, {answer}, size);
}

Talk over_socks(
    const std::vector<std::string>& answers,
    const std::string& proxy = "socks5://p",
    const std::string& url = "https://h.example",
    std::size_t size = 1000)
{
  const auto tunnel = make_tunnel(Proxy::parse(proxy), Url::parse(url));
  return talk(*tunnel, answers, size);
}

bool contains(const std::string& text, std::string_view words)
{
  return text.find(words) != text.npos;
}

const std::string granted = "\5\0\0\1\x7f\0\0\1\4\0"s;

}  // namespace

TEST_CASE("CONNECT is open after any 2xx, wherever its head is cut", "[http]")
{
  for (const auto* answer :
       {"HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 200 Connection established\r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n",
        "HTTP/1.1 201 Fine\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"})
    for (const std::size_t size : {1U, 7U, 1000U}) {
      const auto result = over_http(answer, size);
      INFO(answer << result.failure);
      CHECK(result.is_open);
      CHECK(
          result.sent ==
          std::vector{"CONNECT h.example:443 HTTP/1.1\r\nHost: h.example:443\r\n\r\n"s});
    }
  const auto guarded = over_http("HTTP/1.1 200 OK\r\n\r\n", 1000, "http://a:b@p");
  CHECK(contains(guarded.sent.at(0), "\r\nProxy-Authorization: Basic YTpi\r\n"));
}

TEST_CASE("a refused CONNECT says why, and whether it may go well later", "[http]")
{
  const auto refused = [](const std::string& status, const char* proxy = "http://p") {
    return over_http("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n", 1000, proxy);
  };
  CHECK(contains(refused("407 Auth").failure, "requires a user name and password"));
  CHECK(contains(refused("407 Auth", "http://a:b@p").failure, "rejected the user"));
  CHECK(contains(refused("401 No", "http://a:b@p").failure, "rejected the user"));
  CHECK(contains(refused("403 Filtered").failure, "refused the connection (403 Filtered)"));
  CHECK_FALSE(refused("403 Filtered").is_temporary);
  CHECK(refused("503 Down").is_temporary);
  CHECK(contains(over_http("220 smtp\r\n").failure, "not valid HTTP/1.1"));
}

TEST_CASE("a proxy that sends before the request is not trusted", "[http]")
{
  CHECK_FALSE(over_http("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n").is_open);
  CHECK_FALSE(over_http("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nx").is_open);
  CHECK_FALSE(over_socks({"\5\0"s, granted + "x"}).is_open);
}

TEST_CASE("SOCKS5 asks the proxy for the name, or for an address as such", "[http]")
{
  for (const std::size_t size : {1U, 2U, 1000U}) {
    const auto named = over_socks({"\5\0"s, granted}, "socks5://p", "https://h.example", size);
    CHECK(named.is_open);
    CHECK(named.sent == std::vector{"\5\1\0"s, "\5\1\0\3\x9h.example\x01\xbb"s});
  }
  const auto v4 = over_socks({"\5\0"s, "\5\0\0\3\2ab\0\1"s}, "socks5://p", "http://10.0.0.1:8");
  CHECK(v4.is_open);
  CHECK(v4.sent.at(1) == "\5\1\0\1\x0a\0\0\1\0\x08"s);
  const auto v6 =
      over_socks({"\5\0"s, "\5\0\0\4"s + std::string(18, 'a')}, "socks5://p", "http://[::1]:8");
  CHECK(v6.is_open);
  CHECK(v6.sent.at(1) == "\5\1\0\4"s + std::string(15, '\0') + "\1\0\x08"s);
}

TEST_CASE("SOCKS5 sends user and password if the proxy asks", "[http]")
{
  const auto proxy = "socks5://al:pw@p"s;
  const auto asked = over_socks({"\5\2"s, "\1\0"s, granted}, proxy);
  CHECK(asked.is_open);
  CHECK(asked.sent.at(0) == "\5\2\0\2"s);
  CHECK(asked.sent.at(1) == "\1\2al\2pw"s);
  CHECK(asked.sent.size() == 3);
  CHECK(over_socks({"\5\0"s, granted}, proxy).is_open);
  CHECK(contains(over_socks({"\5\2"s, "\1\1"s}, proxy).failure, "rejected the user"));
  CHECK(contains(over_socks({"\5\xff"s}, proxy).failure, "rejected the user"));
  CHECK(contains(over_socks({"\5\xff"s}).failure, "requires a user name and password"));
  CHECK(contains(over_socks({"\5\2"s}).failure, "requires a user name and password"));
}

TEST_CASE("a SOCKS5 proxy's refusal is explained", "[http]")
{
  const auto refused = [](char code) {
    return over_socks({"\5\0"s, "\5"s + code + "\0\1\0\0\0\0\0\0"s});
  };
  CHECK(contains(refused(2).failure, "not allowed"));
  CHECK_FALSE(refused(2).is_temporary);
  CHECK(contains(refused(5).failure, "connection refused"));
  CHECK(refused(5).is_temporary);
  CHECK(contains(refused(99).failure, "code 99"));
  CHECK(contains(over_socks({"HTTP/1.1 400"s}).failure, "does not speak SOCKS5"));
  CHECK(contains(over_socks({"\5\0"s, "\5\0\0\7aaaaaaa"s}).failure, "does not speak SOCKS5"));
}
