#include <asyncllm/agent/ask.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/agent/json_in_text.hpp>

namespace asyncllm::inline v0_1::detail {
namespace {

void add(Usage& usage, const Usage& more)
{
  usage.reported = usage.reported || more.reported;
  for (const auto count : detail::usage_counts)
    usage.*count += more.*count;
}

Error with_answer(Error error, const Asked& asked)
{
  error.with_partial_text(asked.reply.text)
      .with_tokens(asked.usage.input_tokens, asked.usage.output_tokens)
      .with_request_id(asked.reply.request_id)
      .with_attempts(asked.reply.attempts);
  return error;
}

// Throws for a reply that is no answer, whatever its text holds.
void check_finish(const Asked& asked)
{
  const auto& reply = asked.reply;
  const auto fail = [&](ErrorKind kind, const std::string& what) {
    throw with_answer(Error(kind, what), asked);
  };
  if (reply.finish_reason == FinishReason::length)
    fail(ErrorKind::cut_off, "the limit on tokens (max_tokens, or the context) ended the answer");
  if (reply.finish_reason == FinishReason::content_filter)
    fail(ErrorKind::content_filtered, "the provider's filter ended the answer");
  if (reply.finish_reason == FinishReason::refusal || !reply.refusal.empty())
    fail(
        ErrorKind::refused,
        "the model refused to answer" + (reply.refusal.empty() ? "" : ": " + reply.refusal));
}

// What is wrong with the form of the answer, if anything is.
std::optional<Error> fault_of(
    const std::string& text, const std::function<void(std::string_view)>& accept)
{
  try {
    accept(json_object_in(text));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_output)
      throw;
    return error;
  }
  return std::nullopt;
}

}  // namespace

asio::awaitable<Asked> ask(
    LlmAgent agent,
    std::string question,
    AskOptions options,
    std::string json_schema,
    std::function<void(std::string_view json)> accept)
{
  if (options.repeat_schema().value_or(agent.client().provider() == "ollama"))
    question += "\n\nAnswer with nothing but JSON that follows this schema:\n" + json_schema;
  auto request = options.request();
  request.answer_schema(std::move(json_schema));
  auto messages = Messages().user(std::move(question));
  std::optional<Error> first_fault;
  Asked asked;
  for (;;) {
    auto sending = agent.send_messages_async(messages, request);
    asked.reply = co_await std::move(sending);
    ++asked.tries;
    add(asked.usage, asked.reply.usage);
    check_finish(asked);
    auto fault = fault_of(asked.reply.text, accept);
    if (!fault)
      co_return asked;
    if (asked.tries > options.max_reasks()) {
      if (first_fault)
        fault = Error(
            ErrorKind::invalid_output,
            std::string(fault->message()) +
                "; before that: " + std::string(first_fault->message()));
      throw with_answer(*fault, asked);
    }
    messages.add(Message::assistant(asked.reply));
    messages.user(
        "That does not have the required form: " + std::string(fault->message()) +
        ". Answer again, with nothing but JSON that follows the schema.");
    if (!first_fault)
      first_fault = std::move(fault);
  }
}

}  // namespace asyncllm::detail
