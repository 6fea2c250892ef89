// One endpoint of one provider: sends requests and reads the answers.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/client/prepared_chat.hpp>
#include <asyncllm/client/reply_stream.hpp>
#include <asyncllm/core/export.hpp>
#include <asyncllm/core/version.hpp>
#include <asyncllm/model/embeddings.hpp>
#include <asyncllm/model/message.hpp>
#include <asyncllm/model/prompt.hpp>
#include <asyncllm/model/reply.hpp>
#include <asyncllm/model/schema_support.hpp>
#include <asyncllm/options/client_options.hpp>
#include <asyncllm/options/request_options.hpp>

#include <asio/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1 {

namespace client {
class ClientState;
struct Question;
}  // namespace client

/// Sends requests to one server. Immutable and cheap to copy; copies share everything. Calls are
/// independent of each other.
///
/// Result: a complete reply. An answer that is not complete is an error.
/// Throws: `Error`, when the call is awaited. Before any I/O: `invalid_argument` (a value out of
/// range, an empty message, text that is not UTF-8), `unsupported` (this provider cannot do that).
/// Later: every kind that docs/errors.md lists for requests, with the text so far in
/// `partial_text()`; never an API key or password.
/// Cancellation: terminal. The connection is closed, and the call throws `Error{cancelled}`.
/// Lifetimes: a call keeps what it needs, so the client may be destroyed while it runs, and so may
/// the io_context. Connections belong to the io_context.
/// Threads: a client may be used from any thread at any time. A call runs on the executor of the
/// coroutine that awaits it. On an io_context that several threads run, that must be a strand
/// (docs/asio.md).
///
///     const Client client(ClientOptions("ollama"));
///     auto messages = Messages().system("Be brief.").user("What is 2+2?");
///     const Reply reply = co_await client.chat("gemma3:latest", std::move(messages));
class ASYNCLLM_EXPORT Client {
 public:
  /// Throws `Error{invalid_argument}`: no such provider, no base URL, no API key where one is
  /// required, a URL, key or certificate file that cannot be used; `Error{unsupported}` for https
  /// in a build without TLS.
  explicit Client(const ClientOptions& options) : Client(options, Abi()) {}
  Client(const Client&) = default;  // a move copies, so that a moved-from client still works
  Client& operator=(const Client&) = default;

  /// Asks for a reply to a conversation.
  asio::awaitable<Reply> chat(
      std::string model, Messages messages, RequestOptions options = RequestOptions()) const;
  /// The same, piece by piece. Sends nothing before the first `next()`, which also throws what is
  /// wrong with the arguments.
  ReplyStream stream(
      std::string model, Messages messages, RequestOptions options = RequestOptions()) const;

  /// Serialises the beginning of a conversation once, for many questions. Throws at once what is
  /// wrong with the arguments.
  PreparedChat prepare(
      std::string model, Messages before, RequestOptions options = RequestOptions()) const;
  /// Asks `question` after the messages of `chat`, which this client has prepared. Options that are
  /// set here override those of `chat`.
  asio::awaitable<Reply> chat(
      const PreparedChat& chat, std::string question, RequestOptions options) const;
  /// The same without options. (An overload: a default argument would cost time and memory.)
  asio::awaitable<Reply> chat(const PreparedChat& chat, std::string question) const;
  ReplyStream stream(
      const PreparedChat& chat,
      std::string question,
      RequestOptions options = RequestOptions()) const;
  /// The same with several turns instead of one question.
  asio::awaitable<Reply> chat(
      const PreparedChat& chat, Messages turns, RequestOptions options = RequestOptions()) const;
  ReplyStream stream(
      const PreparedChat& chat, Messages turns, RequestOptions options = RequestOptions()) const;

  /// Asks for the continuation of a bare prompt, without turns. Only Ollama has this
  /// (`/api/generate`); other providers throw `Error{unsupported}`.
  asio::awaitable<Reply> generate(
      std::string model, Prompt prompt, RequestOptions options = RequestOptions()) const;
  ReplyStream stream(
      std::string model, Prompt prompt, RequestOptions options = RequestOptions()) const;

  /// Turns texts into vectors: one for each text, in order. The number of dimensions depends on the
  /// model, or on `extra({{"dimensions", 256}})`. Also throws `invalid_argument` for an empty text
  /// (unless `allow_empty`), and `unsupported` for a provider without embeddings.
  asio::awaitable<Embeddings> embed(
      std::string model,
      std::vector<std::string> texts,
      RequestOptions options = RequestOptions()) const;

  /// The names of the models that the server has. A list in pages is read page by page, at most a
  /// hundred; the total timeout covers all of them.
  asio::awaitable<std::vector<std::string>> models(RequestOptions options = RequestOptions()) const;

  /// Throws `Error{invalid_argument}` for a value that this provider does not accept, as the calls
  /// would. `setter_prefix` is put in front of the value's name.
  void check(const RequestOptions& options, const std::string& setter_prefix = "") const;

  /// Those of `ClientOptions::observer`.
  const std::vector<std::shared_ptr<Observer>>& observers() const noexcept;
  /// The provider's name.
  std::string_view provider() const noexcept;
  /// What becomes of `RequestOptions::answer_schema` at this provider.
  SchemaSupport schema_support() const noexcept;
  /// Where the requests go: scheme, host, port and path.
  const std::string& base_url() const noexcept;

 private:
  Client(const ClientOptions& options, Abi);
  asio::awaitable<Reply> ask(client::Question question) const;
  ReplyStream ask_streamed(client::Question question) const;

  std::shared_ptr<const client::ClientState> state_;
};

}  // namespace asyncllm
