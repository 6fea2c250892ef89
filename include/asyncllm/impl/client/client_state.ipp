#include <asyncllm/impl/client/client_state.hpp>
#include <asyncllm/impl/client/watch.hpp>
#include <asyncllm/impl/http/connect/connector.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>
#include <variant>

namespace asyncllm::inline v0_1::client {

namespace {

http::Transport make_transport(
    const ClientOptions& options,
    const provider::Endpoint& endpoint,
    const http::ProxyEnvironment& environment)
{
  auto url = http::Url::parse(endpoint.base_url);
  http::TransportOptions how;
  how.limits = options.limits();
  how.tls = options.tls_files();
  how.proxy = http::find_proxy(url, options.proxy(), environment);
  return http::Transport(std::move(url), how);
}

// The credentials: the API key, the user name and password of the URL, or both.
HeaderList credentials_of(
    const ClientOptions& options,
    const provider::Endpoint& endpoint,
    const std::optional<http::Credentials>& url_credentials,
    const provider::Wire& wire)
{
  const auto& preset = *endpoint.preset;
  if (!url_credentials)
    return wire.fields(preset, endpoint.api_key);
  auto fields = wire.fields(preset, endpoint.api_key);
  if (fields.contains("Authorization")) {
    if (!options.api_key().empty())
      throw Error(
          ErrorKind::invalid_argument,
          "the base URL has a user name and a password, and there is an API key: both belong into "
          "the header Authorization; give one of them");
    fields = wire.fields(preset, {});  // the URL is meant for this server, the variable for all
  }
  fields.emplace_back("Authorization", url_credentials->basic());
  return fields;
}

}  // namespace

ClientState::ClientState(
    const ClientOptions& options,
    const provider::Endpoint& endpoint,
    std::optional<http::Credentials> url_credentials,
    const provider::Wire& its_wire)
    : preset(*endpoint.preset),
      wire(its_wire),
      proxy_environment(&std::getenv),
      transport(make_transport(options, endpoint, proxy_environment)),
      base_url(transport.url().origin() + transport.url().path),
      redirects(options.redirects()),
      max_in_flight(options.max_in_flight().value_or(preset.max_in_flight)),
      observers(options.observers()),
      before_send(options.before_send()),
      api_key_(endpoint.api_key),
      proxy_(options.proxy()),
      trust_(options.tls_files())
{
  secrets_.add(api_key_);
  if (url_credentials)
    secrets_.add(url_credentials->user, url_credentials->password);
  if (const auto& proxy = transport.proxy())
    secrets_.add(proxy->user, proxy->password);
  trust_.certificate.clear();
  trust_.key.clear();
  const auto& url = transport.url();
  auto headers = transport.headers();
  headers.append(credentials_of(options, endpoint, url_credentials, wire));
  const bool has_credentials = !api_key_.empty() || url_credentials;
  if (has_credentials && transport.is_exposed() && !options.key_over_plain_http())
    throw Error(
        ErrorKind::invalid_argument,
        std::string(url_credentials ? "the password" : "the API key") +
            " would travel unencrypted to " + transport.destination() +
            ": use https://, or allow it by with_key_over_plain_http(true)");
  post_head_ = http::RequestHead("POST", url, headers, transport.target_prefix());
  get_head_ = http::RequestHead("GET", url, headers, transport.target_prefix());
}

void ClientState::check(const Parameters& parameters, const std::string& setter_prefix) const
{
  parameters.validate(setter_prefix, preset.max_temperature);
}

namespace {

void check_text(bool is_empty, const char* what, const RequestOptions& options)
{
  if (is_empty && !options.allows_empty())
    throw Error(
        ErrorKind::invalid_argument,
        std::string(what) + " is empty; RequestOptions().allow_empty(true) sends it all the same");
}

void check_message(const ChatRequest& request, const RequestOptions& options)
{
  if (request.messages.empty())
    throw Error(ErrorKind::invalid_argument, "there is no message to send");
  const auto& last = *std::prev(request.messages.end());
  if (last.role() == Role::user)
    check_text(last.text().empty() && last.parts().empty(), "the message", options);
}

void check_message(const GenerateRequest& request, const RequestOptions& options)
{
  const auto& prompt = request.prompt;
  check_text(prompt.text().empty(), "the prompt", options);
  if (prompt.is_raw() && !(prompt.system().empty() && prompt.template_text().empty()))
    throw Error(
        ErrorKind::invalid_argument, "a raw prompt cannot have a system prompt or a template");
}

}  // namespace

PreparedState ClientState::prepared(
    std::string model, Messages before, const RequestOptions& options) const
{
  check(options.parameters());
  PreparedState chat{weak_from_this(), std::move(model), std::move(before), options, {}, {}};
  const ChatRequest request{chat.model, chat.before, options.parameters()};
  using provider::Delivery;
  const auto make = [&](Delivery delivery) {
    return provider::RequestTemplate::make(wire, request, preset, delivery);
  };
  chat.whole = make(Delivery::whole);
  chat.streamed = make(Delivery::streamed);
  return chat;
}

namespace {

SharedOptions merged(const std::shared_ptr<const PreparedState>& chat, const RequestOptions& given)
{
  if (given.empty())
    return options_of(chat);
  auto all = chat->options;
  return share(std::move(all.override_with(given)));
}

void check_owner(const PreparedState& chat, const ClientState& client)
{
  if (chat.client.owner_before(client.weak_from_this()) ||
      client.weak_from_this().owner_before(chat.client))
    throw Error(
        ErrorKind::invalid_argument,
        "the chat was prepared by another client, whose server and options may be others");
}

}  // namespace

Question ClientState::question(
    const std::shared_ptr<const PreparedState>& chat, std::string text) const
{
  if (!chat->whole || !chat->streamed)
    return question(chat, Messages().user(std::move(text)), RequestOptions());
  check_owner(*chat, *this);
  return {PreparedRequest{std::move(text), chat}, options_of(chat)};
}

Question ClientState::question(
    const std::shared_ptr<const PreparedState>& chat,
    std::string text,
    const RequestOptions& given) const
{
  if (given.has_parameters() || !chat->whole || !chat->streamed)
    return question(chat, Messages().user(std::move(text)), given);
  check_owner(*chat, *this);
  return {PreparedRequest{std::move(text), chat}, merged(chat, given)};
}

Question ClientState::question(
    const std::shared_ptr<const PreparedState>& chat,
    const Messages& turns,
    const RequestOptions& given) const
{
  check_owner(*chat, *this);
  auto options = merged(chat, given);
  auto messages = chat->before;
  messages.append(turns);
  auto request = std::make_unique<const ChatRequest>(
      ChatRequest{chat->model, std::move(messages), options->parameters()});
  return {std::move(request), std::move(options)};
}

std::size_t ClientState::begin_message(
    provider::Operation operation,
    std::string_view model,
    const RequestOptions& options,
    std::string& message) const
{
  const bool is_get = operation == provider::Operation::list_models;
  const auto& head = is_get ? get_head_ : post_head_;
  head.begin(message);
  wire.append_path(operation, model, message);
  return head.end(message, options.headers());
}

void ClientState::sign(std::string& message, std::size_t body_at) const
{
  if (!wire.signs())
    return;
  const std::string_view whole = message;
  const auto method = whole.substr(0, whole.find(' '));
  const auto target =
      whole.substr(method.size() + 1, whole.find(' ', method.size() + 1) - method.size() - 1);
  const provider::SignedParts parts{method, target, whole.substr(body_at)};
  http::RequestHead::insert(message, body_at, wire.signature(parts, preset, api_key_));
}

void ClientState::write_message(
    const AnyRequest& any,
    const RequestOptions& options,
    provider::Delivery delivery,
    std::string& message) const
{
  const auto write = [&](const auto& request) {
    check(request.parameters);
    check_message(request, options);
    const auto body_at = begin_message(operation_of(any), request.model, options, message);
    wire.encode(request, preset, delivery, message);
    http::RequestHead::finish(message, body_at);
    sign(message, body_at);
  };
  if (const auto* const chat = std::get_if<OwnedChat>(&any))
    return write(**chat);
  if (const auto* const prompt = std::get_if<OwnedPrompt>(&any))
    return write(**prompt);

  const auto& [question, chat] = std::get<PreparedRequest>(any);
  const bool is_usual =
      delivery == provider::Delivery::whole || delivery == provider::Delivery::streamed;
  if (!is_usual) {  // rare: written in full
    auto messages = chat->before;
    messages.user(question);
    return write(ChatRequest{chat->model, messages, options.parameters()});
  }
  check_text(question.empty(), "the message", options);
  const bool replaces = options.parameters().replace_invalid_utf8.value_or(false);
  const auto& body = delivery == provider::Delivery::whole ? chat->whole : chat->streamed;
  const auto body_at = begin_message(provider::Operation::chat, chat->model, options, message);
  body->write(question, replaces, message);
  http::RequestHead::finish(message, body_at);
  sign(message, body_at);
}

void ClientState::write_message(
    const EmbedRequest& request, const RequestOptions& options, std::string& message) const
{
  check(request.parameters);
  for (const auto& text : request.texts)
    check_text(text.empty(), "a text to embed", options);
  const auto body_at = begin_message(provider::Operation::embed, request.model, options, message);
  wire.encode(request, message);
  http::RequestHead::finish(message, body_at);
  sign(message, body_at);
}

void ClientState::write_message_for_models(
    const RequestOptions& options, std::string_view query, std::string& message) const
{
  begin_message(provider::Operation::list_models, {}, options, message);
  if (!query.empty()) {
    const auto end = message.find(' ', message.find(' ') + 1);  // of the target
    const bool has_query = message.find('?') < end;
    message.insert(end, (has_query ? '&' : '?') + std::string(query));
  }
  sign(message, message.size());
}

std::string ClientState::url_of(provider::Operation operation, std::string_view model) const
{
  std::string url = base_url;
  wire.append_path(operation, model, url);
  return url;
}

namespace {

std::size_t text_bytes(const Message& message)
{
  std::size_t bytes = message.text().size();
  for (const auto& part : message.parts())
    if (const auto* const text = std::get_if<std::string>(&part))
      bytes += text->size();
  return bytes;
}

std::size_t text_bytes(const Messages& messages)
{
  std::size_t bytes = 0;
  for (const auto& message : messages)
    bytes += text_bytes(message);
  return bytes;
}

// Of the texts that the model reads and counts as tokens.
std::size_t text_bytes(const AnyRequest& request)
{
  if (const auto* const chat = std::get_if<OwnedChat>(&request))
    return text_bytes((*chat)->messages);
  if (const auto* const bare = std::get_if<OwnedPrompt>(&request)) {
    const auto& prompt = (*bare)->prompt;
    return prompt.text().size() + prompt.suffix().size() + prompt.system().size();
  }
  const auto& prepared = std::get<PreparedRequest>(request);
  return text_bytes(prepared.chat->before) + prepared.question.size();
}

}  // namespace

void ClientState::judge_prompt(
    const AnyRequest& request, const RequestOptions& options, Reply& reply) const
{
  // Prose has four or five bytes a token, other texts and languages fewer. A prompt that Ollama cut
  // lost at least as much as was left: its runner drops text by halves of the context.
  constexpr std::size_t most_bytes_a_token = 7, shortest = 2048;
  const auto& parameters = options.parameters();
  const auto tokens = reply.usage.input_tokens;
  if (!preset.cuts_prompts || tokens <= 0 || !parameters.truncate.value_or(true))
    return;
  const auto bytes = text_bytes(request);
  const bool is_full = parameters.context_length && tokens >= *parameters.context_length;
  const bool has_lost =
      bytes > shortest && bytes / most_bytes_a_token > static_cast<std::size_t>(tokens);
  reply.prompt_may_be_cut = is_full || has_lost;
}

CallInfo ClientState::describe(
    provider::Operation operation, const std::string& model, const RequestOptions& options) const
{
  using provider::Operation;
  CallInfo info;
  info.operation = operation == Operation::chat       ? "chat"
                   : operation == Operation::generate ? "text_completion"
                   : operation == Operation::embed    ? "embeddings"
                                                      : "list_models";
  info.provider = preset.name;
  info.model = model;
  info.base_url = base_url;
  info.parameters = options.parameters();
  info.parameters.tools.clear();
  info.parameters.answer_schema.clear();
  info.parameters.extra.clear();
  return info;
}

CallInfo ClientState::describe(
    const AnyRequest& request,
    const RequestOptions& options,
    bool is_streamed,
    Messages& content) const
{
  auto info = describe(operation_of(request), model_of(request), options);
  info.streamed = is_streamed;
  if (!wants_content(observers))
    return info;
  if (const auto* const chat = std::get_if<OwnedChat>(&request))
    content = (*chat)->messages;
  else if (const auto* const bare = std::get_if<OwnedPrompt>(&request))
    content.user((*bare)->prompt.text());
  else if (const auto* const prepared = std::get_if<PreparedRequest>(&request))
    content.append(prepared->chat->before).user(prepared->question);
  return info;
}

std::shared_ptr<const http::Transport> ClientState::transport_to(const http::Url& url) const
{
  constexpr std::size_t most_remembered = 16;
  const std::lock_guard lock(elsewhere_.mutex);
  auto& known = elsewhere_.by_origin;
  if (const auto found = known.find(url.origin()); found != known.end())
    return found->second;
  http::TransportOptions how;
  how.limits = transport.limits();
  how.tls = trust_;
  how.proxy = http::find_proxy(url, proxy_, proxy_environment);
  if (known.size() == most_remembered)  // running calls hold theirs
    known.clear();
  return known[url.origin()] = std::make_shared<const http::Transport>(url, how);
}

void ClientState::mask(Error& error, const RequestOptions& options) const
{
  secrets_.mask(error);
  mask_headers(error, options.headers());
}

void ClientState::explain(
    Error& error,
    provider::Operation operation,
    const std::string& model,
    const RequestOptions& options) const
{
  mask(error, options);
  if (error.attempts() > 1)
    error.with_hint("tried " + std::to_string(error.attempts()) + " times");
  if (error.http_status() != 0)
    error.with_hint(
        "URL: " + url_of(operation, model) +
        (transport.proxy() ? " through the proxy " + transport.proxy()->name() : ""));
  switch (error.kind()) {
    case ErrorKind::connect_failed:
    case ErrorKind::resolve_failed:
      if (!transport.proxy() &&
          error.message().find(http::out_of_descriptors) == error.message().npos)
        error.with_hint(preset.if_unreachable);
      break;
    case ErrorKind::connection_lost:
      if (!transport.url().tls)
        error.with_hint("if the server speaks TLS there, use https://");
      break;
    case ErrorKind::model_not_found:
      if (preset.if_no_model.empty())
        error.with_hint("its models are listed at " + url_of(provider::Operation::list_models, {}));
      else
        error.with_hint(std::string(preset.if_no_model) + model);
      break;
    case ErrorKind::authentication:
      error.with_hint(
          api_key_.empty() ? "no API key was sent: call with_api_key" : "check the API key");
      break;
    case ErrorKind::not_found: error.with_hint("check the base URL"); break;
    default: break;
  }
}

void append_bounded(
    std::string& body,
    std::span<const char> piece,
    std::uint64_t announced_length,
    const Limits& limits)
{
  if (piece.size() > limits.body_bytes() - std::min(body.size(), limits.body_bytes()))
    throw Error(
        ErrorKind::response_too_large,
        "the answer is longer than " + std::to_string(limits.body_bytes()) +
            " bytes (Limits::body_bytes)");
  constexpr std::size_t spare = 64;  // behind the end, for who reads it
  constexpr std::uint64_t most_reserved = 4 * 1024 * 1024;
  if (body.empty())  // at once, but not for any length that a server claims
    body.reserve(
        std::max<std::uint64_t>(
            piece.size(),
            std::min<std::uint64_t>({announced_length, limits.body_bytes(), most_reserved})) +
        spare);
  detail::append_below(body, {piece.data(), piece.size()}, limits.body_bytes() + spare);
}

void check_finish(const Reply& reply, const RequestOptions& options)
{
  const auto& word = reply.finish_reason_text;
  const bool is_loading = options.allows_empty() && (word == "load" || word == "unload");
  if (reply.finish_reason == FinishReason::error && !is_loading)
    throw Error(
        ErrorKind::incomplete,
        "the server cut the reply short: its finish reason is \"" + reply.finish_reason_text + '"')
        .with_partial_text(reply.text);
}

}  // namespace asyncllm::client
