// How long a call may take, and each part of it.
#pragma once

#include <asyncllm/core/error_kind.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace asyncllm::inline v0_1 {

/// The timeouts of one call. One that expires ends the call with `Error{timeout}`, whose
/// `timeout()` names it. Zero or less switches a timeout off. The defaults suit language models: a
/// server may need minutes to load one, or to read a long prompt, before it answers.
class Timeouts {
 public:
  using Duration = std::chrono::milliseconds;

  /// Waiting while `max_in_flight` other calls run. Only `total` runs at the same time. Default:
  /// off.
  Timeouts& pool_wait(Duration limit) { return set(Timeout::pool_wait, limit); }
  /// Resolving, connecting, the tunnel through a proxy and the TLS handshake together. Default: 5
  /// s.
  Timeouts& connect(Duration limit) { return set(Timeout::connect, limit); }
  /// Sending the request. Default: 2 minutes.
  Timeouts& write(Duration limit) { return set(Timeout::write, limit); }
  /// From the last byte of the request to the first byte of the answer. A reply that is not
  /// streamed begins when the model has finished it. Default: 10 minutes; 6 hours for Ollama and
  /// every server that is not one of the named hosts, where 64 calls may wait in the server's own
  /// queue.
  Timeouts& first_byte(Duration limit) { return set(Timeout::first_byte, limit); }
  /// Streams only: from the last byte of the request to the first piece of the reply. Default:
  /// as first_byte.
  Timeouts& first_token(Duration limit) { return set(Timeout::first_token, limit); }
  /// The longest silence later. In a stream, after its first piece: between events that carry data
  /// (comments that only keep the connection open do not count), while the program waits for the
  /// next piece. Otherwise: between bytes of the answer. Default: 2 minutes.
  Timeouts& idle(Duration limit) { return set(Timeout::idle, limit); }
  /// From the call to the end of the answer, all waiting included. Default: off, since only you
  /// know how long answers and queues may be.
  Timeouts& total(Duration limit) { return set(Timeout::total, limit); }

  Duration limit(Timeout timeout) const noexcept
  {
    const auto limit = limits_[static_cast<std::size_t>(timeout)];
    return limit == unset ? first_ : limit;
  }

  /// For the library: the limit of first_byte and first_token where they are not set.
  Timeouts& first_if_unset(Duration limit)
  {
    first_ = limit;
    return *this;
  }

 private:
  static constexpr auto unset = Duration::min();

  Timeouts& set(Timeout timeout, Duration limit)
  {
    limits_[static_cast<std::size_t>(timeout)] = std::max(limit, Duration(0));
    return *this;
  }

  // In the order of Timeout.
  std::array<Duration, 8> limits_{
      Duration(0),              // none
      Duration(0),              // pool_wait
      std::chrono::seconds(5),  // connect
      std::chrono::minutes(2),  // write
      unset,                    // first_byte
      unset,                    // first_token
      std::chrono::minutes(2),  // idle
      Duration(0)};             // total
  Duration first_ = std::chrono::minutes(10);
};

}  // namespace asyncllm
