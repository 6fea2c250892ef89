// Whether and where a redirect is followed. Pure: an answer in, the next URL out.
#pragma once

#include <asyncllm/impl/core/response_head.hpp>
#include <asyncllm/impl/http/parse/url.hpp>
#include <asyncllm/options/redirects.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::http {

constexpr bool is_redirect(int status) noexcept
{
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Whether a field may be sent to another origin. Few may: the library does not know what a user's
/// field holds.
bool may_go_elsewhere(std::string_view field) noexcept;

/// The redirects of one request.
class RedirectChain {
 public:
  /// `first`: with the whole path of the request, which is kept unchanged.
  RedirectChain(Redirects rules, std::string method, Url first)
      : rules_(rules), method_(std::move(method)), seen_{std::move(first)}
  {}

  /// Where `answer`, for which `is_redirect` holds, leads: request its `target("")` with the same
  /// method and body. Throws `Error{bad_response}` with the status when it is not to be followed.
  const Url& follow(const ResponseHead& answer);

  /// Where it has led so far.
  const Url& here() const noexcept { return seen_.back(); }
  /// Whether it has ever left the first server.
  bool is_elsewhere() const noexcept { return elsewhere_; }

  /// Of the fields of the first request those that may go where the chain has led.
  HeaderList allowed(const HeaderList& headers) const;

 private:
  static bool same(const Url& a, const Url& b)
  {
    return a.origin() == b.origin() && a.target("") == b.target("");
  }

  Redirects rules_;
  std::string method_;
  std::vector<Url> seen_;
  bool elsewhere_ = false;
};

}  // namespace asyncllm::http
