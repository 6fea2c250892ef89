#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/testing/renderer.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>
#include <utility>

namespace asyncllm::inline v0_1::testing {
namespace {

using std::chrono::milliseconds;

std::string_view reason_phrase(int code)
{
  static constexpr std::array<std::pair<int, std::string_view>, 30> phrases{{
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {413, "Content Too Large"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {529, "Overloaded"},
  }};
  const auto at = std::ranges::find(phrases, code, &std::pair<int, std::string_view>::first);
  return at != phrases.end() ? at->second : std::string_view("Unknown");
}

std::string status_line(int code)
{
  return "HTTP/1.1 " + std::to_string(code) + " " + std::string(reason_phrase(code)) + "\r\n";
}

/// The tokens of a text: each word with the white space before it. All bytes are kept.
std::vector<std::string> words_of(std::string_view text)
{
  constexpr std::string_view blank = " \t\r\n";
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto begin = text.find_first_not_of(blank);
    const auto end = begin == text.npos ? text.npos : text.find_first_of(blank, begin);
    const bool last = end == text.npos || text.find_first_not_of(blank, end) == text.npos;
    words.emplace_back(text.substr(0, last ? text.npos : end));
    text.remove_prefix(words.back().size());
  }
  return words;
}

/// What the head says of the body.
HeaderList body_fields(std::string_view type, Framing framing, std::size_t length)
{
  HeaderList fields;
  fields.emplace_back("Content-Type", type);
  if (framing == Framing::length)
    fields.emplace_back("Content-Length", std::to_string(length));
  else if (framing == Framing::chunked)
    fields.emplace_back("Transfer-Encoding", "chunked");
  return fields;
}

}  // namespace

Renderer::Renderer(
    const Request& request,
    const ApiFormat& format,
    std::size_t number,
    std::chrono::system_clock::time_point now)
    : request_(request), format_(format), number_(number), now_(now)
{}

Playback Renderer::render(const Answer& answer, const Call& call) const
{
  switch (answer.kind_) {
    case Answer::Kind::status:
      return whole(answer, answer.code_, answer.content_type_, answer.content_, answer.delay_);
    case Answer::Kind::error: {
      const std::string body = format_.error(answer.code_, answer.content_);
      return whole(answer, answer.code_, format_.whole_type(), body, answer.delay_);
    }
    case Answer::Kind::text:
    case Answer::Kind::echo: break;
  }
  const Said said = say(answer, call);
  return call.stream
             ? stream(answer, said)
             : whole(answer, 200, format_.whole_type(), format_.whole(said), said.duration());
}

Said Renderer::say(const Answer& answer, const Call& call) const
{
  Said said;
  said.call = call;
  said.number = number_;
  said.asked_at = now_;
  said.delay = answer.delay_;
  said.between = answer.between_;
  said.finish_reason = answer.finish_reason_;
  said.pieces = answer.pieces_;
  said.tools = answer.calls_;
  if (said.pieces.empty())
    said.pieces = words_of(answer.kind_ == Answer::Kind::echo ? call.prompt : answer.content_);
  said.input_tokens = call.prompt_words;
  said.output_tokens = static_cast<std::int64_t>(said.pieces.size());
  if (answer.usage_)
    std::tie(said.input_tokens, said.output_tokens) = *answer.usage_;
  return said;
}

Playback Renderer::whole(
    const Answer& answer,
    int code,
    std::string_view type,
    const std::string& body,
    milliseconds delay) const
{
  const bool bodiless = code == 204 || code == 304;
  const auto framed = framing(answer, Framing::length);
  auto fields = bodiless ? HeaderList() : body_fields(type, framed, body.size());
  PlaybackBuilder builder(framed);
  builder.wait(delay);
  builder.head(head(answer, code, std::move(fields), closes(answer, framed)));
  if (!bodiless && request_.head.method != "HEAD") {
    const std::string_view all = body;
    builder.piece(all.substr(0, all.size() / 2));
    builder.piece(all.substr(all.size() / 2));
    builder.end_body();
  }
  if (answer.fault_)
    builder.strike(*answer.fault_);
  return std::move(builder).build(closes(answer, framed));
}

Playback Renderer::stream(const Answer& answer, const Said& said) const
{
  std::vector<std::string> parts;
  parts.push_back(format_.opening(said));
  for (std::size_t i = 0; i < said.pieces.size(); ++i)
    parts.push_back(format_.piece(said, i));
  parts.push_back(format_.closing(said));
  std::size_t length = 0;
  for (const auto& part : parts)
    length += part.size();

  const auto framed = framing(answer, Framing::chunked);
  PlaybackBuilder builder(framed);
  builder.wait(said.delay);
  auto fields = body_fields(format_.stream_type(), framed, length);
  builder.head(head(answer, 200, std::move(fields), closes(answer, framed)));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool later = i >= 2 && i + 1 < parts.size();  // than the first token
    if (later && said.between > milliseconds(0))
      builder.wait(said.between);
    builder.piece(parts[i]);
  }
  builder.end_body();
  if (answer.fault_)
    builder.strike(*answer.fault_);
  return std::move(builder).build(closes(answer, framed));
}

Framing Renderer::framing(const Answer& answer, Framing otherwise) const
{
  const auto wanted = answer.framing_.value_or(otherwise);
  return wanted == Framing::chunked && !request_.chunked_ok ? Framing::close : wanted;
}

bool Renderer::closes(const Answer& answer, Framing framing) const
{
  return answer.close_ || !request_.keep_alive || framing == Framing::close;
}

std::string Renderer::head(const Answer& answer, int code, HeaderList headers, bool close) const
{
  const auto& scripted = answer.headers_;
  if (!format_.request_id_header().empty())
    headers.emplace_back(format_.request_id_header(), "req_scripted_" + std::to_string(number_));
  if (close)
    headers.emplace_back("Connection", "close");
  std::string text = status_line(code);
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  for (const auto& [name, value] : headers)
    if (!scripted.find(name))
      add(name, value);
  for (const auto& [name, value] : scripted)
    add(name, value);
  return text + "\r\n";
}

Playback render(const Rejection& rejection)
{
  const std::string body = std::to_string(rejection.code) + " " +
                           std::string(reason_phrase(rejection.code)) + ": " + rejection.reason;
  const std::string head = status_line(rejection.code) +
                           "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n" +
                           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  Playback playback;
  playback.ending = Ending::close;
  playback.steps.push_back(Step{milliseconds(0), head + body});
  return playback;
}

}  // namespace asyncllm::testing
