// What a call does next, by what has happened to it: no sockets, no clocks, no random numbers.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/core/response_head.hpp>
#include <asyncllm/impl/http/exchange/retry.hpp>
#include <asyncllm/impl/provider/wire.hpp>

namespace asyncllm::inline v0_1 {

/// One call, whole or streamed, from its first try to its end. Whoever drives it does what `Next`
/// says and reports what came of it. Everything that fails, at any step, is `on_failure`.
class CallMachine {
 public:
  using Duration = RetryPolicy::Duration;

  enum class Next {
    write,        ///< the request, as `delivery()` says; then on_written
    send,         ///< it, and wait for the head of the answer; then on_head
    read_stream,  ///< nothing: the stream reads the answer from here on; then on_done
    read_whole,   ///< all of the answer; then on_body
    follow,       ///< the redirect that the answer is; then on_followed
    decode,       ///< the answer, which is a reply or an error; then on_done
    wait,         ///< for `pause()`; then on_waited
    done,
    fail
  };

  /// What a decision about another try depends on beside the error.
  struct Conditions {
    const RetryPolicy& policy;
    http::RetryBudget& budget;
    double random;            ///< 0 to 1
    Duration time_left;       ///< of the total timeout
    Duration queue_patience;  ///< how much longer a queue that is full is waited for; 0: no server
                              ///< that has one
  };

  explicit CallMachine(provider::Delivery delivery) noexcept : delivery_(delivery) {}

  Next start() const noexcept { return Next::write; }
  Next on_written() noexcept;
  Next on_head(const ResponseHead& head);
  Next on_body() const noexcept;
  Next on_followed() noexcept;
  Next on_waited() noexcept;
  Next on_done() const noexcept { return Next::done; }
  /// `error` gets the status of the answer that it came with, and says so when the budget refuses
  /// another try.
  Next on_failure(Error& error, const Conditions& conditions);

  provider::Delivery delivery() const noexcept { return delivery_; }
  /// How often the request was tried, this time included; 0: not yet.
  int attempts() const noexcept { return attempts_; }
  Duration pause() const noexcept { return pause_; }
  /// The status of the answer to this try, 0 before there is one.
  int status() const noexcept { return status_; }
  /// Whether the call keeps its place among those in flight until the next try: the queue of an
  /// Ollama is full, and if the call gave its place up, all that wait for one would be refused in
  /// their turn.
  bool keeps_place() const noexcept { return keeps_place_; }

 private:
  bool has_success() const noexcept { return status_ >= 200 && status_ < 300; }

  provider::Delivery delivery_;
  int attempts_ = 0;
  int status_ = 0;
  bool keeps_place_ = false;
  Duration pause_{};
};

}  // namespace asyncllm
