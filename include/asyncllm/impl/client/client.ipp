#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/call.hpp>
#include <asyncllm/impl/client/client_state.hpp>
#include <asyncllm/impl/client/reply_decoder.hpp>
#include <asyncllm/impl/client/stream_state.hpp>
#include <asyncllm/impl/http/parse/credentials.hpp>
#include <asyncllm/impl/provider/endpoint.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/model/chat_request.hpp>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <variant>

namespace asyncllm::inline v0_1 {

namespace {

using client::Answer;
using client::AnyRequest;
using client::BorrowedString;
using client::Call;
using client::ClientState;
using client::Question;
using client::SharedOptions;
using client::StreamState;
using provider::Operation;
using SteadyClock = std::chrono::steady_clock;

// What `decode` makes of the body, or the error that the body is.
template <class Decode>
auto understood(const std::string& body, Decode decode)
{
  try {
    return decode();
  } catch (const Error& error) {
    throw provider::error_behind(error, body);
  }
}

// What the jobs with a whole answer have in common.
class WholeJob {
 public:
  static constexpr bool streams = false;

  class Owner {
   public:
    explicit Owner(const WholeJob&) : call_(provider::Delivery::whole) {}
    Call& call() noexcept { return call_; }

   private:
    Call call_;
  };

  static std::string& message(BorrowedString& borrowed) { return borrowed.lend(); }
  static void opened(const Call&) {}

 protected:
  // The result, or what is known about an answer without one.
  template <class Read>
  static auto read(const Call& call, const Answer& answer, Read read_it)
  {
    try {
      return read_it();
    } catch (Error& error) {
      if (error.http_status() == 0)
        error.with_http_status(call.head.status);
      error.with_body(*answer.body);
      error.with_request_id(provider::request_id(call.head.headers));
      throw;
    }
  }

  static void explain_as(
      Operation operation,
      const std::string& model,
      const RequestOptions& options,
      const ClientState& client,
      const Call& call,
      Error& error)
  {
    if (call.machine.attempts() == 0)
      return;  // nothing was sent
    error.with_attempts(call.machine.attempts());
    call.route->explain(error);
    client.explain(error, operation, model, options);
  }
};

/// A call to `chat` or `generate`.
class ReplyJob : public WholeJob {
 public:
  using Result = Reply;

  explicit ReplyJob(Question question)
      : request_(std::move(question.request)), options_(std::move(question.options))
  {}

  const RequestOptions& options() const { return *options_; }

  void write(
      const ClientState& client,
      const RequestOptions& options,
      provider::Delivery delivery,
      std::string& message) const
  {
    client.write_message(request_, options, delivery, message);
  }
  CallInfo describe(const ClientState& client, Messages& content) const
  {
    return client.describe(request_, *options_, false, content);
  }
  Reply decode(const ClientState& client, Call& call, const Answer& answer) const
  {
    return read(call, answer, [&] { return decoded(client, call, answer); });
  }
  void explain(const ClientState& client, const Call& call, Error& error) const
  {
    explain_as(operation_of(request_), model_of(request_), *options_, client, call, error);
  }

 private:
  Reply decoded(const ClientState& client, Call& call, const Answer& answer) const
  {
    std::string raw;
    if (options_->keep_body())
      raw = *answer.body;  // reading it may repair it
    auto reply =
        client::read_reply(client.wire, client.transport.limits(), *answer.body, *answer.reader);
    provider::split_thinking(reply, client.think_tags(request_, *options_));
    if (!raw.empty())
      reply.details.edit().body = std::move(raw);
    client::check_finish(reply, *options_);
    client.judge_prompt(request_, *options_, reply);
    reply.request_id = provider::request_id(call.head.headers);
    reply.headers = std::move(call.head.headers);
    reply.attempts = call.machine.attempts();
    reply.timings.first_token = answer.first_byte;
    reply.timings.total = answer.total;
    return reply;
  }

  AnyRequest request_;
  SharedOptions options_;
};

/// A call to `embed`.
class EmbedJob : public WholeJob {
 public:
  using Result = Embeddings;

  EmbedJob(EmbedRequest request, RequestOptions options)
      : request_(std::move(request)), options_(std::move(options))
  {}

  const RequestOptions& options() const { return options_; }
  void write(
      const ClientState& client,
      const RequestOptions& options,
      provider::Delivery,
      std::string& message) const
  {
    client.write_message(request_, options, message);
  }
  CallInfo describe(const ClientState& client, const Messages&) const
  {
    return client.describe(Operation::embed, request_.model, options_);
  }
  Embeddings decode(const ClientState& client, const Call& call, const Answer& answer) const
  {
    return read(call, answer, [&] { return decoded(client, answer); });
  }
  void explain(const ClientState& client, const Call& call, Error& error) const
  {
    explain_as(Operation::embed, request_.model, options_, client, call, error);
  }

 private:
  Embeddings decoded(const ClientState& client, const Answer& answer) const
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

  EmbedRequest request_;
  RequestOptions options_;
};

/// A page of a call to `models`.
class ModelsJob : public WholeJob {
 public:
  using Result = provider::ModelPage;

  ModelsJob(SharedOptions options, std::string query)
      : options_(std::move(options)), query_(std::move(query))
  {}

  const RequestOptions& options() const { return *options_; }
  void write(
      const ClientState& client,
      const RequestOptions& options,
      provider::Delivery,
      std::string& message) const
  {
    client.write_message_for_models(options, query_, message);
  }
  CallInfo describe(const ClientState& client, const Messages&) const
  {
    return client.describe(Operation::list_models, {}, *options_);
  }
  Result decode(const ClientState& client, const Call& call, const Answer& answer) const
  {
    return read(call, answer, [&] {
      return understood(*answer.body, [&] { return client.wire.decode_models(*answer.body); });
    });
  }
  void explain(const ClientState& client, const Call& call, Error& error) const
  {
    explain_as(Operation::list_models, {}, *options_, client, call, error);
  }

 private:
  SharedOptions options_;
  std::string query_;
};

// All pages of the list of models, one after the other. A server that ignores the query sends the
// first page again: then the list is complete.
asio::awaitable<std::vector<std::string>> list_models(
    std::shared_ptr<const ClientState> client, SharedOptions options)
{
  constexpr int most_pages = 100;
  const auto started = SteadyClock::now();
  std::vector<std::string> names;
  std::string next;
  std::size_t bytes = 0;
  for (int count = 1;; ++count) {
    ModelsJob job(options, next);
    auto asking = run_call(client, std::move(job), started);
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

Question chat_question(std::string model, Messages messages, RequestOptions options)
{
  auto request = std::make_unique<const ChatRequest>(
      ChatRequest{std::move(model), std::move(messages), options.parameters()});
  return {std::move(request), client::share(std::move(options))};
}

Question prompt_question(std::string model, Prompt prompt, RequestOptions options)
{
  auto request = std::make_unique<const GenerateRequest>(
      GenerateRequest{std::move(model), std::move(prompt), options.parameters()});
  return {std::move(request), client::share(std::move(options))};
}

}  // namespace

Client::Client(const ClientOptions& options, Abi)
{
  const provider::EndpointSettings settings{
      options.provider(), options.base_url(), options.api_key()};
  auto endpoint = provider::resolve_endpoint(settings, &std::getenv);
  auto credentials = http::take_credentials(endpoint.base_url);
  state_ = std::make_shared<ClientState>(
      options, endpoint, std::move(credentials), provider::wire_of(*endpoint.preset));
}

asio::awaitable<Reply> Client::ask(client::Question question) const
{
  if (question.options->wire_streaming())
    return ask_streamed(std::move(question)).collect();
  return run_call(state_, ReplyJob(std::move(question)));
}

ReplyStream Client::ask_streamed(client::Question question) const
{
  return ReplyStream(std::make_shared<StreamState>(state_, std::move(question)));
}

asio::awaitable<Reply> Client::chat(
    std::string model, Messages messages, RequestOptions options) const
{
  return ask(chat_question(std::move(model), std::move(messages), std::move(options)));
}

PreparedChat Client::prepare(std::string model, Messages before, RequestOptions options) const
{
  return PreparedChat(std::make_shared<const client::PreparedState>(
      state_->prepared(std::move(model), std::move(before), options)));
}

asio::awaitable<Reply> Client::chat(
    const PreparedChat& chat, std::string question, RequestOptions options) const
{
  return ask(state_->question(chat.state_, std::move(question), options));
}

asio::awaitable<Reply> Client::chat(const PreparedChat& chat, std::string question) const
{
  return ask(state_->question(chat.state_, std::move(question)));
}

asio::awaitable<Reply> Client::chat(
    const PreparedChat& chat, Messages turns, RequestOptions options) const
{
  return ask(state_->question(chat.state_, turns, options));
}

ReplyStream Client::stream(std::string model, Messages messages, RequestOptions options) const
{
  return ask_streamed(chat_question(std::move(model), std::move(messages), std::move(options)));
}

ReplyStream Client::stream(
    const PreparedChat& chat, std::string question, RequestOptions options) const
{
  return ask_streamed(state_->question(chat.state_, std::move(question), options));
}

ReplyStream Client::stream(const PreparedChat& chat, Messages turns, RequestOptions options) const
{
  return ask_streamed(state_->question(chat.state_, turns, options));
}

asio::awaitable<Reply> Client::generate(
    std::string model, Prompt prompt, RequestOptions options) const
{
  return ask(prompt_question(std::move(model), std::move(prompt), std::move(options)));
}

ReplyStream Client::stream(std::string model, Prompt prompt, RequestOptions options) const
{
  return ask_streamed(prompt_question(std::move(model), std::move(prompt), std::move(options)));
}

asio::awaitable<Embeddings> Client::embed(
    std::string model, std::vector<std::string> texts, RequestOptions options) const
{
  EmbedRequest request{std::move(model), std::move(texts), options.parameters()};
  return run_call(state_, EmbedJob(std::move(request), std::move(options)));
}

asio::awaitable<std::vector<std::string>> Client::models(RequestOptions options) const
{
  return list_models(state_, client::share(std::move(options)));
}

void Client::check(const RequestOptions& options, const std::string& setter_prefix) const
{
  state_->check(options.parameters(), setter_prefix);
}

SchemaSupport Client::schema_support() const noexcept
{
  return state_->preset.schemas;
}

std::string_view Client::provider() const noexcept
{
  return state_->preset.name;
}

const std::vector<std::shared_ptr<Observer>>& Client::observers() const noexcept
{
  return state_->observers;
}

const std::string& Client::base_url() const noexcept
{
  return state_->base_url;
}

const std::string& PreparedChat::model() const noexcept
{
  return state_->model;
}

}  // namespace asyncllm
