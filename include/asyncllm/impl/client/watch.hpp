// Tells the observers of a client about one call.
#pragma once

#include <asyncllm/impl/http/exchange/exchange_times.hpp>
#include <asyncllm/model/embeddings.hpp>
#include <asyncllm/model/reply.hpp>
#include <asyncllm/observe/observer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace asyncllm::inline v0_1::client {

using Observers = std::vector<std::shared_ptr<Observer>>;

/// Whether one of them is shown content.
bool wants_content(const Observers& observers) noexcept;

/// From the start of a call to its end, which its destructor reports if nobody did: the call was
/// given up.
class Watch {
 public:
  /// `messages`: shown to who wants content; not kept.
  Watch(const Observers& observers, CallInfo info, const Messages* messages);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  const CallInfo& info() const noexcept { return info_; }

  void begin_attempt();
  void on_admitted();
  /// Where the exchange of the attempt writes its times.
  http::ExchangeTimes& times() noexcept { return times_; }
  /// Of a streamed reply; only the first call counts.
  void on_token();
  /// Nothing if no attempt is under way. `error`: masked.
  void end_attempt(
      int status,
      const Error* error = nullptr,
      std::optional<std::chrono::milliseconds> wait = std::nullopt);

  void succeed(const Reply& reply);
  void succeed(const Embeddings& embeddings);
  void succeed();
  void fail(const Error& error);

 private:
  template <class Tell>
  void tell(Tell tell) noexcept;
  void end(CallEnd& result);

  const Observers observers_;
  std::vector<std::uint64_t> ids_;  // of the call, for each observer
  CallInfo info_;
  AttemptInfo attempt_;
  http::ExchangeTimes times_;
  std::optional<CallInfo::TimePoint> first_token_;
  int attempts_ = 0;
  bool is_attempting_ = false, has_ended_ = false;
};

}  // namespace asyncllm::client
