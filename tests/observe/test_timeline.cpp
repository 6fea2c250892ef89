// The spans of calls, and the pictures made of them.
#include <asyncllm/impl/observe/timeline.hpp>
#include <asyncllm/observe/trace_recorder.hpp>

#include "test.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <locale>
#include <sstream>
#include <string>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;
using detail::Phase;
using detail::TracedCall;

namespace {

const CallInfo::TimePoint zero{};

AttemptInfo attempt_until(CallInfo::TimePoint::duration end)
{
  AttemptInfo attempt;
  attempt.number = 1;
  attempt.begun = zero;
  attempt.ended = zero + end;
  return attempt;
}

std::string spans_of(
    const AttemptInfo& attempt, std::optional<CallInfo::TimePoint> first_token = std::nullopt)
{
  std::vector<detail::Span> spans;
  detail::append_spans(spans, attempt, first_token);
  std::string text;
  for (const auto& span : spans)
    text += std::string(to_string(span.phase)) + ' ' + std::to_string((span.from - zero) / 1s) +
            '-' + std::to_string((span.to - zero) / 1s) + "; ";
  return text;
}

TracedCall call_from(std::chrono::seconds from, std::chrono::seconds to)
{
  return {"chat m", "", zero + from, zero + to, {{Phase::answer, zero + from, zero + to}}, false};
}

std::string svg_of(const std::vector<TracedCall>& calls)
{
  std::ostringstream out;
  detail::write_svg_timeline(out, calls);
  return out.str();
}

std::size_t count(const std::string& text, const std::string& what)
{
  std::size_t number = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1))
    ++number;
  return number;
}

// Whether the tags are balanced; enough for text that has no comments.
bool is_balanced(const std::string& xml)
{
  std::vector<std::string> open;
  for (auto at = xml.find('<'); at != xml.npos; at = xml.find('<', at + 1)) {
    const auto end = xml.find('>', at);
    if (end == xml.npos)
      return false;
    const auto name = xml.substr(at + 1, xml.find_first_of(" >/", at + 1) - at - 1);
    if (xml[at + 1] == '/') {
      const auto closed = xml.substr(at + 2, end - at - 2);
      if (open.empty() || open.back() != closed)
        return false;
      open.pop_back();
    } else if (xml[end - 1] != '/') {
      open.push_back(name);
    }
  }
  return open.empty();
}

}  // namespace

TEST_CASE("the spans of an attempt have no gaps", "[observe]")
{
  auto attempt = attempt_until(9s);
  attempt.admitted = zero + 1s;
  attempt.connected = zero + 2s;
  attempt.secured = zero + 3s;
  attempt.sent = zero + 4s;
  attempt.first_byte = zero + 5s;
  CHECK(
      spans_of(attempt) ==
      "waiting for admission 0-1; connecting 1-3; waiting for the answer 3-5; answer 5-9; ");
  CHECK(
      spans_of(attempt, zero + 6s) ==
      "waiting for admission 0-1; connecting 1-3; waiting for the answer 3-6; answer 6-9; ");
  attempt.reused = true;
  attempt.connected = attempt.secured = std::nullopt;
  CHECK(spans_of(attempt) == "waiting for admission 0-1; waiting for the answer 1-5; answer 5-9; ");
}

TEST_CASE("an attempt that failed ends with the phase it was in", "[observe]")
{
  auto attempt = attempt_until(9s);
  CHECK(spans_of(attempt) == "waiting for admission 0-9; ");
  attempt.admitted = zero;
  CHECK(spans_of(attempt) == "connecting 0-9; ");
  attempt.connected = zero + 2s;
  CHECK(spans_of(attempt) == "connecting 0-2; waiting for the answer 2-9; ");
  attempt.wait = 3s;
  CHECK(spans_of(attempt) == "connecting 0-2; waiting for the answer 2-9; waiting to retry 9-12; ");
}

TEST_CASE("calls at the same time are in lanes of their own", "[observe]")
{
  const std::vector<TracedCall> calls = {
      call_from(0s, 3s), call_from(1s, 2s), call_from(2s, 4s), call_from(3s, 5s)};
  CHECK(detail::lanes_of(calls) == std::vector<std::size_t>{0, 1, 1, 0});
}

TEST_CASE("Chrome's trace events", "[observe]")
{
  auto second = call_from(1s, 3s);
  second.name = "chat \"q\"";
  second.failed = true;
  std::ostringstream out;
  detail::write_chrome_trace(out, {call_from(0s, 2s), second});
  const auto json = nlohmann::json::parse(out.str());
  const auto& events = json["traceEvents"];
  REQUIRE(events.size() == 5);
  CHECK(events[1]["ts"] == 0.0);
  CHECK(events[1]["dur"] == 2e6);
  CHECK(events[2]["name"] == "answer");
  CHECK(events[3]["name"] == "chat \"q\"");
  CHECK(events[3]["tid"] == 2);
  CHECK(events[3]["cat"] == "failed");
  std::ostringstream none;
  detail::write_chrome_trace(none, {});
  CHECK(nlohmann::json::parse(none.str())["traceEvents"].size() == 1);
}

TEST_CASE("the picture is valid for no call, one, twenty and a thousand", "[observe]")
{
  for (const int size : {0, 1, 20, 1000}) {
    INFO(size);
    std::vector<TracedCall> calls;
    for (int i = 0; i < size; ++i)
      calls.push_back(call_from(std::chrono::seconds(i / 10), std::chrono::seconds(i / 10 + 3)));
    if (size > 0)
      calls.back().failed = true;
    const auto svg = svg_of(calls);
    CHECK(is_balanced(svg));
    CHECK(svg.starts_with("<svg xmlns="));
    CHECK(svg.find("nan") == svg.npos);
    CHECK(svg.find("inf") == svg.npos);
    CHECK(count(svg, "<g>") == static_cast<std::size_t>(size));
    CHECK(count(svg, "waiting for admission") == 1);  // the legend
  }
}

TEST_CASE("names in a picture are escaped, and numbers have a point", "[observe]")
{
  auto call = call_from(0s, 1s);
  call.name = "chat <m>&\"\x01";
  const std::locale german(std::locale::classic(), new std::numpunct_byname<char>("C"));
  std::ostringstream out;
  out.imbue(german);
  detail::write_svg_timeline(out, {call});
  const auto svg = out.str();
  CHECK(is_balanced(svg));
  CHECK(svg.find("chat &lt;m&gt;&amp;&quot;") != svg.npos);
  CHECK(svg.find('\x01') == svg.npos);
}

TEST_CASE("a recorder keeps the last calls", "[observe]")
{
  TraceRecorder recorder(2);
  CallInfo info;
  info.operation = "chat";
  for (std::uint64_t id = 1; id <= 3; ++id) {
    info.id = id;
    info.model = "m" + std::to_string(id);
    info.started = zero + std::chrono::seconds(id);
    recorder.attempt_ended(info, attempt_until(1s));
    CallEnd end;
    end.ended = info.started + 1s;
    recorder.call_ended(info, end);
  }
  CHECK(recorder.size() == 2);
  std::ostringstream out;
  recorder.write_svg(out);
  CHECK(out.str().find("chat m1") == std::string::npos);
  CHECK(out.str().find("chat m3") != std::string::npos);
}
