// Where one attempt of a call goes: to the client's own server, and wherever that redirects it.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/client_state.hpp>
#include <asyncllm/impl/core/response_head.hpp>
#include <asyncllm/impl/http/connect/transport.hpp>
#include <asyncllm/impl/http/exchange/redirect_chain.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::client {

/// Must outlive the exchanges that use it; `client` and `message` must outlive it. Costs next to
/// nothing without redirects.
class Route {
 public:
  /// `message` goes to the client's own server first.
  Route(const ClientState& client, std::string_view message) : client_(client), message_(message) {}

  const http::Transport& transport() const noexcept
  {
    return redirected_ && redirected_->elsewhere ? *redirected_->elsewhere : client_.transport;
  }
  std::string_view message() const noexcept
  {
    return redirected_ ? redirected_->message : message_;
  }

  /// Whether `answer` is a redirect; transport and message are those for its target then. Throws
  /// `Error{bad_response}` when it is not to be followed.
  bool follow(const ResponseHead& answer);

  /// Adds to an error where a redirect has led.
  void explain(Error& error) const;

 private:
  struct Redirected {
    http::RedirectChain chain;
    std::shared_ptr<const http::Transport> elsewhere;  // null: still the client's own server
    std::string message;
  };

  const ClientState& client_;
  std::string_view message_;
  std::unique_ptr<Redirected> redirected_;
};

}  // namespace asyncllm::client
