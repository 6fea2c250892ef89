// A conversation with an agent, turn by turn.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/agent/agent.hpp>
#include <asyncllm/agent/messages_json.hpp>
#include <asyncllm/agent/run.hpp>
#include <asyncllm/core/export.hpp>

#include <asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1 {

namespace detail {
struct ConversationState;
}
class ConversationStream;

/// A history of turns that goes with each question. A turn is a message of the user and all up to
/// the next one: the calls of the agent's tools, their results, the answer. A copy is a branch: it
/// has what is committed, and goes its own way.
///
/// A turn is committed when it is complete. One that fails or is cancelled leaves the history as it
/// was, with the question and all calls of tools.
///
/// Threads: one thread, or one strand.
///
///     Conversation chat(agent);
///     co_await chat.send("My name is Ann.");
///     const auto reply = co_await chat.send("What is my name?");
class ASYNCLLM_EXPORT Conversation {
 public:
  explicit Conversation(LlmAgent agent);
  Conversation(const Conversation& other);
  Conversation& operator=(const Conversation& other);
  ~Conversation() = default;

  /// Sends a message of the user, with the history. If the agent has tools, they are called until
  /// the model answers, as by `LlmAgent::run_async`.
  ///
  /// Result: the last reply. It may be cut or refused: see `Reply::finish_reason`.
  /// Throws: what `LlmAgent::send_messages_async` throws; with tools what `run_async` throws, and
  /// `RunError` of kind `unsupported` for a call that waits for an approval (use
  /// `RunOptions::approve`). `std::logic_error` while another turn runs.
  /// Cancellation: terminal, as that of the agent's call.
  /// Lifetimes: the conversation may be destroyed while a turn runs.
  asio::awaitable<Reply> send(std::string text);
  asio::awaitable<Reply> send(Message message, RequestOptions options = RequestOptions());

  /// The same, piece by piece. The turn begins with the first `next()`.
  ConversationStream stream(std::string text, RequestOptions options = RequestOptions());

  /// Asks with the history for an answer that is a `T`, as `LlmAgent::ask_async` does, without the
  /// agent's tools. Include <asyncllm/agent/conversation_ask.hpp>. The turn is the question and the
  /// answer that has the form: what went back to the model for a correction is in no history.
  template <class T>
  asio::awaitable<T> ask_async(std::string text, AskOptions options = AskOptions());

  /// How the agent's tools are run. `RunOptions::request` is replaced by the options of the call.
  Conversation& run_options(RunOptions options);
  /// Sends only this many of the last turns, the new one included, at least 2. `messages()` keeps
  /// all. Default: all.
  Conversation& keep_turns(std::size_t count);
  /// Sends at most about `budget` tokens. When there are more, the oldest turns are left out until
  /// `cut_to` of it is reached, so that the next requests begin alike and the provider's cache
  /// holds. The last turn and the new one are always sent. Default: no budget.
  /// Throws: `Error{invalid_argument}` for a budget below 1, or a `cut_to` beyond 0 to 1.
  Conversation& keep_tokens(std::int64_t budget, double cut_to = 0.75);
  /// Never leaves out the first turns, for a conversation that begins with examples. Default: 0.
  Conversation& pin(std::size_t first_turns);

  /// All that is committed, without the agent's system prompt.
  const Messages& messages() const noexcept;
  /// Tokens of what would be sent, without the next question: measured where the server reports
  /// counts, else estimated from the bytes.
  std::int64_t estimated_tokens() const;
  /// Tokens of all complete turns.
  Usage usage() const;
  /// Removes the last turn; false if there is none. `std::logic_error` while a turn runs.
  bool undo();

  /// The messages, for `from_json`: no options, no keys. See `messages_to_json`.
  std::string to_json() const;
  /// Throws: what `messages_from_json` throws.
  static Conversation from_json(LlmAgent agent, std::string_view json);

 private:
  static asio::awaitable<detail::Asked> ask(
      std::shared_ptr<detail::ConversationState> state,
      std::string text,
      AskOptions options,
      std::string json_schema,
      std::function<void(std::string_view json)> accept);

  std::shared_ptr<detail::ConversationState> state_;
};

/// One turn as it happens, from `Conversation::stream`. It is committed when `next()` has returned
/// nothing.
///
/// Throws: as `Conversation::send`. Cancellation, Lifetimes, Threads: as `RunStream`.
///
///     auto stream = chat.stream("And in winter?");
///     while (const auto delta = co_await stream.next())
///       std::cout << delta->text << std::flush;
class ASYNCLLM_EXPORT ConversationStream {
 public:
  /// The next piece of a reply's text; nothing when the turn is complete.
  asio::awaitable<std::optional<Delta>> next();
  /// Everything that happens, calls of tools and their results too.
  asio::awaitable<std::optional<RunEvent>> next_event();
  /// The reply under way or, when the turn is complete, the last one.
  const Reply& reply() const;

 private:
  friend class Conversation;
  struct State;
  explicit ConversationStream(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace asyncllm
