#include <asyncllm/client/reply_stream.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/core/text.hpp>
#include <asyncllm/stream/ndjson_decoder.hpp>
#include <asyncllm/stream/sse_decoder.hpp>

#include "client/client_state.hpp"
#include "client/reply_stream_state.hpp"

#include <asio/this_coro.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <stdexcept>
#include <utility>

namespace asyncllm {
namespace {

using SteadyClock = std::chrono::steady_clock;

// What is waited for the end of a body whose reply is complete.
constexpr auto drain_time = std::chrono::milliseconds(50);
constexpr std::size_t drain_bytes = 64 * 1024;

bool contains(std::string_view text, std::string_view words)
{
  return text.find(words) != text.npos;
}

// Whether the server streams, as it was asked to: a whole JSON document or a page is no stream.
bool is_stream(const ResponseHead& head)
{
  const auto type = to_lower(find_header(head.headers, "Content-Type").value_or(""));
  return !contains(type, "application/json") && !contains(type, "text/html");
}

}  // namespace

ReplyStream::State::State(
    std::shared_ptr<const Client::State> its_client,
    ChatRequest its_request,
    RequestOptions its_options)
    : client(std::move(its_client)),
      request(std::move(its_request)),
      options(std::move(its_options)),
      deltas(client->wire.deltas())
{
  if (client->endpoint.preset->wire == provider::WireKind::ollama)
    decoder.emplace<stream::NdjsonDecoder>();
}

void ReplyStream::State::take(std::string_view bytes)
{
  if (bytes.empty())
    take_end();
  if (!has_events && before_events.size() < longest_error)
    before_events.append(bytes.substr(0, longest_error));
  const auto sink = [this](const StreamEvent& event) {
    has_events = true;
    deltas->feed(event, reply);
  };
  std::visit([&](auto& any) { any.feed(bytes, sink); }, decoder);
  is_read = is_read || deltas->is_at_end();
}

void ReplyStream::State::take_end()
{
  const auto last = std::visit([](auto& any) { return any.unterminated(); }, decoder);
  if (last && (trim(last->data) == "[DONE]" || nlohmann::json::accept(last->data))) {
    has_events = true;
    deltas->feed(*last, reply);
  }
  is_read = true;
  if (deltas->is_complete())
    return;
  if (!has_events && nlohmann::json::accept(before_events))  // an error that is no event
    throw provider::hidden_error(client->without_secret(before_events));
  throw Error(ErrorKind::incomplete, "the stream ended before the reply was complete");
}

void ReplyStream::State::take_whole(std::string body)
{
  Reply whole;
  try {
    whole = client->wire.decode(body);
  } catch (Error& error) {
    error.with_body(client->without_secret(std::move(body)));
    throw;
  }
  is_read = true;
  reply.add_reasoning(whole.reasoning);
  reply.add_text(whole.text);
  reply.add_refusal(whole.refusal);
  reply.reply() = std::move(whole);
  reply.set_finish(reply.reply().finish_reason, std::string(reply.reply().finish_reason_text));
}

namespace {

// Marks a next() as pending for as long as its coroutine lives.
class Pending {
 public:
  explicit Pending(bool& flag) : flag_(flag)
  {
    if (flag_)
      throw std::logic_error("asyncllm: two next() of one ReplyStream at once");
    flag_ = true;
  }
  ~Pending() { flag_ = false; }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

 private:
  bool& flag_;
};

asio::awaitable<std::string> read_all(http::Exchange& exchange)
{
  std::string body;
  for (;;) {
    const auto piece = co_await exchange.read();
    if (piece.empty())
      co_return body;
    if (body.size() + piece.size() > longest_body)
      throw Error(ErrorKind::response_too_large, "the answer is longer than 64 MiB");
    body.append(piece.data(), piece.size());
  }
}

// Sends the request and sees to it that the answer is a stream; a whole reply is taken as it is.
asio::awaitable<void> open(ReplyStream::State& state)
{
  const auto& client = *state.client;
  state.started = SteadyClock::now();
  state.message = client.chat_message(state.request, state.options, provider::Delivery::streamed);
  const auto executor = co_await asio::this_coro::executor;
  state.exchange = std::make_unique<http::Exchange>(
      executor, client.transport, state.options.timeouts(), state.started);
  co_await state.exchange->send(state.message);

  const auto head = state.exchange->head();
  auto& reply = state.reply.reply();
  const bool is_success = head.status >= 200 && head.status < 300;
  if (!is_success || !is_stream(head)) {
    auto body = co_await read_all(*state.exchange);
    if (!is_success)
      throw client.refusal(head, std::move(body));
    state.take_whole(std::move(body));
  }
  reply.request_id = provider::request_id(head.headers);
  reply.headers = head.headers;
}

asio::awaitable<std::optional<Delta>> advance(ReplyStream::State& state)
{
  const Pending pending(state.is_pending);
  if (auto delta = state.reply.next())
    co_return delta;
  if (state.is_over)
    co_return std::nullopt;
  try {
    if (!state.exchange && !state.is_read)
      co_await open(state);
    while (!state.is_read && !state.reply.has_next()) {
      try {
        const auto piece = co_await state.exchange->read();
        state.take({piece.data(), piece.size()});
      } catch (const Error& error) {
        // What breaks behind a complete reply costs only the usage.
        if (!state.deltas->is_complete() || error.kind() == ErrorKind::cancelled)
          throw;
        state.exchange.reset();
        state.is_read = true;
      }
    }
    auto& timings = state.reply.reply().timings;
    if (timings.first_token.count() == 0)
      timings.first_token = SteadyClock::now() - state.started;
    if (auto delta = state.reply.next())
      co_return delta;

    state.is_over = true;
    timings.total = SteadyClock::now() - state.started;
    state.reply.complete();
    if (state.exchange) {
      co_await state.exchange->drain(drain_time, drain_bytes);
      state.exchange->finish();
      state.exchange.reset();
    }
    co_return std::nullopt;
  } catch (Error& error) {
    state.break_off(error);
    throw;
  } catch (const std::system_error& error) {
    state.exchange.reset();
    state.is_over = true;
    if (is_cancelled(error.code()))
      throw Error(ErrorKind::cancelled, "the stream was cancelled")
          .with_partial_text(state.reply.reply().text);
    throw;
  }
}

asio::awaitable<Reply> collect_all(ReplyStream::State& state)
{
  for (;;) {
    const auto delta = co_await advance(state);
    if (!delta)
      co_return state.reply.reply();
  }
}

asio::awaitable<void> close_now(ReplyStream::State& state)
{
  state.exchange.reset();
  state.is_over = state.is_read = true;
  co_return;
}

}  // namespace

void ReplyStream::State::break_off(Error& error)
{
  const bool was_sent = exchange != nullptr;
  exchange.reset();
  is_over = true;
  error.with_partial_text(reply.reply().text);
  if (!was_sent)
    return;
  if (error.request_id().empty())
    error.with_request_id(reply.reply().request_id);
  client->explain(error.with_attempts(1), client->wire.chat_path(), request.model);
}

ReplyStream::ReplyStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
ReplyStream::ReplyStream(ReplyStream&&) noexcept = default;
ReplyStream& ReplyStream::operator=(ReplyStream&&) noexcept = default;
ReplyStream::~ReplyStream() = default;

asio::awaitable<std::optional<Delta>> ReplyStream::next()
{
  return advance(*state_);
}
std::optional<Delta> ReplyStream::try_next()
{
  return state_->reply.next();
}
const Reply& ReplyStream::reply() const noexcept
{
  return state_->reply.reply();
}
asio::awaitable<Reply> ReplyStream::collect()
{
  return collect_all(*state_);
}
asio::awaitable<void> ReplyStream::close()
{
  return close_now(*state_);
}

ReplyStream Client::stream(std::string model, Messages messages, RequestOptions options) const
{
  ChatRequest request{std::move(model), std::move(messages), options.parameters()};
  return ReplyStream(
      std::make_unique<ReplyStream::State>(state_, std::move(request), std::move(options)));
}

}  // namespace asyncllm
