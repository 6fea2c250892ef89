#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/reply_stream_state.hpp>

#include <utility>

namespace asyncllm::inline v0_1 {

ReplyStream::State::State(
    std::shared_ptr<const Client::State> its_client,
    AnyRequest its_request,
    SharedOptions its_options)
    : client(std::move(its_client)),
      request(std::move(its_request)),
      options(std::move(its_options)),
      decoder(client->wire, client->transport.limits()),
      reply(bounds_of(client->transport.limits()))
{}

void ReplyStream::State::take(std::string_view bytes)
{
  if (bytes.empty()) {
    phase = Phase::read;
    decoder.finish(reply);
    return;
  }
  decoder.feed(bytes, reply);
  call.exchange->mark_used();
  if (decoder.had_data())
    call.exchange->mark_data();
  if (reply.has_next())
    call.exchange->mark_token();
  if (decoder.is_done())
    phase = Phase::read;
}

void ReplyStream::State::break_off(Error error)
{
  call.exchange.reset();
  phase = Phase::over;
  error.with_partial_text(reply.reply().text);
  const auto& machine = call.machine;
  if (error.http_status() == 0 && machine.status() != 0)
    error.with_http_status(machine.status());
  if (machine.attempts() > 0) {
    if (error.request_id().empty())
      error.with_request_id(reply.reply().request_id);
    call.route->explain(error.with_attempts(machine.attempts()));
    client->explain(error, client->path_of(request), model_of(request), *options);
  }
  failure = std::move(error);
}

void ReplyStream::State::break_off(std::exception_ptr error) noexcept
{
  call.exchange.reset();
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
    call.exchange.reset();
    return;
  }
  if (call.exchange)
    call.exchange->cancel();
  call.pause.cancel();
}

void ReplyStream::State::drop() noexcept
{
  if (phase == Phase::over) {
    call.exchange.reset();
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
