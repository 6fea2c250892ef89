#include "client/client_state.hpp"

#include "provider/errors.hpp"

#include <iterator>
#include <utility>

namespace asyncllm {

Client::State::State(const ClientOptions& options, provider::Endpoint its_endpoint)
    : endpoint(std::move(its_endpoint)),
      wire(provider::wire_of(*endpoint.preset)),
      transport(http::Url::parse(endpoint.base_url), options.ca_file()),
      base_url(transport.url().origin() + transport.url().path)
{
  const auto& url = transport.url();
  HeaderList headers;
  if (!endpoint.api_key.empty()) {
    if (!url.tls && !url.is_loopback() && !options.key_over_plain_http())
      throw Error(
          ErrorKind::invalid_argument,
          "the API key would travel unencrypted to " + url.origin() +
              ": use https://, or allow it by with_key_over_plain_http(true)");
    headers.emplace_back("Authorization", "Bearer " + endpoint.api_key);
  }
  chat_head = http::RequestHead("POST", url, wire.chat_path(), headers);
  models_head = http::RequestHead("GET", url, wire.models_path(), headers);
}

std::string Client::State::chat_message(
    const ChatRequest& request, const RequestOptions& options, provider::Delivery delivery) const
{
  request.parameters.validate();
  if (request.messages.empty())
    throw Error(ErrorKind::invalid_argument, "there is no message to send");
  const auto& last = *std::prev(request.messages.end());
  if (last.role() == Role::user && last.text().empty() && !options.allows_empty())
    throw Error(
        ErrorKind::invalid_argument,
        "the message is empty; RequestOptions().allow_empty(true) sends it all the same");

  std::string message;
  const auto body_at = chat_head.begin(message, options.headers());
  wire.encode(request, *endpoint.preset, delivery, message);
  http::RequestHead::finish(message, body_at);
  return message;
}

Error Client::State::refusal(const ResponseHead& head, std::string body) const
{
  return provider::error_from_answer(head, without_secret(std::move(body)));
}

std::string Client::State::without_secret(std::string text) const
{
  constexpr std::string_view mark = "***";
  const auto& secret = endpoint.api_key;
  if (secret.empty())
    return text;
  for (auto at = text.find(secret); at != text.npos; at = text.find(secret, at + mark.size()))
    text.replace(at, secret.size(), mark);
  return text;
}

void Client::State::explain(Error& error, std::string_view path, const std::string& model) const
{
  const auto& preset = *endpoint.preset;
  if (error.http_status() != 0)
    error.with_hint("asked was " + base_url + std::string(path));
  switch (error.kind()) {
    case ErrorKind::connect_failed:
    case ErrorKind::resolve_failed: error.with_hint(preset.if_unreachable); break;
    case ErrorKind::connection_lost:
      if (!transport.url().tls)
        error.with_hint("if the server speaks TLS there, use https://");
      break;
    case ErrorKind::model_not_found:
      if (preset.if_no_model.empty())
        error.with_hint("its models are listed at " + base_url + std::string(wire.models_path()));
      else
        error.with_hint(std::string(preset.if_no_model) + model);
      break;
    case ErrorKind::authentication:
      error.with_hint(
          endpoint.api_key.empty() ? "no API key was sent: call with_api_key"
                                   : "check the API key");
      break;
    case ErrorKind::not_found: error.with_hint("check the base URL"); break;
    default: break;
  }
}

}  // namespace asyncllm
