#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/model/chat_request.hpp>

#include "client/client_state.hpp"
#include "client/reply_decoder.hpp"
#include "client/reply_stream_state.hpp"
#include "client/retries.hpp"
#include "client/route.hpp"
#include "client/scratch.hpp"
#include "http/exchange.hpp"
#include "provider/endpoint.hpp"
#include "provider/errors.hpp"

#include <asio/this_coro.hpp>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <variant>

namespace asyncllm {

namespace {

using SteadyClock = std::chrono::steady_clock;

/// A whole answer, and when its parts came.
struct Answer {
  ResponseHead head;
  std::string* body = nullptr;
  json::Reader* reader = nullptr;  // that may read it
  SteadyClock::duration first_byte{}, total{};
  int attempts = 1;
};

// What `decode` makes of the body; the error that it is when it is nothing of the kind.
template <class Decode>
auto understood(const std::string& body, Decode decode)
{
  try {
    return decode();
  } catch (const Error& error) {
    throw provider::error_behind(error, body);
  }
}

/// A call to `chat` or `generate`.
class ReplyJob {
 public:
  ReplyJob(AnyRequest request, SharedOptions options)
      : request_(std::move(request)), options_(std::move(options))
  {}

  const RequestOptions& options() const { return *options_; }
  const std::string& model() const { return model_of(request_); }
  std::string_view path(const Client::State& client) const { return client.path_of(request_); }

  void write(const Client::State& client, std::string& message) const
  {
    client.write_message(request_, *options_, provider::Delivery::whole, message);
  }

  Reply result(const Client::State& client, Answer& answer) const
  {
    auto reply = read_reply(
        client.wire,
        client.endpoint.preset->wire,
        client.transport.limits(),
        *answer.body,
        *answer.reader);
    check_finish(reply, *options_);
    client.judge_prompt(request_, *options_, reply);
    reply.request_id = provider::request_id(answer.head.headers);
    reply.headers = std::move(answer.head.headers);
    reply.attempts = answer.attempts;
    reply.timings.first_token = answer.first_byte;
    reply.timings.total = answer.total;
    return reply;
  }

 private:
  AnyRequest request_;
  SharedOptions options_;
};

/// A call to `embed`.
class EmbedJob {
 public:
  EmbedJob(EmbedRequest request, RequestOptions options)
      : request_(std::move(request)), options_(std::move(options))
  {}

  const RequestOptions& options() const { return options_; }
  const std::string& model() const { return request_.model; }
  std::string_view path(const Client::State& client) const { return client.wire.embed_path(); }
  void write(const Client::State& client, std::string& message) const
  {
    client.write_message(request_, options_, message);
  }

  Embeddings result(const Client::State& client, Answer& answer) const
  {
    auto embeddings =
        understood(*answer.body, [&] { return client.wire.decode_embeddings(*answer.body); });
    if (embeddings.vectors.size() != request_.texts.size())
      throw Error(
          ErrorKind::bad_response,
          "the server sent " + std::to_string(embeddings.vectors.size()) + " vectors for " +
              std::to_string(request_.texts.size()) + " texts");
    return embeddings;
  }

 private:
  EmbedRequest request_;
  RequestOptions options_;
};

/// A page of a call to `models`.
class ModelsJob {
 public:
  ModelsJob(SharedOptions options, std::string query)
      : options_(std::move(options)), query_(std::move(query))
  {}

  const RequestOptions& options() const { return *options_; }
  std::string model() const { return {}; }
  std::string_view path(const Client::State& client) const { return client.wire.models_path(); }
  void write(const Client::State& client, std::string& message) const
  {
    client.write_message_for_models(*options_, query_, message);
  }

  provider::ModelPage result(const Client::State& client, Answer& answer) const
  {
    return understood(*answer.body, [&] { return client.wire.decode_models(*answer.body); });
  }

 private:
  SharedOptions options_;
  std::string query_;
};

// The result of a whole answer, or the error that it is.
template <class Job>
auto judge(const Client::State& client, const Job& job, Answer& answer)
{
  if (!is_success(answer.head))
    throw provider::error_from_answer(answer.head, *answer.body);
  try {
    return job.result(client, answer);
  } catch (Error& error) {
    if (error.http_status() == 0)
      error.with_http_status(answer.head.status);
    error.with_body(*answer.body);
    error.with_request_id(provider::request_id(answer.head.headers));
    throw;
  }
}

// The one coroutine between a public call and the exchange. It keeps the client and the job, so
// both may be gone where the call was made.
template <class Result, class Job>
asio::awaitable<Result> perform(
    std::shared_ptr<const Client::State> client,
    Job job,
    std::optional<SteadyClock::time_point> began = std::nullopt)
{
  const auto started = began.value_or(SteadyClock::now());
  const auto executor = co_await asio::this_coro::executor;
  Retries retries(executor, client, job.options(), started);
  auto& scratch = Scratch::of(*retries.loop());
  LentString request(scratch), lent(scratch);
  std::unique_ptr<http::Place> place;  // between two tries
  job.write(*client, request.lend());
  for (std::optional<RetryPolicy::Duration> pause;;) {
    std::optional<Error> failure;
    int status = 0;
    Route route(*client, job.path(*client), request.bytes());
    try {
      if (pause)
        co_await retries.wait(*pause);
      Answer answer;
      do {
        status = 0;
        http::Exchange exchange(
            retries.loop(),
            executor,
            route.transport(),
            client->timeouts_of(job.options()),
            started);
        exchange.use_place(std::move(place));
        co_await exchange.send(route.message());
        status = exchange.head().status;
        auto& body = lent.lend();
        for (;;) {
          auto piece = exchange.buffered();
          if (piece.empty() && !exchange.is_complete())
            piece = co_await exchange.read();
          if (body.empty())
            answer.first_byte = SteadyClock::now() - started;
          if (piece.empty())
            break;
          append_bounded(body, piece, exchange.told_length(), client->transport.limits());
        }
        answer.body = &body;
        if (status == 503)
          place = exchange.keep_place();
        answer.head = exchange.finish();
      } while (route.follow(answer.head));
      answer.total = SteadyClock::now() - started;
      answer.attempts = retries.attempts();
      const LentReader reader(scratch);
      answer.reader = &reader.get();
      co_return judge(*client, job, answer);
    } catch (const Error& error) {
      failure = error;
    } catch (const std::system_error& error) {
      if (is_cancelled(error.code()))  // between two operations
        throw Error(ErrorKind::cancelled, "the call to " + client->base_url + " was cancelled");
      throw;
    }
    if (failure->http_status() == 0 && status != 0)
      failure->with_http_status(status);
    pause = retries.time_to_wait(*failure, status >= 200 && status < 300);
    if (!retries.is_waited_for(*failure))
      place.reset();
    if (!pause) {
      failure->with_attempts(retries.attempts());
      route.explain(*failure);
      client->explain(*failure, job.path(*client), job.model(), job.options());
      throw *failure;
    }
  }
}

// A reply, by whichever way it is to come.
asio::awaitable<Reply> reply_to(
    std::shared_ptr<const Client::State> client, AnyRequest request, SharedOptions options)
{
  if (options->wire_streaming())
    return ReplyStream(std::make_shared<ReplyStream::State>(
                           std::move(client), std::move(request), std::move(options)))
        .collect();
  return perform<Reply>(std::move(client), ReplyJob(std::move(request), std::move(options)));
}

// All pages of the list of models, one after the other. A server that does not know the query sends
// the first page again: that is all there is then.
asio::awaitable<std::vector<std::string>> list_models(
    std::shared_ptr<const Client::State> client, SharedOptions options)
{
  constexpr int most_pages = 100;
  const auto started = SteadyClock::now();
  std::vector<std::string> names;
  std::string next;
  std::size_t bytes = 0;
  for (int count = 1;; ++count) {
    ModelsJob job(options, next);
    auto asking = perform<provider::ModelPage>(client, std::move(job), started);
    auto page = co_await std::move(asking);
    const bool is_again = !next.empty() && page.next == next;
    if (is_again)
      co_return names;
    for (auto& name : page.names) {
      bytes += name.size();
      names.push_back(std::move(name));
    }
    if (page.next.empty())
      co_return names;
    if (count == most_pages)
      throw Error(
          ErrorKind::response_too_large,
          "the list of models has more than " + std::to_string(most_pages) + " pages");
    if (bytes > client->transport.limits().body_bytes())
      throw Error(
          ErrorKind::response_too_large,
          "the list of models is longer than " +
              std::to_string(client->transport.limits().body_bytes()) +
              " bytes (Limits::body_bytes)");
    next = std::move(page.next);
  }
}

}  // namespace

Client::Client(const ClientOptions& options, Abi)
{
  const provider::EndpointSettings settings{
      options.provider(), options.base_url(), options.api_key()};
  auto endpoint = provider::resolve_endpoint(settings, &std::getenv);
  auto credentials = http::take_credentials(endpoint.base_url);
  state_ = std::make_shared<State>(options, std::move(endpoint), std::move(credentials));
}

asio::awaitable<Reply> Client::chat(
    std::string model, Messages messages, RequestOptions options) const
{
  ChatRequest request{std::move(model), std::move(messages), options.parameters()};
  return reply_to(
      state_, std::make_unique<const ChatRequest>(std::move(request)), share(std::move(options)));
}

asio::awaitable<Reply> Client::chat(
    const PreparedChat& chat, std::string question, RequestOptions options) const
{
  SharedOptions all;
  auto request = state_->question(chat, std::move(question), options, all);
  return reply_to(state_, std::move(request), std::move(all));
}

PreparedChat Client::prepare(std::string model, Messages before, RequestOptions options) const
{
  return PreparedChat(std::make_shared<const PreparedChat::State>(
      state_->prepared(std::move(model), std::move(before), options)));
}

asio::awaitable<Reply> Client::generate(
    std::string model, Prompt prompt, RequestOptions options) const
{
  GenerateRequest request{std::move(model), std::move(prompt), options.parameters()};
  return reply_to(
      state_,
      std::make_unique<const GenerateRequest>(std::move(request)),
      share(std::move(options)));
}

asio::awaitable<Embeddings> Client::embed(
    std::string model, std::vector<std::string> texts, RequestOptions options) const
{
  EmbedRequest request{std::move(model), std::move(texts), options.parameters()};
  return perform<Embeddings>(state_, EmbedJob(std::move(request), std::move(options)));
}

asio::awaitable<std::vector<std::string>> Client::models(RequestOptions options) const
{
  return list_models(state_, share(std::move(options)));
}

void Client::check(const RequestOptions& options, const std::string& setter_prefix) const
{
  state_->check(options.parameters(), setter_prefix);
}

const std::string& Client::base_url() const noexcept
{
  return state_->base_url;
}

}  // namespace asyncllm
