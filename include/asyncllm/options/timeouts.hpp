// How long a call may take, and each part of it.
#pragma once

#include <asyncllm/core/error_kind.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace asyncllm::inline v0_1 {

/// The clocks of one call. A clock that runs out ends the call with `Error{timeout}`, whose
/// `clock()` names it. Zero or less switches a clock off. The defaults fit models: a server may
/// need minutes to load one, or to work through a long prompt, before it says anything.
class Timeouts {
 public:
  using Duration = std::chrono::milliseconds;

  /// Waiting for a place when `max_in_flight` calls are on their way. No other clock but `total`
  /// runs meanwhile. Default: off.
  Timeouts& pool_wait(Duration limit) { return set(Clock::pool_wait, limit); }
  /// Resolving, connecting, the tunnel through a proxy and the TLS handshake together. Default: 5
  /// s.
  Timeouts& connect(Duration limit) { return set(Clock::connect, limit); }
  /// Sending the request. Default: 2 minutes.
  Timeouts& write(Duration limit) { return set(Clock::write, limit); }
  /// From the last byte of the request to the first byte of the answer, which a whole reply begins
  /// when it is written to its end. Default: 10 minutes; 6 hours for Ollama and every server that
  /// is not one of the hosts by name, where 64 calls may wait for each other in the server's own
  /// queue.
  Timeouts& first_byte(Duration limit) { return set(Clock::first_byte, limit); }
  /// Streams only: from the last byte of the request to the first piece of the reply. Default:
  /// as first_byte.
  Timeouts& first_token(Duration limit) { return set(Clock::first_token, limit); }
  /// The longest silence later on. In a stream, behind its first piece: between events that carry
  /// data, so that comments which only keep the connection open do not count; it rests while nobody
  /// waits for the next piece. Otherwise: between bytes of the answer. Default: 2 minutes.
  Timeouts& idle(Duration limit) { return set(Clock::idle, limit); }
  /// Everything, from the call to the end of the answer, waiting for a place included. Default:
  /// off, since the length of an answer and of a queue is yours to know.
  Timeouts& total(Duration limit) { return set(Clock::total, limit); }

  Duration limit(Clock clock) const noexcept
  {
    const auto limit = limits_[static_cast<std::size_t>(clock)];
    return limit == unset ? first_ : limit;
  }

  /// Where first_byte and first_token are not set, this is their limit. For the library.
  Timeouts& first_if_unset(Duration limit)
  {
    first_ = limit;
    return *this;
  }

 private:
  static constexpr auto unset = Duration::min();

  Timeouts& set(Clock clock, Duration limit)
  {
    limits_[static_cast<std::size_t>(clock)] = std::max(limit, Duration(0));
    return *this;
  }

  // In the order of Clock.
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
