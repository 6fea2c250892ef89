// How long a call may take.
#pragma once

#include <chrono>

namespace asyncllm {

/// The clocks of one call. A clock that runs out ends the call with `Error{timeout}`, whose
/// `clock()` names it. Zero or less switches a clock off.
class Timeouts {
 public:
  using Duration = std::chrono::milliseconds;

  Timeouts() = default;

  /// Resolving, connecting and the TLS handshake together. Default: 5 s.
  Timeouts& connect(Duration limit)
  {
    connect_ = limit;
    return *this;
  }
  /// Everything, from the call to the end of the answer. Default: 10 minutes, since a server may
  /// have to load its model first.
  Timeouts& total(Duration limit)
  {
    total_ = limit;
    return *this;
  }

  Duration connect() const noexcept { return connect_; }
  Duration total() const noexcept { return total_; }

 private:
  Duration connect_{std::chrono::seconds(5)};
  Duration total_{std::chrono::minutes(10)};
};

}  // namespace asyncllm
