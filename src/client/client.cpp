#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/model/chat_request.hpp>

#include "client/client_state.hpp"
#include "http/exchange.hpp"
#include "provider/endpoint.hpp"
#include "provider/errors.hpp"

#include <asio/this_coro.hpp>

#include <chrono>
#include <cstdlib>

namespace asyncllm {

namespace {

using SteadyClock = std::chrono::steady_clock;

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
    return client.chat_message(request_, options_, provider::Delivery::whole);
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

// The result of a whole answer, or the error that it is.
template <class Job>
auto judge(const Client::State& client, const Job& job, Answer& answer)
{
  const bool is_success = answer.head.status >= 200 && answer.head.status < 300;
  if (!is_success)
    throw client.refusal(answer.head, std::move(answer.body));
  try {
    return job.result(client, answer);
  } catch (Error& error) {
    if (error.http_status() == 0)
      error.with_http_status(answer.head.status);
    error.with_body(client.without_secret(std::move(answer.body)));
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
    client->explain(error.with_attempts(1), job.path(*client), job.model());
    throw;
  } catch (const std::system_error& error) {
    if (is_cancelled(error.code()))  // between two operations
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
