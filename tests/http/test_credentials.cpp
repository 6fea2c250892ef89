#include <asyncllm/impl/http/parse/credentials.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <string>

using namespace asyncllm::http;
using asyncllm::ErrorKind;

namespace {

// What is left of the URL, and the credentials that were taken from it.
std::string taken(std::string url)
{
  const auto credentials = take_credentials(url);
  return url + (credentials ? " " + credentials->user + " " + credentials->password : "");
}

}  // namespace

TEST_CASE("the user name and password are removed from a URL", "[http]")
{
  CHECK(taken("http://h:1/v1") == "http://h:1/v1");
  CHECK(taken("http://me:pass@h:1/v1") == "http://h:1/v1 me pass");
  CHECK(taken("https://me@h") == "https://h me ");
  CHECK(taken("https://:pass@[::1]:8?x=@") == "https://[::1]:8?x=@  pass");
  CHECK(taken("http://me:p%40s%3As@h") == "http://h me p@s:s");
  CHECK(taken("http://me:p@ss@h") == "http://h me p@ss");  // as browsers read it
  CHECK(taken("http://h/a@b") == "http://h/a@b");
  CHECK(taken("http://h?a@b") == "http://h?a@b");
  CHECK(taken("h:1") == "h:1");
}

TEST_CASE("credentials that cannot be read are refused and not quoted", "[http]")
{
  for (const auto* url :
       {"http://secret:secret%@h", "http://se%3Acret:x@h", "http://secret%zz@h"}) {
    INFO(url);
    const auto error = support::error_of([&] { taken(url); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::invalid_argument);
    CHECK(std::string(error->what()).find("cret") == std::string::npos);
  }
}

TEST_CASE("Basic authentication is the user name and password in Base64", "[http]")
{
  CHECK(Credentials{"user", "pass"}.basic() == "Basic dXNlcjpwYXNz");
  CHECK(Credentials{"a", "b"}.basic() == "Basic YTpi");
  CHECK(Credentials{"ab", "c"}.basic() == "Basic YWI6Yw==");
  CHECK(Credentials{"", ""}.basic() == "Basic Og==");
}
