#include <asyncllm/impl/http/exchange/redirect_chain.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <string>

using namespace asyncllm;
using http::RedirectChain;
using http::Url;

namespace {

ResponseHead moved(int status, const std::string& location)
{
  return {status, "Moved", {{"Content-Length", "0"}, {"location", location}}};
}

RedirectChain chain(
    const std::string& url,
    const std::string& method = "POST",
    Redirects rules = Redirects().follow())
{
  return RedirectChain(rules, method, Url::parse(url));
}

// The URL to which `location` leads from a chat at http://h:1/v1/chat.
std::string leads_to(const std::string& location, int status = 307)
{
  auto way = chain("http://h:1/v1/chat");
  const auto& url = way.follow(moved(status, location));
  return url.origin() + url.target("");
}

bool refuses(std::string_view words, RedirectChain way, const ResponseHead& answer)
{
  const auto error = support::error_of([&] { way.follow(answer); });
  return error && error->kind() == ErrorKind::bad_response &&
         error->http_status() == answer.status &&
         std::string_view(error->what()).find(words) != std::string_view::npos;
}

const HeaderList fields{
    {"Authorization", "Bearer k"},
    {"api-key", "k"},
    {"x-api-key", "k"},
    {"Cookie", "k"},
    {"Proxy-Authorization", "k"},
    {"X-My-Own", "k"},
    {"Accept", "application/json"}};

}  // namespace

TEST_CASE("by default no redirect is followed, and the error says where it leads", "[http]")
{
  for (const int status : {301, 302, 303, 307, 308})
    for (const auto* method : {"POST", "GET"})
      CHECK(refuses(
          "http://other:80/v2",
          chain("http://h/v1", method, Redirects()),
          moved(status, "http://other/v2")));
}

TEST_CASE("a redirect on the same server keeps every header field", "[http]")
{
  for (const int status : {307, 308}) {
    auto way = chain("http://h:1/v1/chat");
    CHECK(way.follow(moved(status, "/v2/chat/")).target("") == "/v2/chat/");
    CHECK(way.allowed(fields) == fields);
  }
}

TEST_CASE("another scheme, host or port gets no secret, not even by way back", "[http]")
{
  for (const auto* elsewhere : {"http://other:1/v1", "http://h:2/v1", "https://h:1/v1"}) {
    auto way = chain("http://h:1/v1/chat");
    way.follow(moved(307, elsewhere));
    CHECK(way.allowed(fields) == HeaderList{{"Accept", "application/json"}});
    way.follow(moved(307, elsewhere[4] == 's' ? "/b" : "http://h:1/b"));
    CHECK(way.allowed(fields).size() == 1);
  }
}

TEST_CASE("the case of a host and a port by default make no other server", "[http]")
{
  auto way = chain("http://example.com/v1/chat");
  way.follow(moved(307, "HTTP://Example.COM:80/v2"));
  CHECK(way.allowed(fields) == fields);
}

TEST_CASE("a POST never becomes a GET", "[http]")
{
  for (const int status : {301, 302, 303}) {
    CHECK(refuses("instead of a POST", chain("http://h/v1"), moved(status, "/v2")));
    auto get = chain("http://h/v1", "GET");
    CHECK(get.follow(moved(status, "/v2")).target("") == "/v2");
  }
}

TEST_CASE("a location is read as RFC 3986 says", "[http]")
{
  CHECK(leads_to("https://other/x?y=1#z") == "https://other:443/x?y=1");
  CHECK(leads_to("//other:9/x") == "http://other:9/x");
  CHECK(leads_to("/x/../y/./z") == "http://h:1/y/z");
  CHECK(leads_to("/../..") == "http://h:1/");
  CHECK(leads_to("/x/..") == "http://h:1/");
  CHECK(leads_to("/v1/chat/") == "http://h:1/v1/chat/");
  CHECK(leads_to("completions") == "http://h:1/v1/completions");
  CHECK(leads_to("../v2/chat") == "http://h:1/v2/chat");
  CHECK(leads_to("?a=b") == "http://h:1/v1/chat?a=b");
  CHECK(leads_to("http://other") == "http://other:80/");
  CHECK(leads_to("http://other?a=/b") == "http://other:80/?a=/b");
  CHECK(leads_to("/x?to=http://y") == "http://h:1/x?to=http://y");
  CHECK(leads_to("/%0d%0aX:%20y") == "http://h:1/%0d%0aX:%20y");
}

TEST_CASE("a URL that is not http is not followed", "[http]")
{
  for (const auto* location :
       {"ftp://h/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "mailto:x",
        "http:",
        "http:/x",
        "http://",
        "///x",
        "http://h:99999/",
        "/a b",
        "/a\r\nX: y",
        "/\xc3\xa4",
        "/a\tb",
        "http://[::1"}) {
    INFO(location);
    CHECK(refuses("not http or https", chain("http://h/v1"), moved(307, location)));
  }
  CHECK(refuses("Unix socket", chain("http://h/v1"), moved(307, "http+unix://%2Frun%2Fx/v1")));
  CHECK(refuses("without a Location", chain("http://h/v1"), {307, "", {}}));
}

TEST_CASE("user information in a location is neither sent nor shown", "[http]")
{
  for (const auto* location :
       {"http://me:secret@h/v2", "//me:secret@h/v2", "http:me:secret@h/", "ftp://me:secret@h"})
    for (const auto rules : {Redirects(), Redirects().follow()}) {
      auto way = chain("http://h/v1", "POST", rules);
      const auto error = support::error_of([&] { way.follow(moved(307, location)); });
      REQUIRE(error);
      CHECK(std::string(error->what()).find("secret") == std::string::npos);
    }
}

TEST_CASE("from https nothing leads to http", "[http]")
{
  CHECK(refuses("without TLS", chain("https://h/v1"), moved(308, "http://h/v1")));
  auto way = chain("http://h/v1");
  way.follow(moved(308, "https://h/v1"));
  CHECK(refuses("without TLS", way, moved(308, "http://h/v2")));
}

TEST_CASE("circles and long ways end", "[http]")
{
  CHECK(refuses("in a circle", chain("http://h/a"), moved(307, "/a")));
  CHECK(refuses("in a circle", chain("http://h/a"), moved(307, "#top")) == false);
  auto way = chain("http://h/0");
  for (int i = 1; i <= 10; ++i)
    way.follow(moved(307, "/" + std::to_string(i)));
  CHECK(refuses("in a circle", way, moved(307, "/3")));
  CHECK(refuses("after 10 other redirects", way, moved(307, "/11")));
}
