// Whether redirects are followed.
#pragma once

namespace asyncllm::inline v0_1 {

/// What to do when a server says that it is elsewhere (301, 302, 303, 307, 308). By default nothing
/// is followed: the answer is `Error{bad_response}` that names the new place, since a redirected
/// chat mostly means a wrong base URL.
///
/// Switched on, these rules hold. A POST is followed on 307 and 308 only, with method and body as
/// they were: the others would turn it into a GET. What leads to another scheme, host or port loses
/// every header field that could hold a secret, and the client's certificate, for good; the
/// conversation goes there. From https to http, to other schemes, to a URL with user information
/// and in circles nothing is followed. Nothing is remembered: the next try, and the next call,
/// begin at the first URL again.
class Redirects {
 public:
  Redirects() = default;

  /// Follows so many redirects in one call; 0: none.
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
