#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/client/reply_decoder.hpp>
#include <asyncllm/impl/json/syntax.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>

#include <algorithm>
#include <utility>

namespace asyncllm::inline v0_1::client {
namespace {

using provider::StreamedReply;

std::variant<stream::SseDecoder, stream::NdjsonDecoder> decoder_of(
    provider::Framing framing, const Limits& limits)
{
  if (framing == provider::Framing::lines)
    return stream::NdjsonDecoder(limits.event_bytes());
  return stream::SseDecoder(limits.event_bytes());
}

// Whether the data of an event is what gateways send to keep a connection open.
bool is_keep_alive(std::string_view data)
{
  const auto text = detail::trim(data);
  if (text.empty() || text.starts_with(':'))  // the second: a comment within data
    return true;
  constexpr std::string_view words[] = {
      "null", "\"\"", "[]", "{}", "ping", "\"ping\"", "heartbeat", "keepalive", "keep-alive"};
  return std::ranges::any_of(
      words, [&](auto word) { return detail::equal_ignoring_case(text, word); });
}

}  // namespace

ReplyDecoder::ReplyDecoder(const provider::Wire& wire, const Limits& limits)
    : wire_(wire),
      decoder_(decoder_of(wire.framing(), limits)),
      deltas_(wire.deltas()),
      stray_(limits.event_bytes())
{}

void ReplyDecoder::feed(std::string_view bytes, StreamedReply& reply)
{
  had_data_ = false;
  if (auto* const sse = std::get_if<stream::SseDecoder>(&decoder_))
    sse->feed(
        bytes,
        [&](const StreamEvent& event) { take_event(event, reply); },
        [&](std::string_view line) { take_stray(line, reply); });
  else
    std::get<stream::NdjsonDecoder>(decoder_).feed(
        bytes, [&](const StreamEvent& line) { take_line(line, reply); });
}

void ReplyDecoder::finish(StreamedReply& reply)
{
  if (is_done())
    return;
  try {
    if (auto* const sse = std::get_if<stream::SseDecoder>(&decoder_)) {
      const auto last = sse->unterminated([&](std::string_view line) { take_stray(line, reply); });
      if (last)
        take_event(*last, reply);
    } else if (const auto line = std::get<stream::NdjsonDecoder>(decoder_).unterminated()) {
      take_line(*line, reply);
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::bad_response)  // else the end cut it
      throw;
  }
  if (!is_done())
    conclude(reply.reply(), "the stream ended before the reply was complete");
}

void ReplyDecoder::read(std::string_view body, StreamedReply& reply)
{
  if (detail::trim(body).starts_with('{') && take_whole(body, reply))
    return;
  feed(body, reply);
  finish(reply);
}

bool ReplyDecoder::is_complete() const noexcept
{
  return is_whole_ || deltas_->has_finish();
}

// A line of a wire whose events are lines.
void ReplyDecoder::take_line(const StreamEvent& event, StreamedReply& reply)
{
  const auto line = event.data;
  if (line.starts_with('{') && line.ends_with('}') && !stray_.has_open_document())
    return take_event(event, reply);
  const auto text = detail::trim(line);
  const bool is_cut = text.starts_with('{') && !text.ends_with('}');
  const bool is_stray = stray_.has_open_document() || text.starts_with('[') ||
                        text.starts_with('<') || (is_cut && (!has_begun_ || text == "{"));
  if (!is_stray)
    return take_event({"", text, ""}, reply);
  take_stray(line, reply);
  if (is_cut && !stray_.has_open_document())  // it is not JSON, whatever follows
    take_event({"", text, ""}, reply);
}

void ReplyDecoder::take_event(const StreamEvent& event, StreamedReply& reply)
{
  if (is_done())
    return;
  if (!event.data.starts_with('{') && event.type != "error" && is_keep_alive(event.data))
    return;
  had_data_ = true;
  if (stray_.has_open_document())
    stray_.end();
  if (deltas_->feed(event, reply))
    has_begun_ = true;
  else
    consider(event.data, reply.reply());
  is_at_end_ = deltas_->is_at_end();
  if (is_at_end_)
    conclude(reply.reply(), "the stream ended without a reply");
}

void ReplyDecoder::take_stray(std::string_view line, StreamedReply& reply)
{
  if (!stray_.has_open_document() && is_keep_alive(line))
    return;
  had_data_ = true;
  if (const auto document = stray_.add(line); document && !is_done())
    take_document(*document, reply);
}

void ReplyDecoder::take_document(std::string_view document, StreamedReply& reply)
{
  constexpr int most_tried = 16;  // a whole reply comes first
  if (has_begun_ || tried_++ >= most_tried || !take_whole(document, reply))
    take_event({"", detail::trim(document), ""}, reply);
}

// Result: whether the document is a whole reply.
bool ReplyDecoder::take_whole(std::string_view document, StreamedReply& reply)
{
  std::string body(document);
  Reply whole;
  try {
    whole = wire_.decode(body);
  } catch (Error& error) {
    if (error.kind() == ErrorKind::bad_response)
      return false;
    error.with_body(body);
    throw;
  }
  is_whole_ = has_begun_ = true;
  reply.take_whole(std::move(whole));
  return true;
}

// JSON that is not part of a reply.
void ReplyDecoder::consider(std::string_view json, const Reply& so_far)
{
  auto remark = provider::remark_in(json);
  if (!remark)
    return;
  if (remark->is_certain)
    throw remark->error.with_partial_text(so_far.text);
  if (!remark_)
    remark_ = remark->error;
}

// Nothing more comes: throws unless the reply is complete. `what` says why it is not.
void ReplyDecoder::conclude(const Reply& so_far, const char* what)
{
  if (is_complete())
    return;
  stray_.end();
  if (remark_)
    throw remark_->with_partial_text(so_far.text);
  if (const auto& words = stray_.words(); !words.empty()) {
    const Error unreadable(ErrorKind::bad_response, "the response is not the expected JSON");
    auto error = provider::error_behind(unreadable, words);
    if (has_begun_)
      error = Error(ErrorKind::incomplete, std::string(what) + ": " + std::string(error.message()));
    throw error.with_server_message(provider::excerpt(words))
        .with_partial_text(so_far.text)
        .with_body(words);
  }
  if (!deltas_->is_complete())
    throw Error(ErrorKind::incomplete, what).with_partial_text(so_far.text);
}

provider::ReplyBounds bounds_of(const Limits& limits) noexcept
{
  return {limits.reply_bytes(), limits.tool_calls(), limits.logprobs()};
}

Reply read_reply(
    const provider::Wire& wire, const Limits& limits, std::string& body, json::Reader& reader)
{
  try {
    return wire.decode(body, reader);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::bad_response)
      throw;
    if (json::is_json(body))
      throw provider::error_behind(error, body);
  }
  ReplyDecoder decoder(wire, limits);
  StreamedReply reply(bounds_of(limits));
  try {
    decoder.feed(body, reply);
    decoder.finish(reply);
  } catch (const Error& error) {
    if (decoder.has_begun() || error.kind() != ErrorKind::incomplete)
      throw;
    throw provider::error_behind(
        Error(ErrorKind::bad_response, "the response is not the expected JSON"), body);
  }
  reply.complete();
  return std::move(reply.reply());
}

}  // namespace asyncllm::client
