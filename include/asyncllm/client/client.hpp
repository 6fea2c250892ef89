// One endpoint of one provider: sends requests, reads answers, decides whether they are whole.
#pragma once

#include <asyncllm/client/reply_stream.hpp>
#include <asyncllm/client/request_options.hpp>
#include <asyncllm/core/version.hpp>
#include <asyncllm/model/message.hpp>
#include <asyncllm/model/reply.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace asyncllm {

/// Where a client sends its requests.
class ClientOptions {
 public:
  /// `provider`: "ollama", "openai" or "openai-compatible".
  explicit ClientOptions(std::string provider) : provider_(std::move(provider)) {}

  /// http:// or https://, with the path in front of the provider's own. Default: OLLAMA_HOST or
  /// OPENAI_BASE_URL from the environment, then the provider's own.
  ClientOptions& base_url(std::string url) { return set(base_url_, std::move(url)); }
  /// Default: OPENAI_API_KEY from the environment, which goes only to OpenAI's own URL or to
  /// OPENAI_BASE_URL.
  ClientOptions& api_key(std::string key) { return set(api_key_, std::move(key)); }
  /// A PEM file with the certificates to trust instead of the system's.
  ClientOptions& ca_file(std::string path) { return set(ca_file_, std::move(path)); }
  /// Sends the key also over http:// to another machine, which is refused otherwise.
  ClientOptions& key_over_plain_http(bool value)
  {
    key_over_plain_http_ = value;
    return *this;
  }

  const std::string& provider() const noexcept { return provider_; }
  const std::string& base_url() const noexcept { return base_url_; }
  const std::string& api_key() const noexcept { return api_key_; }
  const std::string& ca_file() const noexcept { return ca_file_; }
  bool key_over_plain_http() const noexcept { return key_over_plain_http_; }

 private:
  ClientOptions& set(std::string& option, std::string value)
  {
    option = std::move(value);
    return *this;
  }

  std::string provider_, base_url_, api_key_, ca_file_;
  bool key_over_plain_http_ = false;
};

/// Immutable and cheap to copy; copies share everything. Calls are independent of each other, own
/// what they need, and may run on any loop, on several in turn too: connections belong to the loop.
///
/// The calls throw `Error` of every kind but tool_failed, quota and the like as the server says,
/// and cancelled when the awaiting coroutine is cancelled (terminal): the connection is closed
/// then.
class Client {
 public:
  /// Throws `Error{invalid_argument}`: no such provider, no base URL, no API key where one is
  /// needed, a URL, key or certificate file that cannot be used; `Error{unsupported}` for https in
  /// a build without TLS.
  explicit Client(const ClientOptions& options) : Client(options, Abi()) {}

  /// Asks for one whole reply.
  asio::awaitable<Reply> chat(
      std::string model, Messages messages, RequestOptions options = RequestOptions()) const;

  /// Asks for a reply piece by piece. Sends nothing before the first `next()`, which also throws
  /// what is wrong with the arguments.
  ReplyStream stream(
      std::string model, Messages messages, RequestOptions options = RequestOptions()) const;

  /// The names of the models that the server has.
  asio::awaitable<std::vector<std::string>> models(RequestOptions options = RequestOptions()) const;

  /// Where the requests go: scheme, host, port and path.
  const std::string& base_url() const noexcept;

  struct State;

 private:
  Client(const ClientOptions& options, Abi);

  std::shared_ptr<const State> state_;
};

}  // namespace asyncllm
