#include <asyncllm/agent/agent.hpp>
#include <asyncllm/core/error.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <optional>

namespace asyncllm::inline v0_1 {

struct LlmAgent::State {
  std::string name;
  ModelSpec spec;
  std::string system_prompt;
  RequestOptions defaults;
  Client client;
  PreparedChat chat;  // with the system prompt and the defaults
};

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
  return send_message_async(std::move(message), RequestOptions());
}

asio::awaitable<Reply> LlmAgent::send_message_async(
    std::string message, RequestOptions options) const
{
  return state_->client.chat(state_->chat, std::move(message), std::move(options));
}

asio::awaitable<Reply> LlmAgent::send_messages_async(
    Messages messages, RequestOptions options) const
{
  return state_->client.chat(
      state_->spec.model, conversation(std::move(messages)), merged(options));
}

ReplyStream LlmAgent::stream_message(std::string message, RequestOptions options) const
{
  return state_->client.stream(state_->chat, std::move(message), std::move(options));
}

ReplyStream LlmAgent::stream_messages(Messages messages, RequestOptions options) const
{
  return state_->client.stream(
      state_->spec.model, conversation(std::move(messages)), merged(options));
}

Messages LlmAgent::conversation(Messages messages) const
{
  if (!state_->system_prompt.empty())
    messages.prepend(Message::system(state_->system_prompt));
  return messages;
}

RequestOptions LlmAgent::merged(const RequestOptions& options) const
{
  auto all = state_->defaults;
  all.override_with(options);
  return all;
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

LlmAgent LlmAgent::Builder::build(Abi) const
{
  try {
    auto spec = ModelSpec::parse(spec_);
    auto defaults = defaults_;
    defaults.override_with(own_);
    auto options = ClientOptions(spec.provider)
                       .base_url(base_url_.empty() ? spec.base_url : base_url_)
                       .api_key(api_key_)
                       .ca_file(ca_file_)
                       .crl_file(crl_file_)
                       .client_certificate(certificate_file_, key_file_)
                       .key_over_plain_http(key_over_plain_http_);
    if (proxy_)
      options.proxy(*proxy_);
    options.limits(limits_).redirects(redirects_);
    if (max_in_flight_)
      options.max_in_flight(*max_in_flight_);
    const Client client(options);
    client.check(own_, "with_");
    client.check(defaults_, "with_options: ");
    Messages before;
    if (!system_prompt_.empty())
      before.system(system_prompt_);
    const auto chat = client.prepare(spec.model, before, defaults);
    return LlmAgent(std::make_shared<const State>(
        State{name_, std::move(spec), system_prompt_, std::move(defaults), client, chat}));
  } catch (const Error& error) {
    throw Error(
        error.kind(), "cannot build the agent \"" + name_ + "\": " + std::string(error.message()));
  }
}

}  // namespace asyncllm
