// One endpoint of one provider: sends requests, reads answers, decides whether they are whole.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/client/prepared_chat.hpp>
#include <asyncllm/client/reply_stream.hpp>
#include <asyncllm/core/export.hpp>
#include <asyncllm/core/version.hpp>
#include <asyncllm/model/chat_request.hpp>
#include <asyncllm/model/embeddings.hpp>
#include <asyncllm/model/message.hpp>
#include <asyncllm/model/prompt.hpp>
#include <asyncllm/model/reply.hpp>
#include <asyncllm/options/limits.hpp>
#include <asyncllm/options/redirects.hpp>
#include <asyncllm/options/request_options.hpp>
#include <asyncllm/options/tls_files.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1 {

namespace client {
class ClientState;
struct Question;
}  // namespace client

/// Where a client sends its requests.
class ClientOptions {
 public:
  /// `provider`: "ollama", "openai", "anthropic" or another one that README.md lists;
  /// "openai-compatible" for any server that speaks OpenAI's wire.
  explicit ClientOptions(std::string provider) : provider_(std::move(provider)) {}

  ClientOptions& provider(std::string name) { return set(provider_, std::move(name)); }

  /// http://, https:// or http+unix:// (a Unix socket), with the path in front of the wire's own.
  /// For Ollama also a host alone, with or without a port, as OLLAMA_HOST. A user name and password
  /// in it are sent as Basic authentication (RFC 7617).
  /// Default: the provider's variable in the environment (OLLAMA_HOST, OPENAI_BASE_URL, ...), then
  /// the provider's own URL.
  ClientOptions& base_url(std::string url) { return set(base_url_, std::move(url)); }
  /// Default: the provider's variable in the environment (OPENAI_API_KEY, ...), which goes only to
  /// the provider's own URL or to the one from the environment. White space and quotes around it,
  /// and a copied "Bearer " in front, are dropped.
  ClientOptions& api_key(std::string key) { return set(api_key_, std::move(key)); }
  /// A PEM file with the certificates to trust instead of the system's.
  ClientOptions& ca_file(std::string path) { return set(tls_files_.ca, std::move(path)); }
  /// A PEM file with lists of revoked certificates. There must be one of every authority in the
  /// server's chain, or the server is refused. Default: nothing is asked about revocation.
  ClientOptions& crl_file(std::string path) { return set(tls_files_.crl, std::move(path)); }
  /// PEM files with the certificate that the client shows (and its chain), and its key, which must
  /// not be encrypted.
  ClientOptions& client_certificate(std::string certificate_file, std::string key_file)
  {
    tls_files_.certificate = std::move(certificate_file);
    return set(tls_files_.key, std::move(key_file));
  }
  /// Sends the key also over http:// to another machine, which is refused otherwise.
  ClientOptions& key_over_plain_http(bool value)
  {
    key_over_plain_http_ = value;
    return *this;
  }

  /// "http://[user:password@]host:port" or "socks5://..."; "" or "direct": none. Default: what
  /// http_proxy, https_proxy, all_proxy and no_proxy say (docs/reliability.md).
  ClientOptions& proxy(std::string url)
  {
    proxy_ = std::move(url);
    return *this;
  }
  /// How many calls may be in flight at once on one loop, from all its strands; more wait for a
  /// place, first come first served. Copies of a client share the places. 0: no limit. Default: 64
  /// for Ollama, which serves a few at once and refuses when its own queue is full; none elsewhere.
  ClientOptions& max_in_flight(std::size_t count)
  {
    max_in_flight_ = count;
    return *this;
  }

  /// How much of an answer is taken before it is refused.
  ClientOptions& limits(const Limits& bounds)
  {
    limits_ = bounds;
    return *this;
  }

  /// Follows the server's redirects, `Redirects().follow()`, by the rules that `Redirects` lists.
  /// Default: none, a redirect is `Error{bad_response}` that says where it leads.
  ClientOptions& redirects(Redirects rules)
  {
    redirects_ = rules;
    return *this;
  }

  const std::string& provider() const noexcept { return provider_; }
  const std::string& base_url() const noexcept { return base_url_; }
  const std::string& api_key() const noexcept { return api_key_; }
  const TlsFiles& tls_files() const noexcept { return tls_files_; }
  const std::optional<std::string>& proxy() const noexcept { return proxy_; }
  const Limits& limits() const noexcept { return limits_; }
  Redirects redirects() const noexcept { return redirects_; }
  bool key_over_plain_http() const noexcept { return key_over_plain_http_; }
  std::optional<std::size_t> max_in_flight() const noexcept { return max_in_flight_; }

 private:
  ClientOptions& set(std::string& option, std::string value)
  {
    option = std::move(value);
    return *this;
  }

  std::string provider_, base_url_, api_key_;
  TlsFiles tls_files_;
  Limits limits_;
  Redirects redirects_;
  bool key_over_plain_http_ = false;
  std::optional<std::string> proxy_;
  std::optional<std::size_t> max_in_flight_;
};

/// Immutable and cheap to copy; copies share everything. Calls are independent of each other, own
/// what they need, and may run on any loop, on several in turn too: connections belong to the loop.
///
/// The calls throw `Error` of every kind but tool_failed, quota and the like as the server says,
/// and cancelled when the awaiting coroutine is cancelled (terminal): the connection is closed
/// then.
///
/// Threads: a client may be used from any, at the same time. A call runs on the executor of the
/// coroutine that awaits it; on a context that several threads run that must be a strand
/// (docs/asio.md).
class ASYNCLLM_EXPORT Client {
 public:
  /// Throws `Error{invalid_argument}`: no such provider, no base URL, no API key where one is
  /// needed, a URL, key or certificate file that cannot be used; `Error{unsupported}` for https in
  /// a build without TLS.
  explicit Client(const ClientOptions& options) : Client(options, Abi()) {}
  Client(const Client&) = default;  // and a move copies: what was moved from still works
  Client& operator=(const Client&) = default;

  /// Asks for one whole reply.
  asio::awaitable<Reply> chat(
      std::string model, Messages messages, RequestOptions options = RequestOptions()) const;

  /// Serialises a conversation whose last question is still to come, once for many questions.
  /// Throws what is wrong with the arguments.
  PreparedChat prepare(
      std::string model, Messages before, RequestOptions options = RequestOptions()) const;

  /// Asks `question` in `chat`, which is of this client. What `options` set goes before what the
  /// chat was prepared with.
  asio::awaitable<Reply> chat(
      const PreparedChat& chat,
      std::string question,
      RequestOptions options = RequestOptions()) const;
  ReplyStream stream(
      const PreparedChat& chat,
      std::string question,
      RequestOptions options = RequestOptions()) const;
  /// The same with several turns behind what the chat was prepared with.
  asio::awaitable<Reply> chat(
      const PreparedChat& chat, Messages turns, RequestOptions options = RequestOptions()) const;
  ReplyStream stream(
      const PreparedChat& chat, Messages turns, RequestOptions options = RequestOptions()) const;

  /// Asks for one whole answer to a bare prompt, without turns. Only Ollama has that
  /// (`/api/generate`); others throw `Error{unsupported}`.
  asio::awaitable<Reply> generate(
      std::string model, Prompt prompt, RequestOptions options = RequestOptions()) const;

  /// Asks for a reply piece by piece. Sends nothing before the first `next()`, which also throws
  /// what is wrong with the arguments.
  ReplyStream stream(
      std::string model, Messages messages, RequestOptions options = RequestOptions()) const;

  ReplyStream stream(
      std::string model, Prompt prompt, RequestOptions options = RequestOptions()) const;

  /// Makes texts vectors. How many numbers a vector has is a matter of the model, or of
  /// `extra({{"dimensions", 256}})`. An empty text is `Error{invalid_argument}` (`allow_empty`), a
  /// provider without embeddings `Error{unsupported}`.
  asio::awaitable<Embeddings> embed(
      std::string model,
      std::vector<std::string> texts,
      RequestOptions options = RequestOptions()) const;

  /// The names of the models that the server has. A list in pages is asked for page by page, up to
  /// a hundred; the total clock runs for all of them.
  asio::awaitable<std::vector<std::string>> models(RequestOptions options = RequestOptions()) const;

  /// Throws `Error{invalid_argument}` for a value that this provider does not take, as the calls
  /// would. `setter_prefix` stands before the name of the value.
  void check(const RequestOptions& options, const std::string& setter_prefix = "") const;

  /// The provider's name.
  std::string_view provider() const noexcept;
  /// Where the requests go: scheme, host, port and path.
  const std::string& base_url() const noexcept;

 private:
  Client(const ClientOptions& options, Abi);
  asio::awaitable<Reply> ask(client::Question question) const;
  ReplyStream ask_streamed(client::Question question) const;

  std::shared_ptr<const client::ClientState> state_;
};

}  // namespace asyncllm
