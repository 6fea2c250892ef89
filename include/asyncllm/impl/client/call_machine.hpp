// Decides what a call does next: no sockets, no clocks, no random numbers.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/retry_decision.hpp>
#include <asyncllm/impl/core/response_head.hpp>
#include <asyncllm/impl/provider/wire.hpp>

namespace asyncllm::inline v0_1::client {

/// One call, whole or streamed, from its first attempt to its end. Its driver does what `Next` says
/// and reports the result.
///
/// A streamed reply is requested piece by piece, by `on_asked`. Until its answer streams, the call
/// runs like any other; a failure before that is `on_failure`, a later one `on_broken`.
class CallMachine {
 public:
  using Duration = RetryPolicy::Duration;

  enum class Next {
    write,        ///< the request, as `delivery()` says; then on_written
    admit,        ///< wait until the call may start; then on_admitted
    send,         ///< it, and wait for the head of the answer; then on_head
    open_stream,  ///< hand the answer, which streams, to the stream; then on_opened
    read_whole,   ///< all of the answer; then on_body
    follow,       ///< the redirect that the answer is; then on_followed
    decode,       ///< the answer, which is a reply or an error; then on_decoded
    wait,         ///< for `pause()`; then on_waited
    read_piece,   ///< more of the answer; then on_piece
    deliver,      ///< a piece of the reply
    complete,     ///< check the reply, which has ended; then on_completed
    done,
    fail
  };

  /// What a decision about another attempt depends on besides the error.
  struct Conditions {
    const RetryPolicy& policy;
    RetryBudget& budget;
    double random;            ///< 0 to 1
    Duration time_left;       ///< of the total timeout
    Duration queue_patience;  ///< how much longer to wait for a server whose queue is full; 0: this
                              ///< server has no queue
  };

  explicit CallMachine(provider::Delivery delivery) noexcept : delivery_(delivery) {}

  Next start() noexcept;
  Next on_written() noexcept;
  Next on_admitted() const noexcept { return Next::send; }
  Next on_head(const ResponseHead& head);
  Next on_opened() noexcept;
  Next on_body() const noexcept;
  Next on_followed() noexcept;
  Next on_waited() noexcept { return on_written(); }
  Next on_decoded() noexcept;
  /// Sets the status of the answer in `error`, and says so when the budget refuses another attempt.
  Next on_failure(Error& error, const Conditions& conditions);

  /// `has_piece`: of the reply, read and not yet delivered.
  Next on_asked(bool has_piece) noexcept;
  /// `is_last`: the answer has no more.
  Next on_piece(bool has_piece, bool is_last) noexcept;
  /// The stream fails after the pieces that it has, unless its reply `is_whole` already: then the
  /// failure costs only the usage.
  Next on_broken(ErrorKind kind, bool has_piece, bool is_whole) noexcept;
  Next on_completed() noexcept;
  /// The caller needs no more: the call fails. Returns false if it had ended before.
  bool stop() noexcept;

  provider::Delivery delivery() const noexcept { return delivery_; }
  /// How often the request was sent, this time included; 0: not yet.
  int attempts() const noexcept { return attempts_; }
  Duration pause() const noexcept { return pause_; }
  /// The status of the answer to this attempt; 0 before there is one.
  int status() const noexcept { return status_; }
  bool has_success() const noexcept { return status_ >= 200 && status_ < 300; }
  /// Whether the call stays admitted until its next attempt: the queue of an Ollama is full, and if
  /// this call gave up its permit, each waiting call would be refused in turn.
  bool stays_admitted() const noexcept { return stays_admitted_; }
  bool is_stopped() const noexcept { return phase_ == Phase::stopped; }
  /// Whether nothing more will happen.
  bool is_over() const noexcept { return phase_ == Phase::over || phase_ == Phase::broken; }

 private:
  enum class Phase {
    unsent,
    running,  // up to the answer
    open,     // the answer streams
    read,     // nothing more is to be read, but pieces may be left
    broken,   // it fails once the remaining pieces are delivered
    stopped,  // the same, stopped by the caller
    over
  };

  provider::Delivery delivery_;
  Phase phase_ = Phase::unsent;
  int attempts_ = 0;
  int status_ = 0;
  bool stays_admitted_ = false;
  Duration pause_{};
};

}  // namespace asyncllm::client
