#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/stream_state.hpp>

#include <utility>

namespace asyncllm::inline v0_1::client {

StreamState::StreamState(std::shared_ptr<const ClientState> its_client, Question question)
    : client(std::move(its_client)),
      request(std::move(question.request)),
      options(std::move(question.options)),
      decoder(client->wire, client->transport.limits()),
      reply(bounds_of(client->transport.limits()), client->think_tags(request, *options))
{}

bool StreamState::take(std::string_view bytes)
{
  decoder.feed(bytes, reply);
  call.exchange->mark_used();
  if (decoder.had_data())
    call.exchange->mark_data();
  if (reply.has_next()) {
    call.exchange->mark_token();
    if (call.watch)
      call.watch->on_token();
  }
  return decoder.is_done();
}

void StreamState::complete()
{
  if (call.watch)
    call.watch->end_attempt(call.machine.status());
  reply.complete();
  auto& whole = reply.reply();
  check_finish(whole, *options);
  client->judge_prompt(request, *options, whole);
}

void StreamState::close() noexcept
{
  call.exchange.reset();
  call.leave(&reply.reply().headers);
}

void StreamState::fail(Error error)
{
  close();
  try {
    reply.end_texts();  // what was held back is a part of the text so far
  } catch (const Error&) {
  }
  error.with_partial_text(reply.reply().text);
  const auto& machine = call.machine;
  if (error.http_status() == 0 && machine.status() != 0)
    error.with_http_status(machine.status());
  if (machine.attempts() > 0) {
    if (error.request_id().empty())
      error.with_request_id(reply.reply().request_id);
    error.with_attempts(machine.attempts());
    if (call.route)
      call.route->explain(error);
    client->explain(error, operation_of(request), model_of(request), *options);
  }
  if (call.watch)
    call.watch->fail(error);
  failure = std::make_exception_ptr(std::move(error));
}

void StreamState::fail(std::exception_ptr error) noexcept
{
  close();
  failure = std::move(error);
}

void StreamState::stop()
{
  if (!call.machine.stop())
    return;
  if (turn.is_taken()) {
    call.cancel();
    return;
  }
  close();
  if (call.watch)
    call.watch->fail(Error(ErrorKind::cancelled, "the stream was closed before its end"));
}

void StreamState::drop() noexcept
{
  if (call.machine.is_over()) {
    close();
    return;
  }
  call.machine.on_broken(ErrorKind::cancelled, false, false);
  try {
    fail(Error(
        ErrorKind::cancelled, "the io_context was destroyed while the stream waited for a piece"));
  } catch (...) {
    fail(std::current_exception());
  }
}

void StreamState::abandon() noexcept
{
  try {
    stop();
  } catch (...) {  // a timer could not be cancelled: the next() ends by its own timeouts
  }
}

}  // namespace asyncllm::client
