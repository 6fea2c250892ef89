// The conformance cases of shared data: raw bytes of a response, and what is to become of them.
#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/http/parse/response_parser.hpp>

#include "shared_data.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

using asyncllm::http::ResponseParser;
using nlohmann::json;
using State = ResponseParser::State;

namespace {

// Cases that say "accept" where this client refuses, all of them llhttp's own verdicts, and why.
const std::map<std::string, std::string, std::less<>> refused_on_purpose{
    {"llhttp-sample-rtsp-response", "RTSP is not HTTP"},
    {"llhttp-sample-ice-response", "ICE is not HTTP"},
    {"llhttp-sample-http-version-0-9", "HTTP/0.9 has no status line; only 1.x is spoken here"},
    {"llhttp-transfer-encoding-chunked-before-other-transfer-encoding",
     "a deflated body would be given out as if it were text (te-not-final allows to refuse it)"},
    {"llhttp-transfer-encoding-multiple-transfer-encoding-where-chunked-is-not-the-last-one",
     "two Transfer-Encodings, of which one was abolished: where the body ends is anybody's guess"},
    {"llhttp-transfer-encoding-chunkedchunked-transfer-encoding-does-not-enable-chunked-enconding",
     "a coding that nobody knows cannot be undone"},
};

// How llhttp's tests count: the first of several responses, here the interim one.
constexpr std::string_view counts_interim = "llhttp-connection-http-103-first-then-200";

struct Parsing {
  std::string verdict;  // "accept", or the name of the error
  int status = 0;
  std::string body;
  bool reusable = false;
  asyncllm::HeaderList headers;
};

std::string bytes_of(const json& value, const char* whole, const char* parts)
{
  if (value.contains(whole))
    return support::from_base64(value[whole].get<std::string>());
  std::string bytes;
  for (const auto& part : value.at(parts)) {
    const auto piece = support::from_base64(part[0].get<std::string>());
    for (int i = 0; i < part[1].get<int>(); ++i)
      bytes += piece;
  }
  return bytes;
}

// The lengths of the pieces: whole, one by one, and two fixed sequences that look like chance.
std::vector<std::size_t> pieces_of(std::size_t size, int way)
{
  std::vector<std::size_t> pieces;
  unsigned seed = way == 2 ? 17 : 4711;
  while (size > 0) {
    seed = seed * 1103515245 + 12345;
    const std::size_t random = 1 + (seed >> 16) % (way == 2 ? 13 : 61);
    pieces.push_back(std::min(size, way == 0 ? size : way == 1 ? 1 : random));
    size -= pieces.back();
  }
  return pieces;
}

std::string error_name(const ResponseParser& parser, bool answered)
{
  if (parser.state() == State::failed)
    return parser.too_large() ? "too_large" : "bad_response";
  return answered ? "incomplete" : "closed_before_response";
}

Parsing parse(const std::string& bytes, int way, bool closes)
{
  ResponseParser parser;
  Parsing result;
  std::size_t at = 0, used = 0;
  for (const auto size : pieces_of(bytes.size(), way)) {
    auto piece = bytes.substr(at, size);
    at += size;
    used += parser.feed(piece);
    result.body.append(parser.body().data(), parser.body().size());
  }
  if (closes)
    parser.feed_end();
  const bool complete = parser.state() == State::complete;
  if (!complete && parser.state() != State::failed && !closes)
    result.verdict = "hangs";
  else
    result.verdict = complete ? "accept" : error_name(parser, !bytes.empty());
  result.status = parser.head().status;
  result.headers = parser.head().headers;
  result.reusable = complete && parser.keep_alive() && used == bytes.size();
  return result;
}

// What the case does not allow, or nothing.
std::string complaint(const json& one, const Parsing& result)
{
  const auto& expect = one["expect"];
  const auto level = expect["level"].get<std::string>();
  if (result.verdict == "hangs")
    return "does not see the end";
  if (result.verdict != "accept") {
    if (level == "reject" && expect.contains("error") && expect["error"] != result.verdict)
      return "is " + result.verdict + ", not " + expect["error"].get<std::string>();
    return level == "accept" ? "is refused: " + result.verdict : "";
  }
  if (level == "reject")
    return "is accepted";
  if (expect.contains("status") && expect["status"] != result.status)
    return "has the status " + std::to_string(result.status);
  if ((expect.contains("body_b64") || expect.contains("body_parts")) &&
      bytes_of(expect, "body_b64", "body_parts") != result.body)
    return "has the body " + result.body.substr(0, 200);
  if (expect.contains("reusable") && expect["reusable"].is_boolean() &&
      expect["reusable"] != result.reusable)
    return result.reusable ? "leaves a dirty connection" : "gives up a good connection";
  if (expect.contains("headers")) {
    std::size_t at = 0;
    for (const auto& header : expect["headers"]) {
      const auto value = std::string(asyncllm::detail::trim(header[1].get<std::string>()));
      if (at == result.headers.size() || result.headers[at].first != header[0].get<std::string>() ||
          result.headers[at].second != value)
        return "has not the header " + header.dump();
      ++at;
    }
  }
  return "";
}

// llhttp's own tests leave out the last line ends, since llhttp has its say without them, and in
// one body (google-301) some within it: they are put back, so that the message ends where it is
// meant to.
std::string completed(std::string bytes, const json& one)
{
  if (one["expect"]["level"] != "accept" || !one["name"].get<std::string>().starts_with("llhttp-"))
    return bytes;
  for (const auto* const missing : {"", "\r\n", "\r\n\r\n", "\r\n\r\n\r\n"})
    if (parse(bytes + missing, 0, true).verdict == "accept")
      return bytes + missing;
  return bytes;
}

}  // namespace

TEST_CASE("every conformance case of HTTP/1.1 is judged as it should, however it is cut", "[http]")
{
  const auto path = support::shared_data("http_cases.json");
  if (!path)
    return;
  const auto cases = json::parse(support::read_file(*path))["cases"];
  REQUIRE(cases.size() >= 180);

  std::size_t right = 0, on_purpose = 0;
  for (const auto& one : cases) {
    const auto name = one["name"].get<std::string>();
    const auto bytes = completed(bytes_of(one, "raw_b64", "raw_parts"), one);
    if (one["request_method"] == "HEAD")  // is never sent
      continue;
    const bool closes = one["server_closes_after"].get<bool>();
    auto judged = one;
    if (name == counts_interim)
      judged["expect"] = {{"level", "accept"}, {"status", 200}};

    std::string complaints;
    for (int way = 0; way < 4; ++way) {
      const auto wrong = complaint(judged, parse(bytes, way, closes));
      if (!wrong.empty())
        complaints += name + " " + wrong + " (way " + std::to_string(way) + ")\n";
    }
    const bool known = refused_on_purpose.contains(name);
    INFO(complaints);
    CHECK(complaints.empty() != known);  // a known case that is no longer one is to be struck out
    right += complaints.empty();
    on_purpose += known;
  }
  std::cout << right << " of " << cases.size() << " cases as expected, " << on_purpose
            << " refused on purpose:\n";
  for (const auto& [name, reason] : refused_on_purpose)
    std::cout << "  " << name << ": " << reason << '\n';
}
