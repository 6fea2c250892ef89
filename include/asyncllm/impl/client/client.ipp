#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/call.hpp>
#include <asyncllm/impl/client/client_state.hpp>
#include <asyncllm/impl/client/reply_decoder.hpp>
#include <asyncllm/impl/client/reply_stream_state.hpp>
#include <asyncllm/impl/provider/endpoint.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/model/chat_request.hpp>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <variant>

namespace asyncllm::inline v0_1 {

namespace {

using SteadyClock = std::chrono::steady_clock;

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

// What the jobs have in common whose answer is a whole one.
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

  static std::string& message(BorrowedString& lent) { return lent.lend(); }
  static void opened(const Call&) {}

 protected:
  // The result, or what is known about the answer that holds none.
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

  template <class Job>
  static void explain_as(
      const Job& job,
      const std::string& model,
      const Client::State& client,
      const Call& call,
      Error& error)
  {
    if (call.machine.attempts() == 0)
      return;  // nothing was sent
    error.with_attempts(call.machine.attempts());
    call.route->explain(error);
    client.explain(error, job.path(client), model, job.options());
  }
};

/// A call to `chat` or `generate`.
class ReplyJob : public WholeJob {
 public:
  using Result = Reply;

  ReplyJob(AnyRequest request, SharedOptions options)
      : request_(std::move(request)), options_(std::move(options))
  {}

  const RequestOptions& options() const { return *options_; }
  std::string_view path(const Client::State& client) const { return client.path_of(request_); }

  void write(const Client::State& client, provider::Delivery delivery, std::string& message) const
  {
    client.write_message(request_, *options_, delivery, message);
  }
  Reply decode(const Client::State& client, Call& call, const Answer& answer) const
  {
    return read(call, answer, [&] { return decoded(client, call, answer); });
  }
  void explain(const Client::State& client, const Call& call, Error& error) const
  {
    explain_as(*this, model_of(request_), client, call, error);
  }

 private:
  Reply decoded(const Client::State& client, Call& call, const Answer& answer) const
  {
    auto reply = read_reply(client.wire, client.transport.limits(), *answer.body, *answer.reader);
    check_finish(reply, *options_);
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
  std::string_view path(const Client::State& client) const { return client.wire.embed_path(); }
  void write(const Client::State& client, provider::Delivery, std::string& message) const
  {
    client.write_message(request_, options_, message);
  }
  Embeddings decode(const Client::State& client, const Call& call, const Answer& answer) const
  {
    return read(call, answer, [&] { return decoded(client, answer); });
  }
  void explain(const Client::State& client, const Call& call, Error& error) const
  {
    explain_as(*this, request_.model, client, call, error);
  }

 private:
  Embeddings decoded(const Client::State& client, const Answer& answer) const
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
  std::string_view path(const Client::State& client) const { return client.wire.models_path(); }
  void write(const Client::State& client, provider::Delivery, std::string& message) const
  {
    client.write_message_for_models(*options_, query_, message);
  }
  Result decode(const Client::State& client, const Call& call, const Answer& answer) const
  {
    return read(call, answer, [&] {
      return understood(*answer.body, [&] { return client.wire.decode_models(*answer.body); });
    });
  }
  void explain(const Client::State& client, const Call& call, Error& error) const
  {
    explain_as(*this, {}, client, call, error);
  }

 private:
  SharedOptions options_;
  std::string query_;
};

// A reply, by whichever way it is to come.
asio::awaitable<Reply> reply_to(
    std::shared_ptr<const Client::State> client, AnyRequest request, SharedOptions options)
{
  if (options->wire_streaming())
    return ReplyStream(std::make_shared<ReplyStream::State>(
                           std::move(client), std::move(request), std::move(options)))
        .collect();
  return run_call(std::move(client), ReplyJob(std::move(request), std::move(options)));
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
  return run_call<EmbedJob>(state_, EmbedJob(std::move(request), std::move(options)));
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
