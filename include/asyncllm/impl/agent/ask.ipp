#include <asyncllm/agent/ask.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/agent/answer_form.hpp>
#include <asyncllm/impl/agent/json_in_text.hpp>
#include <asyncllm/impl/agent/state.hpp>

#include <utility>

namespace asyncllm::inline v0_1 {
namespace detail {
namespace {

void add(Usage& usage, const Usage& more)
{
  usage.reported = usage.reported || more.reported;
  for (const auto count : detail::usage_counts)
    usage.*count += more.*count;
}

Error with_answer(Error error, const Asked& asked)
{
  error.with_partial_text(asked.text)
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

// One question in one form.
struct FormedQuestion {
  Messages messages;
  RequestOptions request;
  AnswerForm form;
};

FormedQuestion formed(
    const Messages& messages,
    const AskOptions& options,
    AnswerForm form,
    SchemaSupport support,
    const std::string& json_schema)
{
  const bool is_repeated = form == AnswerForm::json || form == AnswerForm::prompt ||
                           (form == AnswerForm::schema &&
                            options.repeat_schema().value_or(support == SchemaSupport::partial));
  FormedQuestion question{
      is_repeated ? with_schema(messages, json_schema) : messages, options.request(), form};
  set_answer_form(question.request, form, json_schema);
  return question;
}

// Until `accept` takes an answer.
asio::awaitable<Asked> ask_in_form(
    LlmAgent agent,
    FormedQuestion question,
    int max_reasks,
    const std::function<void(std::string_view)>& accept)
{
  std::optional<Error> first_fault;
  Asked asked;
  for (;;) {
    auto sending = agent.send_messages_async(question.messages, question.request);
    asked.reply = co_await std::move(sending);
    ++asked.tries;
    add(asked.usage, asked.reply.usage);
    asked.text = answer_text(asked.reply, question.form);
    check_finish(asked);
    auto fault = fault_of(asked.text, accept);
    if (!fault)
      co_return asked;
    if (asked.tries > max_reasks) {
      if (first_fault)
        fault = Error(
            ErrorKind::invalid_output,
            std::string(fault->message()) +
                "; before that: " + std::string(first_fault->message()));
      throw with_answer(*fault, asked);
    }
    add_correction(question.messages, asked.reply, std::string(fault->message()));
    if (!first_fault)
      first_fault = std::move(fault);
  }
}

asio::awaitable<Asked> ask_in_forms(
    LlmAgent agent,
    std::shared_ptr<std::atomic<AnswerForm>> known_form,
    Messages messages,
    AskOptions options,
    std::string json_schema,
    std::function<void(std::string_view json)> accept)
{
  const auto support = agent.client().schema_support();
  auto form = options.form().value_or(known_form->load(std::memory_order_relaxed));
  for (;;) {
    auto question = formed(messages, options, form, support, json_schema);
    auto asking = ask_in_form(agent, std::move(question), options.max_reasks(), accept);
    try {
      auto asked = co_await std::move(asking);
      co_return asked;
    } catch (const Error& error) {
      const auto next = options.form() ? std::nullopt : next_form(form, error);
      if (!next)
        throw;
      form = *next;
    }
    known_form->store(form, std::memory_order_relaxed);
  }
}

}  // namespace
}  // namespace detail

asio::awaitable<detail::Asked> LlmAgent::ask(
    Messages messages,
    AskOptions options,
    std::string json_schema,
    std::function<void(std::string_view json)> accept) const
{
  return detail::ask_in_forms(
      *this,
      state_->answer_form,
      std::move(messages),
      std::move(options),
      std::move(json_schema),
      std::move(accept));
}

}  // namespace asyncllm
