#include <asyncllm/impl/client/watch.hpp>

#include <algorithm>
#include <utility>

namespace asyncllm::inline v0_1::client {
namespace {

using WatchClock = std::chrono::steady_clock;

// Without the reply so far.
Error without_content(Error error)
{
  error.with_partial_text({}).with_body({});
  return error;
}

}  // namespace

bool wants_content(const Observers& observers) noexcept
{
  try {
    return std::ranges::any_of(
        observers, [](const auto& observer) { return observer->wants_content(); });
  } catch (...) {
    return false;
  }
}

Watch::Watch(const Observers& observers, CallInfo info, const Messages* messages)
    : observers_(observers), info_(std::move(info))
{
  info_.started = WatchClock::now();
  info_.started_at = std::chrono::system_clock::now();
  for (const auto& observer : observers_)
    ids_.push_back(observer->next_id());
  tell([&](Observer& observer) {
    info_.messages = observer.wants_content() ? messages : nullptr;
    observer.call_started(info_);
  });
  info_.messages = nullptr;
}

Watch::~Watch()
{
  if (has_ended_)
    return;
  try {
    fail(Error(ErrorKind::cancelled, "the call was given up"));
  } catch (...) {
  }
}

// An observer that fails costs the call nothing.
template <class Tell>
void Watch::tell(Tell tell) noexcept
{
  for (std::size_t i = 0; i < observers_.size(); ++i) {
    info_.id = ids_[i];
    try {
      tell(*observers_[i]);
    } catch (...) {
      observers_[i]->count_failure();
    }
  }
}

void Watch::begin_attempt()
{
  if (is_attempting_)
    return;
  is_attempting_ = true;
  attempt_ = AttemptInfo();
  attempt_.number = ++attempts_;
  attempt_.begun = WatchClock::now();
  times_ = {};
}

void Watch::on_admitted()
{
  attempt_.admitted = WatchClock::now();
}

void Watch::on_token()
{
  if (first_token_)
    return;
  first_token_ = WatchClock::now();
  tell([&](Observer& observer) { observer.first_token(info_, *first_token_); });
}

void Watch::end_attempt(
    int status, const Error* error, std::optional<std::chrono::milliseconds> wait)
{
  if (!std::exchange(is_attempting_, false))
    return;
  attempt_.connected = times_.connected;
  attempt_.secured = times_.secured;
  attempt_.sent = times_.sent;
  attempt_.first_byte = times_.first_byte;
  attempt_.reused = times_.reused;
  attempt_.ended = WatchClock::now();
  attempt_.status = status;
  attempt_.wait = wait;
  const auto bare = error ? std::optional(without_content(*error)) : std::nullopt;
  tell([&](Observer& observer) {
    attempt_.error = !error || observer.wants_content() ? error : &*bare;
    observer.attempt_ended(info_, attempt_);
  });
  attempt_.error = nullptr;
}

void Watch::succeed(const Reply& reply)
{
  CallEnd result;
  result.usage = reply.usage;
  result.response_model = reply.model;
  result.response_id = reply.id;
  result.request_id = reply.request_id;
  result.finish_reason = to_string(reply.finish_reason);
  result.reply = &reply;
  end(result);
}

void Watch::succeed(const Embeddings& embeddings)
{
  CallEnd result;
  result.usage = embeddings.usage;
  result.response_model = embeddings.model;
  end(result);
}

void Watch::succeed()
{
  CallEnd result;
  end(result);
}

void Watch::fail(const Error& error)
{
  end_attempt(error.http_status(), &error);
  CallEnd result;
  result.error = &error;
  result.request_id = error.request_id();
  end(result);
}

void Watch::end(CallEnd& result)
{
  if (std::exchange(has_ended_, true))
    return;
  result.ended = WatchClock::now();
  result.first_token = first_token_;
  result.attempts = attempts_;
  const auto* const reply = result.reply;
  const auto* const error = result.error;
  const auto bare = error ? std::optional(without_content(*error)) : std::nullopt;
  tell([&](Observer& observer) {
    const bool is_shown = observer.wants_content();
    result.reply = is_shown ? reply : nullptr;
    result.error = is_shown || !error ? error : &*bare;
    observer.call_ended(info_, result);
  });
}

}  // namespace asyncllm::client
