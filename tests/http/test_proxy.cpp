#include <asyncllm/impl/http/connect/proxy.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <map>
#include <string>

using namespace asyncllm::http;
using asyncllm::ErrorKind;

namespace {

std::map<std::string, std::string> variables;

char* environment(const char* name)
{
  const auto found = variables.find(name);
  return found == variables.end() ? nullptr : found->second.data();
}

// The name of the proxy for a URL, "" for none.
std::string proxy_for(const std::string& url, const std::optional<std::string>& setting = {})
{
  const auto proxy = find_proxy(Url::parse(url), setting, ProxyEnvironment(&environment));
  return proxy ? proxy->name() : "";
}

}  // namespace

TEST_CASE("a proxy's URL is taken apart", "[http]")
{
  const auto plain = Proxy::parse("http://Proxy.Example:3128/");
  CHECK((plain.kind == Proxy::Kind::http));
  CHECK(plain.host == "proxy.example");
  CHECK(plain.port == 3128);
  CHECK_FALSE(plain.has_credentials());
  CHECK(Proxy::parse("10.0.0.1:3128").name() == "http://10.0.0.1:3128");
  CHECK(Proxy::parse("http://h").port == 80);
  CHECK(Proxy::parse("http://h:80").port == 80);
  CHECK(Proxy::parse("socks5://h").port == 1080);
  CHECK(Proxy::parse("socks5h://h:80").port == 80);
  CHECK(Proxy::parse("socks5://[::1]").name() == "socks5://[::1]:1080");
  CHECK(Proxy::parse("http://[::1]:8").name() == "http://[::1]:8");

  const auto guarded = Proxy::parse("http://al%20ice:p%40ss@h:1");
  CHECK(guarded.user == "al ice");
  CHECK(guarded.password == "p@ss");
  CHECK(guarded.name() == "http://h:1");
  CHECK(guarded.basic_credentials() == "Basic YWwgaWNlOnBAc3M=");
  CHECK(Proxy::parse("http://a:b@h").basic_credentials() == "Basic YTpi");
  CHECK(Proxy::parse("http://ab:c@h").basic_credentials() == "Basic YWI6Yw==");
}

TEST_CASE("an unusable proxy is refused without its password", "[http]")
{
  for (const auto* text :
       {"https://secret:secret@h",
        "socks4://secret@h",
        "http://secret:secret%@h",
        "http://secret:secret%zz@h",
        "http://secret@",
        "http://secret:secret@h:port",
        "http://secret:secret@h:0"}) {
    INFO(text);
    const auto error = support::error_of([&] { Proxy::parse(text); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::invalid_argument);
    CHECK(std::string(error->what()).find("secret") == std::string::npos);
  }
}

TEST_CASE("the environment names the proxy, lower case first", "[http]")
{
  variables = {{"HTTP_PROXY", "http://upper:1"}};
  CHECK(proxy_for("http://h") == "http://upper:1");
  CHECK(proxy_for("https://h") == "");
  variables["REQUEST_METHOD"] = "GET";  // a CGI program: a request's header Proxy sets HTTP_PROXY
  CHECK(proxy_for("http://h") == "");
  variables["http_proxy"] = "http://lower:1";
  CHECK(proxy_for("http://h") == "http://lower:1");
  variables = {{"http_proxy", " \"http://quoted:1\"\n"}, {"no_proxy", "'a.example,b.example'"}};
  CHECK(proxy_for("http://h") == "http://quoted:1");
  CHECK(proxy_for("http://a.example") == "");
  variables = {{"all_proxy", "socks5://all"}};
  CHECK(proxy_for("http://h") == "socks5://all:1080");
  CHECK(proxy_for("https://h") == "socks5://all:1080");
  variables["ALL_PROXY"] = "http://other";
  variables["http_proxy"] = "plain:1";
  variables["HTTPS_PROXY"] = "http://upper";
  CHECK(proxy_for("http://h") == "http://plain:1");
  CHECK(proxy_for("https://h") == "http://upper:80");
  variables["https_proxy"] = " http://lower ";
  CHECK(proxy_for("https://h") == "http://lower:80");
  variables = {{"https_proxy", ""}, {"ALL_PROXY", "http://all"}};
  CHECK(proxy_for("https://h") == "http://all:80");
  variables = {{"https_proxy", "ftp://u:secret@h"}};
  CHECK(support::fails_with(
      ErrorKind::invalid_argument, "https_proxy: the proxy's URL", [] { proxy_for("https://h"); }));
}

TEST_CASE("a setting wins over the environment, and may switch it off", "[http]")
{
  variables = {{"all_proxy", "http://all"}, {"no_proxy", "*"}};
  CHECK(proxy_for("https://h", "http://set:3") == "http://set:3");
  CHECK(proxy_for("http://127.0.0.1", "http://set:3") == "http://set:3");
  variables.erase("no_proxy");
  CHECK(proxy_for("https://h", "") == "");
  CHECK(proxy_for("https://h", "direct") == "");
  CHECK(proxy_for("http+unix://%2Fs") == "");
  CHECK(support::fails_with(
      ErrorKind::invalid_argument, "Unix", [] { proxy_for("http+unix://%2Fs", "http://p"); }));
}

TEST_CASE("loopback addresses go through no proxy of the environment", "[http]")
{
  variables = {{"all_proxy", "http://all"}};
  for (const auto* url :
       {"http://localhost:1", "http://127.0.0.1", "https://[::1]", "https://a.localhost"})
    CHECK(proxy_for(url) == "");
  CHECK(proxy_for("http://10.0.0.1") == "http://all:80");
}

TEST_CASE("no_proxy names hosts, domains, ports and networks", "[http]")
{
  const std::string list =
      " .a.example,b.example\tc.example:8080, *.d.example,10.0.0.0/8 ,::1,"
      "192.168.1.5,fd00::/8,[2001:db8::1]:8080,E.Example";
  for (const auto* host :
       {"a.example",
        "x.a.example",
        "b.example",
        "x.y.b.example",
        "d.example",
        "x.d.example",
        "10.1.2.3",
        "::1",
        "192.168.1.5",
        "fd12::1",
        "e.example"}) {
    INFO(host);
    CHECK(is_excluded(list, host, 443));
  }
  for (const auto* host :
       {"xa.example",
        "example",
        "xb.example",
        "c.example",
        "11.0.0.1",
        "192.168.1.55",
        "fe80::1",
        "2001:db8::1"}) {
    INFO(host);
    CHECK_FALSE(is_excluded(list, host, 443));
  }
  CHECK(is_excluded(list, "c.example", 8080));
  CHECK(is_excluded(list, "2001:db8::1", 8080));
  CHECK(is_excluded("*", "h", 1));
  CHECK_FALSE(is_excluded("", "h", 1));
  CHECK_FALSE(is_excluded(", ,.,:80,/8", "h", 80));
  variables = {{"all_proxy", "http://all"}, {"NO_PROXY", "h"}};
  CHECK(proxy_for("https://h") == "");
  variables["no_proxy"] = "other";
  CHECK(proxy_for("https://h") == "http://all:80");
}
