#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/client/call_machine.hpp>
#include <asyncllm/impl/http/exchange/redirect_chain.hpp>
#include <asyncllm/impl/provider/errors/error_words.hpp>

#include <algorithm>
#include <optional>

namespace asyncllm::inline v0_1::client {
namespace {

using provider::Delivery;

// Whether the server streams, as requested. A whole JSON document or a page is not a stream.
bool is_stream(const ResponseHead& head)
{
  const auto field = head.headers.find("Content-Type").value_or("");
  const auto type = detail::to_lower(detail::trim(field.substr(0, field.find(';'))));
  return type != "application/json" && type != "text/html";
}

bool knows_no_stream_options(const Error& error)
{
  return (error.http_status() == 400 || error.http_status() == 422) &&
         error.server_message().find("stream_options") != std::string_view::npos;
}

// The encrypted reasoning of an earlier turn is too old, or another server's.
bool is_reasoning_stale(const Error& error)
{
  return error.http_status() == 400 && error.server_code() == "invalid_encrypted_content";
}

bool is_queue_full(const Error& error)
{
  return error.http_status() == 503 &&
         provider::is_queue_full(detail::to_lower(error.server_message()));
}

}  // namespace

CallMachine::Next CallMachine::start() noexcept
{
  if (phase_ == Phase::unsent)
    phase_ = Phase::running;
  return Next::write;
}

CallMachine::Next CallMachine::on_written() noexcept
{
  ++attempts_;
  status_ = 0;
  return Next::admit;
}

CallMachine::Next CallMachine::on_head(const ResponseHead& head)
{
  status_ = head.status;
  const bool streams = provider::is_streamed(delivery_) && has_success() && is_stream(head);
  return streams ? Next::open_stream : Next::read_whole;
}

CallMachine::Next CallMachine::on_opened() noexcept
{
  if (phase_ == Phase::running)
    phase_ = Phase::open;
  return Next::done;
}

CallMachine::Next CallMachine::on_body() const noexcept
{
  return http::is_redirect(status_) ? Next::follow : Next::decode;
}

CallMachine::Next CallMachine::on_followed() noexcept
{
  status_ = 0;
  return Next::send;
}

CallMachine::Next CallMachine::on_decoded() noexcept
{
  if (phase_ == Phase::running)
    phase_ = Phase::read;
  return Next::done;
}

CallMachine::Next CallMachine::on_asked(bool has_piece) noexcept
{
  if (has_piece)
    return Next::deliver;
  switch (phase_) {
    case Phase::unsent: return Next::write;
    case Phase::running:
    case Phase::open: return Next::read_piece;
    case Phase::read: return Next::complete;
    case Phase::broken:
    case Phase::stopped: return Next::fail;
    case Phase::over: break;
  }
  return Next::done;
}

CallMachine::Next CallMachine::on_piece(bool has_piece, bool is_last) noexcept
{
  if (is_last && phase_ == Phase::open)
    phase_ = Phase::read;
  return on_asked(has_piece);
}

CallMachine::Next CallMachine::on_broken(ErrorKind kind, bool has_piece, bool is_whole) noexcept
{
  if (phase_ == Phase::open && is_whole && kind != ErrorKind::cancelled)
    phase_ = Phase::read;
  else if (phase_ != Phase::stopped)
    phase_ = Phase::broken;
  return on_asked(has_piece);
}

CallMachine::Next CallMachine::on_completed() noexcept
{
  phase_ = Phase::over;
  return Next::done;
}

bool CallMachine::stop() noexcept
{
  if (is_over())
    return false;
  phase_ = Phase::stopped;
  return true;
}

CallMachine::Next CallMachine::on_failure(Error& error, const Conditions& conditions)
{
  stays_admitted_ = false;
  if (attempts_ == 0)
    return Next::fail;
  if (error.http_status() == 0 && status_ != 0)
    error.with_http_status(status_);
  if (delivery_ == Delivery::streamed && knows_no_stream_options(error)) {
    delivery_ = Delivery::streamed_without_options;
    return Next::write;
  }
  if (provider::has_reasoning(delivery_) && is_reasoning_stale(error)) {
    delivery_ = provider::is_streamed(delivery_) ? Delivery::streamed_without_reasoning
                                                 : Delivery::whole_without_reasoning;
    return Next::write;
  }
  const auto& policy = conditions.policy;
  // Wait for a full queue however often it refuses, unless no retry is allowed at all.
  const bool waits_in_queue =
      policy.max_retries() > 0 && conditions.queue_patience.count() > 0 && is_queue_full(error);
  const int counted = waits_in_queue ? std::min(attempts_, policy.max_retries()) : attempts_;
  const FailedTry failed{error, counted, has_success(), conditions.random, conditions.time_left};
  const auto time = time_to_retry(failed, policy);
  if (!time)
    return Next::fail;
  if (needs_budget(error) && !conditions.budget.take()) {
    error.with_hint(
        "not tried again: the retries of RetryPolicy::budget are used up, which protects a server "
        "that fails");
    return Next::fail;
  }
  stays_admitted_ = waits_in_queue;
  pause_ = *time;
  return Next::wait;
}

}  // namespace asyncllm::client
