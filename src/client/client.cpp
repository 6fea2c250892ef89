#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/http/request_head.hpp>
#include <asyncllm/http/transport.hpp>
#include <asyncllm/model/chat_request.hpp>

#include "http/exchange.hpp"
#include "provider/endpoint.hpp"
#include "provider/errors.hpp"
#include "provider/wire.hpp"

#include <asio/this_coro.hpp>

#include <chrono>
#include <cstdlib>

namespace asyncllm {

/// Everything of a client that never changes.
struct Client::State {
  State(const ClientOptions& options, provider::Endpoint its_endpoint)
      : endpoint(std::move(its_endpoint)),
        wire(provider::wire_of(*endpoint.preset)),
        transport(http::Url::parse(endpoint.base_url), options.ca_file()),
        base_url(transport.url().origin() + transport.url().path)
  {
    const auto& url = transport.url();
    HeaderList headers;
    if (!endpoint.api_key.empty()) {
      if (!url.tls && !url.is_loopback() && !options.key_over_plain_http())
        throw Error(
            ErrorKind::invalid_argument,
            "the API key would travel unencrypted to " + url.origin() +
                ": use https://, or allow it by with_key_over_plain_http(true)");
      headers.emplace_back("Authorization", "Bearer " + endpoint.api_key);
    }
    chat_head = http::RequestHead("POST", url, wire.chat_path(), headers);
    models_head = http::RequestHead("GET", url, wire.models_path(), headers);
  }

  provider::Endpoint endpoint;
  const provider::Wire& wire;
  http::Transport transport;
  std::string base_url;
  http::RequestHead chat_head, models_head;
};

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t longest_body = 64 * 1024 * 1024;

/// A whole answer, and when its parts came.
struct Answer {
  ResponseHead head;
  std::string body;
  SteadyClock::duration first_byte{}, total{};
};

/// The conversation of a call to `chat`.
class ChatJob {
 public:
  ChatJob(std::string model, Messages messages, RequestOptions options)
      : request_{std::move(model), std::move(messages), options.parameters()},
        options_(std::move(options))
  {}

  const RequestOptions& options() const { return options_; }
  const std::string& model() const { return request_.model; }
  std::string_view path(const Client::State& client) const { return client.wire.chat_path(); }

  std::string message(const Client::State& client) const
  {
    validate();
    std::string message;
    const auto body_at = client.chat_head.begin(message, options_.headers());
    client.wire.encode(request_, *client.endpoint.preset, message);
    http::RequestHead::finish(message, body_at);
    return message;
  }

  Reply result(const Client::State& client, Answer& answer) const
  {
    auto reply = client.wire.decode(answer.body);
    reply.request_id = provider::request_id(answer.head.headers);
    reply.headers = std::move(answer.head.headers);
    reply.timings.first_token = answer.first_byte;
    reply.timings.total = answer.total;
    return reply;
  }

 private:
  void validate() const
  {
    request_.parameters.validate();
    if (request_.messages.empty())
      throw Error(ErrorKind::invalid_argument, "there is no message to send");
    const auto& last = *std::prev(request_.messages.end());
    if (last.role() == Role::user && last.text().empty() && !options_.allows_empty())
      throw Error(
          ErrorKind::invalid_argument,
          "the message is empty; RequestOptions().allow_empty(true) sends it all the same");
  }

  ChatRequest request_;
  RequestOptions options_;
};

/// A call to `models`.
class ModelsJob {
 public:
  explicit ModelsJob(RequestOptions options) : options_(std::move(options)) {}

  const RequestOptions& options() const { return options_; }
  std::string model() const { return {}; }
  std::string_view path(const Client::State& client) const { return client.wire.models_path(); }

  std::string message(const Client::State& client) const
  {
    std::string message;
    client.models_head.begin(message, options_.headers());
    return message;
  }

  std::vector<std::string> result(const Client::State& client, Answer& answer) const
  {
    return client.wire.decode_models(answer.body);
  }

 private:
  RequestOptions options_;
};

// Some servers repeat a wrong key in their answer; it must not get into a log that way.
void remove_secret(std::string& text, const std::string& secret)
{
  if (secret.empty())
    return;
  for (auto at = text.find(secret); at != text.npos; at = text.find(secret, at))
    text.replace(at, secret.size(), "***");
}

// Adds to an error where it happened and what to do about it.
template <class Job>
void explain(Error& error, const Client::State& client, const Job& job)
{
  const auto& preset = *client.endpoint.preset;
  if (error.http_status() != 0)
    error.with_hint("asked was " + client.base_url + std::string(job.path(client)));
  switch (error.kind()) {
    case ErrorKind::connect_failed:
    case ErrorKind::resolve_failed: error.with_hint(preset.if_unreachable); break;
    case ErrorKind::connection_lost:
      if (!client.transport.url().tls)
        error.with_hint("if the server speaks TLS there, use https://");
      break;
    case ErrorKind::model_not_found:
      if (preset.if_no_model.empty())
        error.with_hint(
            "its models are listed at " + client.base_url + std::string(client.wire.models_path()));
      else
        error.with_hint(std::string(preset.if_no_model) + job.model());
      break;
    case ErrorKind::authentication:
      error.with_hint(
          client.endpoint.api_key.empty() ? "no API key was sent: call with_api_key"
                                          : "check the API key");
      break;
    case ErrorKind::not_found: error.with_hint("check the base URL"); break;
    default: break;
  }
}

// The result of a whole answer, or the error that it is.
template <class Job>
auto judge(const Client::State& client, const Job& job, Answer& answer)
{
  const bool is_success = answer.head.status >= 200 && answer.head.status < 300;
  if (!is_success) {
    remove_secret(answer.body, client.endpoint.api_key);
    throw provider::error_from_answer(answer.head, answer.body);
  }
  try {
    return job.result(client, answer);
  } catch (Error& error) {
    remove_secret(answer.body, client.endpoint.api_key);
    if (error.http_status() == 0)
      error.with_http_status(answer.head.status);
    error.with_body(answer.body);
    error.with_request_id(provider::request_id(answer.head.headers));
    throw;
  }
}

// The one coroutine between a public call and the exchange. It keeps the client and the job, so
// both may be gone where the call was made.
template <class Result, class Job>
asio::awaitable<Result> perform(std::shared_ptr<const Client::State> client, Job job)
{
  const auto started = SteadyClock::now();
  const auto message = job.message(*client);
  const auto executor = co_await asio::this_coro::executor;
  try {
    http::Exchange exchange(executor, client->transport, job.options().timeouts(), started);
    co_await exchange.send(message);
    Answer answer;
    for (;;) {
      const auto piece = co_await exchange.read();
      if (answer.body.empty())
        answer.first_byte = SteadyClock::now() - started;
      if (piece.empty())
        break;
      if (answer.body.size() + piece.size() > longest_body)
        throw Error(
            ErrorKind::response_too_large,
            "the answer is longer than " + std::to_string(longest_body) + " bytes");
      answer.body.append(piece.data(), piece.size());
    }
    answer.head = exchange.finish();
    answer.total = SteadyClock::now() - started;
    co_return judge(*client, job, answer);
  } catch (Error& error) {
    explain(error.with_attempts(1), *client, job);
    throw;
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::operation_canceled)  // between two operations
      throw Error(ErrorKind::cancelled, "the call to " + client->base_url + " was cancelled");
    throw;
  }
}

}  // namespace

Client::Client(const ClientOptions& options, Abi)
{
  const provider::EndpointSettings settings{
      options.provider(), options.base_url(), options.api_key()};
  state_ = std::make_shared<State>(options, provider::resolve_endpoint(settings, &std::getenv));
}

asio::awaitable<Reply> Client::chat(
    std::string model, Messages messages, RequestOptions options) const
{
  return perform<Reply>(state_, ChatJob(std::move(model), std::move(messages), std::move(options)));
}

asio::awaitable<std::vector<std::string>> Client::models(RequestOptions options) const
{
  return perform<std::vector<std::string>>(state_, ModelsJob(std::move(options)));
}

const std::string& Client::base_url() const noexcept
{
  return state_->base_url;
}

}  // namespace asyncllm
