// LlmAgent: a model with its instructions and parameters, ready to be asked.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/client/client.hpp>
#include <asyncllm/client/reply_stream.hpp>
#include <asyncllm/core/export.hpp>
#include <asyncllm/core/version.hpp>
#include <asyncllm/model/message.hpp>
#include <asyncllm/model/model_spec.hpp>
#include <asyncllm/model/reply.hpp>
#include <asyncllm/options/request_options.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace asyncllm::inline v0_1 {

/// Immutable and cheap to copy. Sends are independent of each other: there is no shared history and
/// no lock, N sends are N requests at once. An agent can be used on several io_contexts, and may
/// die while a send is in flight.
///
/// What is wrong with an argument is thrown when the send is awaited, before any I/O, so that one
/// bad question takes only its own place in a `gather`.
class ASYNCLLM_EXPORT LlmAgent {
 public:
  class Builder;

  LlmAgent(const LlmAgent&) = default;  // and a move copies: what was moved from still works
  LlmAgent& operator=(const LlmAgent&) = default;

  /// `name` is yours, for messages. `spec` says which model of which server:
  /// "ollama::gemma3:latest", "openai::gpt-4o-mini", "openai@http://127.0.0.1:8080/v1::name" (see
  /// ModelSpec).
  static Builder builder(std::string name, std::string_view spec);

  const std::string& name() const noexcept;
  const ModelSpec& model() const noexcept;
  /// Where the requests go.
  const Client& client() const noexcept;

  /// Asks one question and waits for the whole reply.
  ///
  /// Throws `Error` when awaited: `invalid_argument` before any I/O (an empty message, a value out
  /// of its range, text that is not UTF-8), otherwise what docs/errors.md lists for requests; with
  /// what the server said in `server_message()`.
  /// Cancellation (terminal): closes the connection, throws `Error{cancelled}`.
  /// Threads: runs on the executor of the coroutine that awaits it, which is one thread's or a
  /// strand.
  asio::awaitable<Reply> send_message_async(std::string message) const;
  /// The same with options of its own (an overload: a default argument would lie in the frame of
  /// the coroutine that waits).
  asio::awaitable<Reply> send_message_async(std::string message, RequestOptions options) const;

  /// The same with a conversation of your own, behind the agent's system prompt.
  asio::awaitable<Reply> send_messages_async(
      Messages messages, RequestOptions options = RequestOptions()) const;

  /// Asks one question and gives the reply piece by piece, as the model writes it.
  ReplyStream stream_message(std::string message, RequestOptions options = RequestOptions()) const;
  /// The same with a conversation of your own, behind the agent's system prompt.
  ReplyStream stream_messages(Messages messages, RequestOptions options = RequestOptions()) const;

  /// `send_message_async` for programs without a loop: blocks, with a loop and a connection of its
  /// own each time. Not to be called on a thread that runs a loop, which would stand still.
  Reply send_message(std::string message, RequestOptions options = RequestOptions()) const;

 private:
  struct State;
  Messages conversation(Messages messages) const;
  RequestOptions merged(const RequestOptions& options) const;
  explicit LlmAgent(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  std::shared_ptr<const State> state_;
};

/// Collects what makes an agent. Nothing is checked before `build()`.
class ASYNCLLM_EXPORT LlmAgent::Builder {
 public:
  Builder(std::string name, std::string_view spec) : name_(std::move(name)), spec_(spec) {}

  /// Goes in front of every conversation. Default: none.
  Builder& with_system_prompt(std::string text)
  {
    system_prompt_ = std::move(text);
    return *this;
  }
  /// 0 (always the likeliest word) to 2. Default: the server's.
  Builder& with_temperature(double value)
  {
    own_.temperature(value);
    return *this;
  }
  /// Longest answer in tokens, at least 1. Default: the server's.
  Builder& with_max_tokens(int count)
  {
    own_.max_tokens(count);
    return *this;
  }
  /// http://, https:// or http+unix://; wins over the spec and the environment. See
  /// `ClientOptions::base_url`.
  Builder& with_base_url(std::string url)
  {
    base_url_ = std::move(url);
    return *this;
  }
  /// Wins over the environment.
  Builder& with_api_key(std::string key)
  {
    api_key_ = std::move(key);
    return *this;
  }
  /// A PEM file with the certificates to trust instead of the system's.
  Builder& with_ca_file(std::string path)
  {
    ca_file_ = std::move(path);
    return *this;
  }
  /// A PEM file with lists of revoked certificates. There must be one of every authority in the
  /// server's chain, or the server is refused. Default: nothing is asked about revocation.
  Builder& with_crl_file(std::string path)
  {
    crl_file_ = std::move(path);
    return *this;
  }
  /// PEM files with the certificate that the agent shows (and its chain), and its key, which must
  /// not be encrypted.
  Builder& with_client_certificate(std::string certificate_file, std::string key_file)
  {
    certificate_file_ = std::move(certificate_file);
    key_file_ = std::move(key_file);
    return *this;
  }
  /// Lets the API key travel over http:// to another machine, which is refused otherwise.
  Builder& with_key_over_plain_http(bool value)
  {
    key_over_plain_http_ = value;
    return *this;
  }
  /// "http://[user:password@]host:port" or "socks5://..."; "" or "direct": none. Default: what
  /// http_proxy, https_proxy, all_proxy and no_proxy say (docs/reliability.md).
  Builder& with_proxy(std::string url)
  {
    proxy_ = std::move(url);
    return *this;
  }
  /// How many calls may be in flight at once on one loop; more wait for a place, first come first
  /// served. 0: no limit. Default: 64 for Ollama, none elsewhere.
  Builder& with_max_in_flight(std::size_t count)
  {
    max_in_flight_ = count;
    return *this;
  }
  /// How much of an answer is taken before it is refused.
  Builder& with_limits(const Limits& bounds)
  {
    limits_ = bounds;
    return *this;
  }
  /// Follows the server's redirects, `Redirects().follow()`, by the rules that `Redirects` lists.
  /// Default: none, a redirect is `Error{bad_response}` that says where it leads.
  Builder& with_redirects(Redirects rules)
  {
    redirects_ = rules;
    return *this;
  }
  /// Defaults for every call; `with_temperature` and `with_max_tokens` win over them, and a call's
  /// own options over all.
  Builder& with_options(RequestOptions defaults)
  {
    defaults_ = std::move(defaults);
    return *this;
  }

  /// Throws `Error{invalid_argument}` that names the setter: a value out of its range, a spec
  /// without provider or model, an unknown provider, an unusable URL, key or certificate file, no
  /// API key where one is needed; `Error{unsupported}` for https in a build without TLS.
  LlmAgent build() const { return build(Abi()); }

 private:
  LlmAgent build(Abi) const;

  std::string name_, spec_, system_prompt_, base_url_, api_key_;
  std::string ca_file_, crl_file_, certificate_file_, key_file_;
  bool key_over_plain_http_ = false;
  std::optional<std::string> proxy_;
  std::optional<std::size_t> max_in_flight_;
  Limits limits_;
  Redirects redirects_;
  RequestOptions own_, defaults_;
};

inline LlmAgent::Builder LlmAgent::builder(std::string name, std::string_view spec)
{
  return Builder(std::move(name), spec);
}

}  // namespace asyncllm
