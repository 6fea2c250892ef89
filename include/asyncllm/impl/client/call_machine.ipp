#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/client/call_machine.hpp>
#include <asyncllm/impl/http/exchange/redirect.hpp>
#include <asyncllm/impl/provider/errors/error_words.hpp>

#include <algorithm>
#include <optional>

namespace asyncllm::inline v0_1 {
namespace {

using provider::Delivery;

// Whether the server streams, as it was asked to: a whole JSON document or a page is no stream.
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

bool is_queue_full(const Error& error)
{
  return error.http_status() == 503 &&
         provider::is_queue_full(detail::to_lower(error.server_message()));
}

}  // namespace

CallMachine::Next CallMachine::on_written() noexcept
{
  ++attempts_;
  status_ = 0;
  return Next::send;
}

CallMachine::Next CallMachine::on_head(const ResponseHead& head)
{
  status_ = head.status;
  const bool streams = delivery_ != Delivery::whole && has_success() && is_stream(head);
  return streams ? Next::read_stream : Next::read_whole;
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

CallMachine::Next CallMachine::on_waited() noexcept
{
  return on_written();
}

CallMachine::Next CallMachine::on_failure(Error& error, const Conditions& conditions)
{
  keeps_place_ = false;
  if (attempts_ == 0)
    return Next::fail;
  if (error.http_status() == 0 && status_ != 0)
    error.with_http_status(status_);
  if (delivery_ == Delivery::streamed && knows_no_stream_options(error)) {
    delivery_ = Delivery::streamed_without_options;
    return Next::write;
  }
  const auto& policy = conditions.policy;
  // A full queue is waited for however often it refuses, unless no retry is allowed at all.
  const bool waits_in_queue =
      policy.max_retries() > 0 && conditions.queue_patience.count() > 0 && is_queue_full(error);
  const int counted = waits_in_queue ? std::min(attempts_, policy.max_retries()) : attempts_;
  const http::FailedTry failed{
      error, counted, has_success(), conditions.random, conditions.time_left};
  const auto time = http::time_to_retry(failed, policy);
  if (!time)
    return Next::fail;
  if (http::needs_budget(error) && !conditions.budget.take()) {
    error.with_hint(
        "not tried again: the retries of RetryPolicy::budget are used up, which protects a server "
        "that fails");
    return Next::fail;
  }
  keeps_place_ = waits_in_queue;
  pause_ = *time;
  return Next::wait;
}

}  // namespace asyncllm
