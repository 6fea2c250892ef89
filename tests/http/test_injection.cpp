// Whatever bytes a key, a header field or a URL holds: either it is refused, or it makes exactly
// one well-formed request.
#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/http/parse/request_head.hpp>
#include <asyncllm/impl/http/parse/url.hpp>
#include <asyncllm/impl/testing/request_reader.hpp>

#include "error_of.hpp"
#include "shared_data.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>

using namespace asyncllm;
using http::RequestHead;
using http::Url;

namespace {

const std::string body = R"({"a":1})";

// The request as a server gets it.
std::string request(const std::string& url, const HeaderList& fixed, const HeaderList& more)
{
  const RequestHead head("POST", Url::parse(url), fixed);
  std::string message;
  head.begin(message);
  message += "/chat";
  const auto body_at = head.end(message, more);
  message += body;
  RequestHead::finish(message, body_at);
  return message;
}

// Whether `message` is one request, whole and alone, with this field and none but ours beside it.
bool is_one_request(const std::string& message, const HeaderList& given)
{
  testing::RequestReader reader;
  reader.feed(message);
  const auto read = reader.next();
  if (!read || reader.next() || reader.rejection() || read->body != body)
    return false;
  HeaderList expected{{"Host", ""}, {"User-Agent", ""}, {"Content-Type", ""}};
  expected.append(given);
  expected.emplace_back("Content-Length", std::to_string(body.size()));
  const auto& headers = read->head.headers;
  if (headers.size() != expected.size() || read->head.method != "POST")
    return false;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const bool is_given = i >= 3 && i < 3 + given.size();
    if (headers[i].first != expected[i].first ||
        (is_given && detail::trim(headers[i].second) != detail::trim(expected[i].second, " \t")))
      return false;
  }
  return message.find('\n' + body) + 1 + body.size() == message.size();
}

enum class Outcome { refused, sent, broken };

template <class Make>
Outcome outcome(Make make, const HeaderList& given)
{
  std::string message;
  const auto error = support::error_of([&] { message = make(); });
  if (error)
    return error->kind() == ErrorKind::invalid_argument ? Outcome::refused : Outcome::broken;
  return is_one_request(message, given) ? Outcome::sent : Outcome::broken;
}

// A field of the endpoint (the key), one of the call, the URL.
Outcome as_key(const std::string& key)
{
  const HeaderList field{{"Authorization", "Bearer " + key}};
  return outcome([&] { return request("http://h/v1", field, {}); }, field);
}

Outcome as_field(const std::string& name, const std::string& value)
{
  const HeaderList field{{name, value}};
  return outcome([&] { return request("http://h/v1", {}, field); }, field);
}

Outcome as_url(const std::string& url)
{
  return outcome([&] { return request(url, {}, {}); }, {});
}

}  // namespace

TEST_CASE("no key, field or URL can end a line or begin another request", "[http]")
{
  for (const std::string& evil :
       {std::string("k\r\nX-Evil: 1"),
        std::string("k\n"),
        std::string("k\r"),
        std::string("k\0z", 3),
        std::string("a\r\n\r\nGET /admin HTTP/1.1\r\n\r\n"),
        std::string("a\nb"),
        std::string("a\x0b b"),
        std::string("a\x7f")}) {
    CHECK(as_key(evil) == Outcome::refused);
    CHECK(as_field("OpenAI-Organization", evil) == Outcome::refused);
    CHECK(as_field("X-Request-Id", evil) == Outcome::refused);
    CHECK(as_field(evil, "v") == Outcome::refused);
    CHECK(as_url("http://h/" + evil) == Outcome::refused);
    CHECK(as_url("http://h" + evil + "/") == Outcome::refused);
    CHECK(as_url("http://h/?x=" + evil) == Outcome::refused);
  }
  for (const auto* name : {"", "X A", "X-A:", "X\xc3\xa4", "(x)", "\"x\""})
    CHECK(as_field(name, "v") == Outcome::refused);
  CHECK(as_key("k\xc3\xa9y") == Outcome::sent);  // odd, but one field
  CHECK(as_url("http://h/openai/deployments/../../x?y") == Outcome::sent);
  CHECK(as_url("http://h/openai/deployments/../../x?y#z") == Outcome::refused);
}

TEST_CASE("every byte in every position is refused or sent as it is", "[http]")
{
  for (int byte = 0; byte < 256; ++byte)
    for (const auto& [before, after] :
         {std::pair<std::string, std::string>("", "b"), {"a", "b"}, {"a", ""}}) {
      INFO(byte);
      const auto text = before + static_cast<char>(byte) + after;
      CHECK(as_key(text) != Outcome::broken);
      CHECK(as_field("X-A", text) != Outcome::broken);
      CHECK(as_field(text, "v") != Outcome::broken);
      CHECK(as_url("http://h/" + text) != Outcome::broken);
      CHECK(as_url("http://h" + text + "/v1") != Outcome::broken);
      CHECK(as_url(text + "http://h/v1") != Outcome::broken);
    }
}

TEST_CASE("texts by chance are refused or sent as they are", "[http]")
{
  constexpr std::string_view letters("\r\n\0 \t:/?#@[]%\\\"<>aX1.\x7f\xc3\xa4-", 25);
  unsigned seed = 2024;
  const auto next = [&] { return (seed = seed * 1664525 + 1013904223) >> 16; };
  int sent = 0;
  for (int i = 0; i < 4'000; ++i) {
    std::string text;
    for (auto size = next() % 8; size > 0; --size)
      text += letters[next() % letters.size()];
    const Outcome outcomes[] = {
        as_key(text), as_field("X-A", text), as_field(text, "v"), as_url("http://h" + text)};
    for (const auto one : outcomes) {
      if (one == Outcome::broken)
        FAIL(text);
      sent += one == Outcome::sent;
    }
  }
  CHECK(sent > 1000);  // else nothing was tried
}

TEST_CASE("user information in a URL is refused and shown nowhere", "[http]")
{
  for (const auto* url :
       {"http://user:secret@h/",
        "user:secret@h",
        "http:user:secret@h/",
        "http:/user:secret@h/",
        "http:///user:secret@h/",
        "ftp://user:secret@h/",
        "http://h:user:secret@h/#x",
        "http://user:secret@h:99999/",
        "http://user:sec ret@h/",
        "http://user:secret%40@h",
        "http://h\\@secret/"}) {
    INFO(url);
    const auto error = support::error_of([&] { Url::parse(url); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::invalid_argument);
    CHECK(std::string(error->what()).find("sec") == std::string::npos);
  }
  CHECK_FALSE(support::fails_with(
      ErrorKind::invalid_argument, "secret", [] { Url::parse("http://h:0/v1?key=secret"); }));
}

TEST_CASE("the shared injection vectors are refused or harmless", "[http]")
{
  const auto path = support::shared_data("fault_matrix.json");
  if (!path)
    return;
  const auto matrix = nlohmann::json::parse(support::read_file(*path));
  int vectors = 0;
  for (const auto& vector : matrix["other"]["header_injection"]) {
    const auto where = vector[0].get<std::string>();
    const auto text = vector[1].get<std::string>();
    INFO(where + ": " + text);
    ++vectors;
    if (where == "api_key")
      CHECK(as_key(text) == (text.starts_with("k\xc3") ? Outcome::sent : Outcome::refused));
    else if (where == "base_url")
      CHECK(as_url(text) == Outcome::refused);
    else if (where == "extra header name")
      CHECK(as_field(text, "v") == Outcome::refused);
    else if (where.starts_with("model in a path"))
      CHECK(as_url("http://h/" + text) == Outcome::refused);
    else
      CHECK(as_field("X-Field", text) == Outcome::refused);
  }
  CHECK(vectors == 15);
}
