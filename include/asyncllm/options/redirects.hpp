// Whether redirects are followed.
#pragma once

namespace asyncllm::inline v0_1 {

/// What to do with redirects (301, 302, 303, 307, 308). By default none is followed: the call fails
/// with `Error{bad_response}`, which names the target, since a redirect usually means a wrong base
/// URL.
///
/// If they are followed: a POST only on 307 and 308, with the same method and body; the other
/// statuses would turn it into a GET. A request to another scheme, host or port loses every header
/// field that could be a secret, and the client certificate, for the rest of the chain; the
/// conversation is sent there. Redirects from https to http, to other schemes, to a URL with user
/// information, and loops are not followed. Nothing is remembered: the next attempt, and the next
/// call, start at the first URL.
class Redirects {
 public:
  Redirects() = default;

  /// Follows at most this many redirects in one call; 0: none.
  Redirects& follow(int at_most = 10)
  {
    most_ = at_most;
    return *this;
  }

  int most() const noexcept { return most_; }

 private:
  int most_ = 0;
};

}  // namespace asyncllm
