#include "client/reply_stream_state.hpp"

#include <asyncllm/core/error.hpp>
#include <asyncllm/core/text.hpp>

#include "client/retries.hpp"
#include "json/syntax.hpp"

#include <algorithm>
#include <utility>

namespace asyncllm {

namespace {

provider::ReplyBounds bounds_of(const Limits& limits)
{
  return {limits.reply_bytes(), limits.tool_calls(), limits.logprobs()};
}

}  // namespace

ReplyStream::State::State(
    std::shared_ptr<const Client::State> its_client,
    AnyRequest its_request,
    SharedOptions its_options)
    : client(std::move(its_client)),
      request(std::move(its_request)),
      options(std::move(its_options)),
      deltas(client->wire.deltas()),
      reply(bounds_of(client->transport.limits()))
{
  if (client->endpoint.preset->wire == provider::WireKind::ollama)
    decoder.emplace<stream::NdjsonDecoder>(client->transport.limits().event_bytes());
  else
    decoder.emplace<stream::SseDecoder>(client->transport.limits().event_bytes());
}

void ReplyStream::State::take(std::string_view bytes)
{
  if (bytes.empty())
    take_end();
  if (!has_events) {  // it may be a whole reply, or an error
    const bool is_json = trim(before_events.empty() ? bytes : before_events).starts_with('{');
    const auto most = is_json ? stream::default_event_limit : longest_error;
    before_events.append(bytes.substr(0, most - std::min(most, before_events.size())));
  }
  bool is_data = false;
  const auto sink = [&](const StreamEvent& event) {
    is_data = has_events = true;
    deltas->feed(event, reply);
  };
  std::visit([&](auto& any) { any.feed(bytes, sink); }, decoder);
  if (is_data)
    exchange->mark_data();
  if (reply.has_next())
    exchange->mark_token();
  if (deltas->is_at_end() && !deltas->is_complete())
    throw Error(ErrorKind::incomplete, "the stream ended without a reply");
  if (deltas->is_at_end())
    phase = Phase::read;
}

void ReplyStream::State::take_end()
{
  const auto last = std::visit([](auto& any) { return any.unterminated(); }, decoder);
  if (last)
    try {
      deltas->feed(*last, reply);
      has_events = true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::bad_response)  // else it was cut
        throw;
    }
  phase = Phase::read;
  if (deltas->is_complete())
    return;
  if (!has_events && json::is_json(before_events))
    return take_no_event();
  throw Error(ErrorKind::incomplete, "the stream ended before the reply was complete");
}

// JSON that is no event: a whole reply, or an error.
void ReplyStream::State::take_no_event()
{
  try {
    take_whole(before_events);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::bad_response)
      throw;
    throw provider::hidden_error(before_events);
  }
}

void ReplyStream::State::take_whole(std::string body)
{
  Reply whole;
  try {
    whole = client->wire.decode(body);
  } catch (Error& error) {
    error.with_body(body);
    throw;
  }
  phase = Phase::read;
  reply.add_reasoning(whole.reasoning);
  reply.add_text(whole.text);
  reply.add_refusal(whole.refusal);
  reply.reply() = std::move(whole);
  reply.set_finish(reply.reply().finish_reason, std::string(reply.reply().finish_reason_text));
}

void ReplyStream::State::break_off(Error error)
{
  exchange.reset();
  phase = Phase::over;
  error.with_partial_text(reply.reply().text);
  if (error.http_status() == 0 && head.status != 0)
    error.with_http_status(head.status);
  if (attempts > 0) {
    if (error.request_id().empty())
      error.with_request_id(reply.reply().request_id);
    if (route)
      route->explain(error);
    client->explain(error.with_attempts(attempts), client->path_of(request), model_of(request));
  }
  failure = std::move(error);
}

void ReplyStream::State::break_off(std::exception_ptr error) noexcept
{
  exchange.reset();
  phase = Phase::over;
  other_failure = std::move(error);
}

void ReplyStream::State::rethrow_failure() const
{
  if (failure)
    throw *failure;
  if (other_failure)
    std::rethrow_exception(other_failure);
}

Error ReplyStream::State::stopped() const
{
  return Error(ErrorKind::cancelled, "the stream was closed before its end");
}

void ReplyStream::State::stop()
{
  if (phase == Phase::over)
    return;
  is_stopped_ = true;
  if (!turn.is_taken()) {
    exchange.reset();
    return;
  }
  if (exchange)
    exchange->cancel();
  if (retries)
    retries->cancel();
}

void ReplyStream::State::drop() noexcept
{
  if (phase == Phase::over) {
    exchange.reset();
    return;
  }
  try {
    break_off(Error(
        ErrorKind::cancelled, "the io_context was destroyed while the stream waited for a piece"));
  } catch (...) {
    break_off(std::current_exception());
  }
}

void ReplyStream::State::abandon() noexcept
{
  try {
    stop();
  } catch (...) {  // a timer could not be cancelled: the next() ends by its own clocks
  }
}

}  // namespace asyncllm
