// The state of a client, shared by its calls.
#pragma once

#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/request.hpp>
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

namespace asyncllm::inline v0_1::client {

/// Everything about a client that never changes.
class ClientState : public std::enable_shared_from_this<ClientState> {
 public:
  /// Throws as `Client` does. `endpoint`: with the base URL as it was found; `url_credentials` were
  /// removed from it. `wire` must outlive all clients.
  ClientState(
      const ClientOptions& options,
      const provider::Endpoint& endpoint,
      std::optional<http::Credentials> url_credentials,
      const provider::Wire& wire);

  /// Throws `Error{invalid_argument}` that names the first value that this provider cannot take.
  void check(const Parameters& parameters, const std::string& setter_prefix = "") const;

  PreparedState prepared(std::string model, Messages before, const RequestOptions& options) const;
  /// A question in a prepared chat, with the chat's options where `given` does not set others.
  Question question(
      const std::shared_ptr<const PreparedState>& chat,
      std::string text,
      const RequestOptions& given) const;
  Question question(const std::shared_ptr<const PreparedState>& chat, std::string text) const;
  /// The same with several turns.
  Question question(
      const std::shared_ptr<const PreparedState>& chat,
      const Messages& turns,
      const RequestOptions& given) const;

  /// Replaces `message` by the bytes of the request. Throws `Error{invalid_argument}`,
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

  /// The timeouts of a call, with this server's defaults.
  Timeouts timeouts_of(const RequestOptions& options) const
  {
    return options.timeouts().first_if_unset(preset.first_byte);
  }

  /// Where an operation goes, for messages.
  std::string url_of(provider::Operation operation, std::string_view model) const;

  /// For a redirect to `url`, which is not this server: shares the trust and the limits, shows no
  /// client certificate. Throws as a transport does.
  std::shared_ptr<const http::Transport> transport_to(const http::Url& url) const;

  /// What becomes of reasoning in the text of the reply.
  ThinkTags think_tags(const AnyRequest& request, const RequestOptions& options) const
  {
    const bool is_chat = operation_of(request) == provider::Operation::chat;
    return options.parameters().think_tags.value_or(is_chat ? preset.think_tags : ThinkTags::keep);
  }

  /// What observers learn of a call; `content` gets its messages if one of them wants that.
  CallInfo describe(
      const AnyRequest& request,
      const RequestOptions& options,
      bool is_streamed,
      Messages& content) const;
  CallInfo describe(
      provider::Operation operation, const std::string& model, const RequestOptions& options) const;

  /// Sets `prompt_may_be_cut` of a reply that is complete.
  void judge_prompt(const AnyRequest& request, const RequestOptions& options, Reply& reply) const;

  /// Takes keys and passwords out of the texts of an error: some servers repeat a wrong one.
  void mask(Error& error, const RequestOptions& options) const;
  /// The same, and adds where it happened and what to do about it.
  void explain(
      Error& error,
      provider::Operation operation,
      const std::string& model,
      const RequestOptions& options) const;

  const provider::Preset& preset;
  const provider::Wire& wire;
  const http::ProxyEnvironment proxy_environment;  ///< as it was when the client was made
  const http::Transport transport;
  const std::string base_url;
  const Redirects redirects;
  const std::size_t max_in_flight;  ///< calls at once on one io_context; 0: no limit
  const std::vector<std::shared_ptr<Observer>> observers;
  const std::function<void(HeaderList&, const CallInfo&)> before_send;

 private:
  /// The targets of redirects. Several io_contexts on different threads may share a client.
  struct Elsewhere {
    std::mutex mutex;
    std::map<std::string, std::shared_ptr<const http::Transport>> by_origin;
  };

  std::size_t begin_message(
      provider::Operation operation,
      std::string_view model,
      const RequestOptions& options,
      std::string& message) const;
  void sign(std::string& message, std::size_t body_at) const;

  std::string api_key_;
  Secrets secrets_;
  std::optional<std::string> proxy_;
  TlsFiles trust_;
  mutable Elsewhere elsewhere_;
  http::RequestHead post_head_, get_head_;
};

/// Appends a piece of a whole answer of the expected length, if that is known. Throws
/// `Error{response_too_large}`.
void append_bounded(
    std::string& body,
    std::span<const char> piece,
    std::uint64_t announced_length,
    const Limits& limits);

/// Throws `Error{incomplete}` if the finish reason is a failure of the server: then the reply is
/// not whole. An empty message loads or unloads a model and generates nothing.
void check_finish(const Reply& reply, const RequestOptions& options);

}  // namespace asyncllm::client
