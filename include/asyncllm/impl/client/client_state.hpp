// What a client is made of, for the calls that it makes.
#pragma once

#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/prepared_chat_state.hpp>
#include <asyncllm/impl/client/secrets.hpp>
#include <asyncllm/impl/core/response_head.hpp>
#include <asyncllm/impl/http/connect/proxy.hpp>
#include <asyncllm/impl/http/connect/transport.hpp>
#include <asyncllm/impl/http/parse/credentials.hpp>
#include <asyncllm/impl/http/parse/request_head.hpp>
#include <asyncllm/impl/provider/endpoint.hpp>
#include <asyncllm/impl/provider/wire.hpp>
#include <asyncllm/model/chat_request.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1 {

/// Everything of a client that never changes.
struct Client::State : std::enable_shared_from_this<State> {
  State(
      const ClientOptions& options,
      provider::Endpoint its_endpoint,
      std::optional<http::Credentials> its_url_credentials);

  /// Throws `Error{invalid_argument}` that names the first value that this provider cannot take.
  void check(const Parameters& parameters, const std::string& setter_prefix = "") const;

  PreparedChat::State prepared(
      std::string model, Messages before, const RequestOptions& options) const;
  /// The request for a question in a prepared chat, and its options: the chat's own, where `given`
  /// does not set others.
  AnyRequest question(
      const PreparedChat& chat,
      std::string text,
      const RequestOptions& given,
      SharedOptions& options) const;

  /// Replaces `message` by the bytes that ask for a reply. Throws `Error{invalid_argument}`,
  /// `Error{unsupported}`.
  void write_message(
      const AnyRequest& request,
      const RequestOptions& options,
      provider::Delivery delivery,
      std::string& message) const;
  void write_message(
      const EmbedRequest& request, const RequestOptions& options, std::string& message) const;
  /// `query`: of a page of the list, "" for the first one.
  void write_message_for_models(
      const RequestOptions& options, std::string_view query, std::string& message) const;

  /// The clocks of a call, with this server's defaults.
  Timeouts timeouts_of(const RequestOptions& options) const
  {
    return options.timeouts().first_if_unset(endpoint.preset->first_byte);
  }

  /// Where that goes, behind the base URL's path.
  std::string_view path_of(const AnyRequest& request) const;

  /// For a redirect to `url`, which is not this server: shares the places, the trust and the
  /// bounds, shows no client's certificate. Throws as a transport does.
  std::shared_ptr<const http::Transport> transport_to(const http::Url& url) const;

  /// Sets `prompt_may_be_cut` of a reply that is complete.
  void judge_prompt(const AnyRequest& request, const RequestOptions& options, Reply& reply) const;

  /// Takes keys and passwords out of the texts of an error: some servers repeat a wrong one.
  void mask(Error& error, const RequestOptions& options) const;
  /// The same, and adds where it happened and what to do about it.
  void explain(
      Error& error,
      std::string_view path,
      const std::string& model,
      const RequestOptions& options) const;

  http::ProxyEnvironment proxy_environment;  ///< as it was when the client was made
  provider::Endpoint endpoint;
  std::optional<http::Credentials> url_credentials;
  const provider::Wire& wire;
  http::Transport transport;
  Redirects redirects;
  std::string base_url;

 private:
  /// Those that redirects led to. Several loops on threads of their own may share a client.
  struct Elsewhere {
    std::mutex mutex;
    std::map<std::string, std::shared_ptr<const http::Transport>> by_origin;
  };

  Secrets secrets_;
  std::optional<std::string> proxy_;
  http::TlsFiles trust_;
  mutable Elsewhere elsewhere_;
  http::RequestHead chat_head_, generate_head_, embed_head_, models_head_;
};

inline bool is_success(const ResponseHead& head) noexcept
{
  return head.status >= 200 && head.status < 300;
}

/// Appends a piece of a whole answer, which is to become so long, if that is known. Throws
/// `Error{response_too_large}`.
void append_bounded(
    std::string& body,
    std::span<const char> piece,
    std::uint64_t announced_length,
    const Limits& limits);

/// Throws `Error{incomplete}` if the server gave a failure of its own as the reason for the end:
/// the reply is not whole then. An empty message loads a model or unloads it, and generates
/// nothing.
void check_finish(const Reply& reply, const RequestOptions& options);

}  // namespace asyncllm
