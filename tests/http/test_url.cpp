#include <asyncllm/impl/http/parse/url.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <string>

using asyncllm::ErrorKind;
using asyncllm::http::Url;

TEST_CASE("a URL is taken apart", "[http]")
{
  const auto url = Url::parse("HTTPS://Api.Example.com:8443/v1/?api-version=1");
  CHECK(url.tls);
  CHECK(url.host == "api.example.com");
  CHECK(url.port == 8443);
  CHECK(url.path == "/v1");
  CHECK(url.query == "?api-version=1");
  CHECK(url.authority() == "api.example.com:8443");
  CHECK(url.target("/chat") == "/v1/chat?api-version=1");
  CHECK(url.origin() == "https://api.example.com:8443");
}

TEST_CASE("the port defaults to the scheme's and is then left out of Host", "[http]")
{
  CHECK(Url::parse("http://h").port == 80);
  CHECK(Url::parse("https://h").port == 443);
  CHECK(Url::parse("http://h:").port == 80);
  CHECK(Url::parse("http://h:80").host_header() == "h");
  CHECK(Url::parse("https://h:80").host_header() == "h:80");
  CHECK(Url::parse("http://[::1]").host_header() == "[::1]");
  CHECK(Url::parse("http://[::1]:8080").host_header() == "[::1]:8080");
  CHECK(Url::parse("http://[::1]:8080").host == "::1");
}

TEST_CASE("a Unix socket's path is the host of http+unix, with %2F for its slashes", "[http]")
{
  const auto url = Url::parse("http+unix://%2Frun%2fmy%20llama.sock/v1");
  CHECK(url.unix_path == "/run/my llama.sock");
  CHECK(url.path == "/v1");
  CHECK(url.host_header() == "localhost");
  CHECK(url.authority() == "/run/my llama.sock");
  CHECK(url.origin() == "http+unix:///run/my llama.sock");
  CHECK(url.is_loopback());
  for (const auto& text :
       {std::string("http+unix:///run/llama.sock"),
        std::string("http+unix://%2"),
        std::string("http+unix://%2Frun%00"),
        std::string("http+unix://%zz"),
        "http+unix://%2F" + std::string(200, 'a')})
    CHECK(support::fails_with(ErrorKind::invalid_argument, "%2F", [&] { Url::parse(text); }));
}

TEST_CASE("loopback is known by name and number", "[http]")
{
  for (const auto* text :
       {"http://localhost", "http://127.1.2.3:1", "http://[::1]", "http://a.localhost"})
    CHECK(Url::parse(text).is_loopback());
  for (const auto* text :
       {"http://localhost.example",
        "http://10.0.0.1",
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://127.example.com"})
    CHECK_FALSE(Url::parse(text).is_loopback());
}

TEST_CASE("an unusable URL is refused with a valid example", "[http]")
{
  for (const auto* text :
       {"",
        "h",
        "127.0.0.1:8080",
        "ftp://h",
        "http://",
        "http:///v1",
        "http://:80",
        "http://h:0",
        "http://h:65536",
        "http://h:8a",
        "http://h:-1",
        "http://[::1",
        "http://[::1]x",
        "http://[]",
        "http://h/#f",
        "http://h%41",
        "http://a,b",
        "http://::1"}) {
    INFO(text);
    CHECK(support::fails_with(
        ErrorKind::invalid_argument, "http://127.0.0.1:8080/v1", [&] { Url::parse(text); }));
  }
}

TEST_CASE("no character that could end a line or a word of the request gets through", "[http]")
{
  for (int c = 0; c <= 0x20; ++c) {
    const std::string text = std::string("http://h/v1") + static_cast<char>(c) + "x";
    CHECK(support::fails_with(ErrorKind::invalid_argument, "control", [&] { Url::parse(text); }));
  }
  CHECK(support::fails_with(
      ErrorKind::invalid_argument, "control", [] { Url::parse("http://h\r\nX: y/v1"); }));
  CHECK(support::fails_with(ErrorKind::invalid_argument, "", [] { Url::parse("http://hö/v1"); }));
}

TEST_CASE("user information is refused and not repeated", "[http]")
{
  const auto error = support::error_of([] { Url::parse("http://me:secret@h/v1"); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::invalid_argument);
  CHECK(std::string(error->what()).find("secret") == std::string::npos);
}
