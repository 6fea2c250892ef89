// LlmAgent: a model with a system prompt and parameters, ready for questions.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/agent/ask_options.hpp>
#include <asyncllm/client/client.hpp>
#include <asyncllm/client/reply_stream.hpp>
#include <asyncllm/core/export.hpp>
#include <asyncllm/core/version.hpp>
#include <asyncllm/model/message.hpp>
#include <asyncllm/model/model_spec.hpp>
#include <asyncllm/model/reply.hpp>
#include <asyncllm/options/request_options.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1 {

namespace detail {
struct Asked;
}
template <class T>
struct TypedReply;
class Approval;
class RunOptions;
class RunStream;
class Tool;
struct Run;

/// A model with a system prompt, parameters and tools. Immutable and cheap to copy. Calls are
/// independent of each other: there is no shared history and no lock, N calls are N requests at
/// once.
///
/// Result: a complete reply. An answer that is not complete is an error.
/// Throws: `Error`, when the call is awaited, so that one bad question costs only its own result in
/// a `gather_outcomes`. Before any I/O: `invalid_argument` (an empty message, a value out of range,
/// text that is not UTF-8). Later: what docs/errors.md lists for requests, with the server's words
/// in `server_message()` and the text so far in `partial_text()`.
/// Cancellation: terminal. The connection is closed, and the call throws `Error{cancelled}`.
/// Lifetimes: a call keeps what it needs, so the agent may be destroyed while it runs.
/// Threads: an agent may be used from any thread, on several io_contexts. A call runs on the
/// executor of the coroutine that awaits it: one thread, or a strand.
///
///     const auto agent = LlmAgent::builder("assistant", "ollama::gemma3:latest")
///                            .with_system_prompt("Be brief.")
///                            .build();
///     const Reply reply = co_await agent.send_message_async("What is 2+2?");
class ASYNCLLM_EXPORT LlmAgent {
 public:
  class Builder;

  LlmAgent(const LlmAgent&) = default;  // a move copies, so that a moved-from agent still works
  LlmAgent& operator=(const LlmAgent&) = default;

  /// `name` is for error messages. `spec` says which model of which server:
  /// "ollama::gemma3:latest", "openai::gpt-4o-mini", "openai@http://127.0.0.1:8080/v1::name" (see
  /// ModelSpec). The agent gets a client of its own.
  static Builder builder(std::string name, std::string_view spec);
  /// An agent that shares `client` with others: its connections, and its bound on calls in flight.
  /// `model` is the model's name alone, such as "gemma3:latest".
  static Builder builder(std::string name, const Client& client, std::string model);

  const std::string& name() const noexcept;
  const ModelSpec& model() const noexcept;
  /// Where the requests go.
  const Client& client() const noexcept;

  /// Asks one question.
  asio::awaitable<Reply> send_message_async(std::string message) const;
  /// The same with options for this call. (An overload: a default argument would take memory in the
  /// frame of the awaiting coroutine.)
  asio::awaitable<Reply> send_message_async(std::string message, RequestOptions options) const;

  /// Continues a conversation, which comes after the agent's system prompt.
  asio::awaitable<Reply> send_messages_async(
      Messages messages, RequestOptions options = RequestOptions()) const;

  /// Asks one question. The reply comes piece by piece, as the model writes it.
  ReplyStream stream_message(std::string message, RequestOptions options = RequestOptions()) const;
  /// Continues a conversation, which comes after the agent's system prompt.
  ReplyStream stream_messages(Messages messages, RequestOptions options = RequestOptions()) const;

  /// Asks one question whose answer is a `T`: a described type, or any other that `schema/` knows.
  /// Defined in <asyncllm/agent/ask.hpp>. An answer without the form is sent back to the model
  /// once, with what is wrong (`AskOptions::max_reasks`). Words and fences around the JSON are
  /// ignored.
  ///
  /// A server that refuses to force the form is asked in other ways (`AskOptions::form`).
  ///
  /// Throws: what `send_message_async` throws, and `invalid_output` (the form, again wrong),
  /// `cut_off` (a limit on tokens), `refused` (the model refused), `content_filtered`; these with
  /// the answer's text in `partial_text()` and the tokens that were spent.
  ///
  ///     const auto weather = co_await agent.ask_async<Weather>("Rome, tomorrow?");
  template <class T>
  asio::awaitable<T> ask_async(std::string question, AskOptions options = AskOptions()) const;
  /// The same with the reply, and what it took.
  template <class T>
  asio::awaitable<TypedReply<T>> ask_reply_async(
      std::string question, AskOptions options = AskOptions()) const;

  /// Asks one question, and lets the model call the agent's tools until it answers. Include
  /// <asyncllm/agent/run.hpp>. Tools run at once, up to `RunOptions::max_parallel`; each call gets
  /// exactly one result.
  ///
  /// Result: the answer and all that led to it. `Run::why` says how the run ended: look at it.
  /// Throws: `RunError`, an `Error` with the run as far as it came: what `send_message_async`
  /// throws, `limit_reached` (only with `AtLimit::error`), `tool_failed` (a tool threw an `Error`).
  /// What a hook of the options throws, unchanged. `Error{invalid_argument}` for a limit of 0.
  /// Cancellation: terminal. The tools that run are cancelled, and the call throws when they have
  /// ended.
  ///
  ///     const auto run = co_await agent.run_async("Shall I take an umbrella in Rome?");
  ///     std::cout << run.reply.text << '\n';
  asio::awaitable<Run> run_async(std::string question) const;
  asio::awaitable<Run> run_async(std::string question, RunOptions options) const;
  /// The same, and the conversation comes after the agent's system prompt.
  asio::awaitable<Run> run_messages_async(Messages messages, RunOptions options) const;
  /// The same, with everything as it happens: pieces of the replies, calls, results.
  RunStream run_stream(std::string question) const;
  RunStream run_stream(std::string question, RunOptions options) const;
  RunStream run_messages_stream(Messages messages, RunOptions options) const;
  /// Continues a run that ended with `RunEnd::approval`. `decisions` are those for `Run::pending`,
  /// in its order. Throws: what `run_async` throws, and `Error{invalid_argument}` for a run of
  /// another end, and for another number of decisions.
  asio::awaitable<Run> resume_async(Run run, std::vector<Approval> decisions) const;
  asio::awaitable<Run> resume_async(
      Run run, std::vector<Approval> decisions, RunOptions options) const;

  /// The tools of the agent's runs.
  const std::vector<Tool>& tools() const noexcept;

  /// `send_message_async` for programs without a loop: blocks, with a loop and a connection of its
  /// own each time. Do not call it on a thread that runs a loop. The other functions have no such
  /// twin: `run_or_throw` (concurrency/run.hpp) makes a blocking call of any of them, and of
  /// several at once.
  Reply send_message(std::string message, RequestOptions options = RequestOptions()) const;

 private:
  friend class Conversation;
  struct State;
  explicit LlmAgent(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  asio::awaitable<detail::Asked> ask(
      Messages messages,
      AskOptions options,
      std::string json_schema,
      std::function<void(std::string_view json)> accept) const;

  std::shared_ptr<const State> state_;
};

/// Sets what makes an agent. Nothing is checked before `build()`.
class ASYNCLLM_EXPORT LlmAgent::Builder {
 public:
  Builder(std::string name, std::string_view spec) : name_(std::move(name)), model_(spec) {}
  Builder(std::string name, const Client& client, std::string model)
      : name_(std::move(name)), model_(std::move(model)), client_(client)
  {}

  /// Comes before every conversation. Default: none.
  Builder& with_system_prompt(std::string text)
  {
    system_prompt_ = std::move(text);
    return *this;
  }
  /// See `RequestOptions::temperature`.
  Builder& with_temperature(double value)
  {
    own_.temperature(value);
    return *this;
  }
  /// See `RequestOptions::max_tokens`.
  Builder& with_max_tokens(int count)
  {
    own_.max_tokens(count);
    return *this;
  }
  /// Defaults for every call. `with_temperature` and `with_max_tokens` override them, and the
  /// options of a call override both.
  Builder& with_options(RequestOptions defaults)
  {
    defaults_ = std::move(defaults);
    return *this;
  }

  /// Adds a tool for `run_async` and its kin; the other calls do not offer it. Include
  /// <asyncllm/agent/run.hpp>.
  Builder& with_tool(Tool tool);

  // The following set the options of the agent's own client, each as the function of ClientOptions
  // of the same name. An agent that was given a client has none of them.

  /// See `ClientOptions::base_url`. Wins over the spec.
  Builder& with_base_url(std::string url)
  {
    own_client("with_base_url").base_url(std::move(url));
    return *this;
  }
  /// See `ClientOptions::api_key`.
  Builder& with_api_key(std::string key)
  {
    own_client("with_api_key").api_key(std::move(key));
    return *this;
  }
  /// See `ClientOptions::ca_file`.
  Builder& with_ca_file(std::string path)
  {
    own_client("with_ca_file").ca_file(std::move(path));
    return *this;
  }
  /// See `ClientOptions::crl_file`.
  Builder& with_crl_file(std::string path)
  {
    own_client("with_crl_file").crl_file(std::move(path));
    return *this;
  }
  /// See `ClientOptions::client_certificate`.
  Builder& with_client_certificate(std::string certificate_file, std::string key_file)
  {
    own_client("with_client_certificate")
        .client_certificate(std::move(certificate_file), std::move(key_file));
    return *this;
  }
  /// See `ClientOptions::key_over_plain_http`.
  Builder& with_key_over_plain_http(bool value)
  {
    own_client("with_key_over_plain_http").key_over_plain_http(value);
    return *this;
  }
  /// See `ClientOptions::proxy`.
  Builder& with_proxy(std::string url)
  {
    own_client("with_proxy").proxy(std::move(url));
    return *this;
  }
  /// See `ClientOptions::max_in_flight`.
  Builder& with_max_in_flight(std::size_t count)
  {
    own_client("with_max_in_flight").max_in_flight(count);
    return *this;
  }
  /// See `ClientOptions::observer`. Runs tell it about their tools too.
  Builder& with_observer(std::shared_ptr<Observer> observer)
  {
    own_client("with_observer").observer(std::move(observer));
    return *this;
  }
  /// See `ClientOptions::before_send`.
  Builder& with_before_send(std::function<void(HeaderList&, const CallInfo&)> hook)
  {
    own_client("with_before_send").before_send(std::move(hook));
    return *this;
  }
  /// See `ClientOptions::limits`.
  Builder& with_limits(const Limits& limits)
  {
    own_client("with_limits").limits(limits);
    return *this;
  }
  /// See `ClientOptions::redirects`.
  Builder& with_redirects(Redirects rules)
  {
    own_client("with_redirects").redirects(rules);
    return *this;
  }

  /// Throws `Error{invalid_argument}` that names the setter: a value out of range, a spec
  /// without provider or model, an unknown provider, an unusable URL, key or certificate file, no
  /// API key where one is needed, an option of a client beside a client; `Error{unsupported}` for
  /// https in a build without TLS.
  LlmAgent build() const { return build(Abi()); }

 private:
  ClientOptions& own_client(const char* setter)
  {
    client_setter_ = setter;
    return client_options_;
  }
  LlmAgent build(Abi) const;
  ModelSpec find_model() const;
  ClientOptions options_for(const ModelSpec& spec) const;

  std::string name_, model_, system_prompt_;
  std::optional<Client> client_;
  ClientOptions client_options_{""};
  std::string client_setter_;  // the last one that was called
  RequestOptions own_, defaults_;
  std::shared_ptr<const std::vector<Tool>> tools_;  // copied when it changes
};

inline LlmAgent::Builder LlmAgent::builder(std::string name, std::string_view spec)
{
  return Builder(std::move(name), spec);
}

inline LlmAgent::Builder LlmAgent::builder(
    std::string name, const Client& client, std::string model)
{
  return Builder(std::move(name), client, std::move(model));
}

}  // namespace asyncllm
