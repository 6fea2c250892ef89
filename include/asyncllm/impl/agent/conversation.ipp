#include <asyncllm/agent/ask.hpp>
#include <asyncllm/agent/conversation.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/agent/history.hpp>

#include <exception>
#include <stdexcept>
#include <utility>

namespace asyncllm::inline v0_1 {
namespace detail {

struct ConversationState {
  explicit ConversationState(LlmAgent its_agent) : agent(std::move(its_agent)) {}

  LlmAgent agent;
  History history;
  RunOptions run_options;
  Usage usage;
  bool is_busy = false;
};

// The turn that runs; its end leaves the conversation free, whichever end it is.
class RunningTurn {
 public:
  explicit RunningTurn(std::shared_ptr<ConversationState> state) : state_(std::move(state))
  {
    if (state_->is_busy)
      throw std::logic_error("asyncllm: another turn of the conversation is running");
    state_->is_busy = true;
  }
  ~RunningTurn() { state_->is_busy = false; }
  RunningTurn(const RunningTurn&) = delete;
  RunningTurn& operator=(const RunningTurn&) = delete;

  // What is sent.
  Messages begin(const Message& question)
  {
    auto messages = state_->history.view(question);
    sent_ = messages.size() - 1;
    return messages;
  }

  RunOptions options(RequestOptions request) const
  {
    auto options = state_->run_options;
    return options.request(std::move(request));
  }

  // The question is the first message that is new.
  void commit(const Run& run)
  {
    if (run.why == RunEnd::approval)
      throw RunError(
          Error(
              ErrorKind::unsupported,
              "a call of a tool waits for an approval; set RunOptions::approve"),
          run);
    Messages turn;
    std::size_t index = 0;
    for (const auto& message : run.messages)
      if (index++ >= sent_)
        turn.add(message);
    const auto& usage = run.reply.usage;  // of the last request: all of the conversation
    commit(
        turn,
        usage.reported ? usage.input_tokens + usage.output_tokens - usage.reasoning_tokens : 0,
        run.usage);
  }

  // The answer is one message, whatever it took.
  void commit(const Message& question, const Asked& asked)
  {
    commit(
        Messages().add(question).add(
            asked.reply.tool_calls.empty() ? Message::assistant(asked.reply)
                                           : Message::assistant(asked.text)),
        0,
        asked.usage);
  }

 private:
  // `size`: tokens of all of the conversation, 0 if that is not known.
  void commit(const Messages& turn, std::int64_t size, const Usage& usage)
  {
    state_->history.commit(turn, size);
    state_->usage.reported = state_->usage.reported || usage.reported;
    for (const auto count : usage_counts)
      state_->usage.*count += usage.*count;
  }

  std::shared_ptr<ConversationState> state_;
  std::size_t sent_ = 0;  // messages before the question
};

namespace {

asio::awaitable<Reply> send_turn(
    std::shared_ptr<ConversationState> state, Message question, RequestOptions options)
{
  RunningTurn turn(state);
  auto messages = turn.begin(question);
  auto running =
      state->agent.run_messages_async(std::move(messages), turn.options(std::move(options)));
  auto run = co_await std::move(running);
  turn.commit(run);
  co_return std::move(run.reply);
}

}  // namespace
}  // namespace detail

Conversation::Conversation(LlmAgent agent)
    : state_(std::make_shared<detail::ConversationState>(std::move(agent)))
{}

Conversation::Conversation(const Conversation& other)
    : state_(std::make_shared<detail::ConversationState>(*other.state_))
{
  state_->is_busy = false;
}

Conversation& Conversation::operator=(const Conversation& other)
{
  if (this != &other)
    state_ = Conversation(other).state_;
  return *this;
}

asio::awaitable<Reply> Conversation::send(std::string text)
{
  return send(Message::user(std::move(text)));
}

asio::awaitable<Reply> Conversation::send(Message message, RequestOptions options)
{
  return detail::send_turn(state_, std::move(message), std::move(options));
}

namespace detail {
namespace {

asio::awaitable<Asked> ask_turn(
    std::shared_ptr<ConversationState> state,
    Message question,
    std::function<asio::awaitable<Asked>(Messages)> ask)
{
  RunningTurn turn(state);
  auto messages = turn.begin(question);
  auto asking = ask(std::move(messages));
  auto asked = co_await std::move(asking);
  turn.commit(question, asked);
  co_return asked;
}

}  // namespace
}  // namespace detail

asio::awaitable<detail::Asked> Conversation::ask(
    std::shared_ptr<detail::ConversationState> state,
    std::string text,
    AskOptions options,
    std::string json_schema,
    std::function<void(std::string_view json)> accept)
{
  std::function<asio::awaitable<detail::Asked>(Messages)> send =
      [agent = state->agent,
       its_options = std::move(options),
       schema = std::move(json_schema),
       its_accept = std::move(accept)](Messages messages) {
        return agent.ask(std::move(messages), its_options, schema, its_accept);
      };
  return detail::ask_turn(std::move(state), Message::user(std::move(text)), std::move(send));
}

Conversation& Conversation::run_options(RunOptions options)
{
  state_->run_options = std::move(options);
  return *this;
}

Conversation& Conversation::keep_turns(std::size_t count)
{
  if (count < 2)
    throw Error(ErrorKind::invalid_argument, "keep_turns: at least 2 turns are sent");
  state_->history.keep_turns(count);
  return *this;
}

Conversation& Conversation::keep_tokens(std::int64_t budget, double cut_to)
{
  state_->history.keep_tokens(budget, cut_to);
  return *this;
}

Conversation& Conversation::pin(std::size_t first_turns)
{
  state_->history.pin(first_turns);
  return *this;
}

const Messages& Conversation::messages() const noexcept
{
  return state_->history.messages();
}

std::int64_t Conversation::estimated_tokens() const
{
  return state_->history.estimated_tokens();
}

Usage Conversation::usage() const
{
  return state_->usage;
}

bool Conversation::undo()
{
  if (state_->is_busy)
    throw std::logic_error("asyncllm: a turn of the conversation is running");
  return state_->history.undo();
}

std::string Conversation::to_json() const
{
  return messages_to_json(messages());
}

Conversation Conversation::from_json(LlmAgent agent, std::string_view json)
{
  Conversation conversation(std::move(agent));
  conversation.state_->history.assign(messages_from_json(json));
  return conversation;
}

// --- streams -----------------------------------------------------------------

struct ConversationStream::State {
  State(
      std::shared_ptr<detail::ConversationState> its_conversation,
      Message its_question,
      RequestOptions its_options)
      : conversation(std::move(its_conversation)),
        question(std::move(its_question)),
        options(std::move(its_options))
  {}

  std::shared_ptr<detail::ConversationState> conversation;
  Message question;
  RequestOptions options;
  std::optional<detail::RunningTurn> turn;
  std::optional<RunStream> run;
  bool is_reading = false;
  std::exception_ptr failure;  // what ended the turn; each further call throws it again
  Reply no_reply;
};

ConversationStream Conversation::stream(std::string text, RequestOptions options)
{
  return ConversationStream(std::make_shared<ConversationStream::State>(
      state_, Message::user(std::move(text)), std::move(options)));
}

namespace {

template <class State>
asio::awaitable<std::optional<RunEvent>> read_turn(std::shared_ptr<State> state)
{
  if (!state->run) {
    state->turn.emplace(state->conversation);
    auto messages = state->turn->begin(state->question);
    state->run = state->conversation->agent.run_messages_stream(
        std::move(messages), state->turn->options(std::move(state->options)));
  }
  auto reading = state->run->next();
  auto event = co_await std::move(reading);
  if (!event && state->turn) {
    state->turn->commit(state->run->run());
    state->turn.reset();
  }
  co_return event;
}

// A turn that fails is over at once, and the conversation free for the next one.
template <class State>
asio::awaitable<std::optional<RunEvent>> next_of_turn(std::shared_ptr<State> state)
{
  if (state->is_reading)
    throw std::logic_error("asyncllm: another next() of the conversation is pending");
  if (state->failure)
    std::rethrow_exception(state->failure);
  state->is_reading = true;
  try {
    auto reading = read_turn(state);
    auto event = co_await std::move(reading);
    state->is_reading = false;
    co_return event;
  } catch (...) {
    state->is_reading = false;
    if (!state->run)
      throw;  // the turn did not begin
    state->failure = std::current_exception();
    state->turn.reset();
  }
  std::rethrow_exception(state->failure);
}

template <class State>
asio::awaitable<std::optional<Delta>> next_delta(std::shared_ptr<State> state)
{
  for (;;) {
    auto reading = next_of_turn(state);
    const auto event = co_await std::move(reading);
    if (!event)
      co_return std::nullopt;
    if (const auto* const delta = event->delta(); delta && delta->kind == Delta::Kind::text)
      co_return *delta;
  }
}

}  // namespace

asio::awaitable<std::optional<RunEvent>> ConversationStream::next_event()
{
  return next_of_turn(state_);
}

asio::awaitable<std::optional<Delta>> ConversationStream::next()
{
  return next_delta(state_);
}

const Reply& ConversationStream::reply() const
{
  return state_->run ? state_->run->run().reply : state_->no_reply;
}

}  // namespace asyncllm
