// What a client is made of, for the calls that it makes.
#pragma once

#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/core/response_head.hpp>
#include <asyncllm/http/request_head.hpp>
#include <asyncllm/http/transport.hpp>
#include <asyncllm/model/chat_request.hpp>

#include "provider/endpoint.hpp"
#include "provider/wire.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace asyncllm {

inline constexpr std::size_t longest_body = 64 * 1024 * 1024;

/// Everything of a client that never changes.
struct Client::State {
  State(const ClientOptions& options, provider::Endpoint its_endpoint);

  /// The bytes that ask for a reply. Throws `Error{invalid_argument}`.
  std::string chat_message(
      const ChatRequest& request, const RequestOptions& options, provider::Delivery delivery) const;

  /// The error that an answer other than 2xx is.
  Error refusal(const ResponseHead& head, std::string body) const;

  /// `text` without the API key: some servers repeat a wrong one, and it must not get into a log.
  std::string without_secret(std::string text) const;

  /// Adds to an error where it happened and what to do about it.
  void explain(Error& error, std::string_view path, const std::string& model) const;

  provider::Endpoint endpoint;
  const provider::Wire& wire;
  http::Transport transport;
  std::string base_url;
  http::RequestHead chat_head, models_head;
};

}  // namespace asyncllm
