#include <asyncllm/agent/agent.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/agent/state.hpp>
#include <asyncllm/tools/tool.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <optional>

namespace asyncllm::inline v0_1 {

const std::string& LlmAgent::name() const noexcept
{
  return state_->name;
}
const ModelSpec& LlmAgent::model() const noexcept
{
  return state_->spec;
}
const Client& LlmAgent::client() const noexcept
{
  return state_->client;
}

asio::awaitable<Reply> LlmAgent::send_message_async(std::string message) const
{
  return state_->client.chat(state_->chat, std::move(message));
}

asio::awaitable<Reply> LlmAgent::send_message_async(
    std::string message, RequestOptions options) const
{
  return state_->client.chat(state_->chat, std::move(message), std::move(options));
}

asio::awaitable<Reply> LlmAgent::send_messages_async(
    Messages messages, RequestOptions options) const
{
  return state_->client.chat(state_->chat, std::move(messages), std::move(options));
}

ReplyStream LlmAgent::stream_message(std::string message, RequestOptions options) const
{
  return state_->client.stream(state_->chat, std::move(message), std::move(options));
}

ReplyStream LlmAgent::stream_messages(Messages messages, RequestOptions options) const
{
  return state_->client.stream(state_->chat, std::move(messages), std::move(options));
}

const std::vector<Tool>& LlmAgent::tools() const noexcept
{
  return state_->tools;
}

Reply LlmAgent::send_message(std::string message, RequestOptions options) const
{
  asio::io_context io(1);
  std::optional<Reply> result;
  std::exception_ptr failure;
  asio::co_spawn(
      io,
      send_message_async(std::move(message), std::move(options)),
      [&](std::exception_ptr error, Reply reply) {
        failure = error;
        result = std::move(reply);
      });
  io.run();
  if (failure)
    std::rethrow_exception(failure);
  return std::move(*result);
}

LlmAgent::Builder& LlmAgent::Builder::with_tool(Tool tool)
{
  auto tools = tools_ ? *tools_ : std::vector<Tool>();
  tools.push_back(std::move(tool));
  tools_ = std::make_shared<const std::vector<Tool>>(std::move(tools));
  return *this;
}

LlmAgent LlmAgent::Builder::build(Abi) const
{
  try {
    auto spec = find_model();
    const auto client = client_ ? *client_ : Client(options_for(spec));
    client.check(own_, "with_");
    client.check(defaults_, "with_options: ");
    auto defaults = defaults_;
    defaults.override_with(own_);
    Messages before;
    if (!system_prompt_.empty())
      before.system(system_prompt_);
    auto chat = client.prepare(spec.model, std::move(before), std::move(defaults));
    auto tools = tools_ ? *tools_ : std::vector<Tool>();
    RequestOptions offer;
    for (const auto& tool : tools)
      offer.tool(tool.definition());
    client.check(offer, "with_");
    const auto form =
        client.schema_support() == SchemaSupport::none ? AnswerForm::json : AnswerForm::schema;
    return LlmAgent(std::make_shared<const State>(State{
        name_,
        std::move(spec),
        client,
        std::move(chat),
        std::move(tools),
        std::make_shared<std::atomic<AnswerForm>>(form)}));
  } catch (const Error& error) {
    throw Error(
        error.kind(), "cannot build the agent \"" + name_ + "\": " + std::string(error.message()));
  }
}

ModelSpec LlmAgent::Builder::find_model() const
{
  if (!client_)
    return ModelSpec::parse(model_);
  if (model_.empty())
    throw Error(ErrorKind::invalid_argument, "the name of the model is empty");
  if (!client_setter_.empty())
    throw Error(
        ErrorKind::invalid_argument,
        client_setter_ + ": the agent uses a client, which has options of its own");
  return {std::string(client_->provider()), client_->base_url(), model_};
}

ClientOptions LlmAgent::Builder::options_for(const ModelSpec& spec) const
{
  auto options = client_options_;
  options.provider(spec.provider);
  if (options.base_url().empty())
    options.base_url(spec.base_url);
  return options;
}

}  // namespace asyncllm
