#include <asyncllm/impl/client/client_state.hpp>
#include <asyncllm/impl/http/connect/connector.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>
#include <variant>

namespace asyncllm::inline v0_1 {

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
  how.max_in_flight = options.max_in_flight().value_or(endpoint.preset->max_in_flight);
  return http::Transport(std::move(url), how);
}

// What proves who asks: the API key, the user name and password of the URL, or both.
HeaderList credentials_of(
    const ClientOptions& options,
    const provider::Endpoint& endpoint,
    const std::optional<http::Credentials>& url_credentials)
{
  const auto& preset = *endpoint.preset;
  const bool both = !endpoint.api_key.empty() && url_credentials &&
                    detail::equal_ignoring_case(preset.key_header, "Authorization");
  if (both && !options.api_key().empty())
    throw Error(
        ErrorKind::invalid_argument,
        "the base URL has a user name and a password, and there is an API key: both belong into "
        "the header Authorization; give one of them");
  HeaderList headers;
  if (!endpoint.api_key.empty() && !both)  // the URL is meant for this server, the variable for all
    headers.emplace_back(preset.key_header, std::string(preset.key_prefix) + endpoint.api_key);
  if (url_credentials)
    headers.emplace_back("Authorization", url_credentials->basic());
  return headers;
}

}  // namespace

Client::State::State(
    const ClientOptions& options,
    provider::Endpoint its_endpoint,
    std::optional<http::Credentials> its_url_credentials)
    : proxy_environment(&std::getenv),
      endpoint(std::move(its_endpoint)),
      url_credentials(std::move(its_url_credentials)),
      wire(provider::wire_of(*endpoint.preset)),
      transport(make_transport(options, endpoint, proxy_environment)),
      redirects(options.redirects()),
      base_url(transport.url().origin() + transport.url().path),
      proxy_(options.proxy()),
      trust_(options.tls_files())
{
  secrets_.add(endpoint.api_key);
  if (url_credentials)
    secrets_.add(url_credentials->user, url_credentials->password);
  if (const auto& proxy = transport.proxy())
    secrets_.add(proxy->user, proxy->password);
  trust_.certificate.clear();
  trust_.key.clear();
  const auto& url = transport.url();
  const auto& preset = *endpoint.preset;
  auto headers = transport.headers();
  const auto credentials = credentials_of(options, endpoint, url_credentials);
  if (!credentials.empty() && transport.is_exposed() && !options.key_over_plain_http())
    throw Error(
        ErrorKind::invalid_argument,
        std::string(url_credentials ? "the password" : "the API key") +
            " would travel unencrypted to " + transport.destination() +
            ": use https://, or allow it by with_key_over_plain_http(true)");
  headers.append(credentials);
  if (!preset.version_header.empty())
    headers.emplace_back(preset.version_header, preset.version);
  const auto head = [&](const char* method, std::string_view path) {
    return http::RequestHead(method, url, path, headers, transport.target_prefix());
  };
  chat_head_ = head("POST", wire.chat_path());
  generate_head_ = head("POST", wire.generate_path());
  embed_head_ = head("POST", wire.embed_path());
  models_head_ = head("GET", wire.models_path());
}

void Client::State::check(const Parameters& parameters, const std::string& setter_prefix) const
{
  parameters.validate(setter_prefix, endpoint.preset->max_temperature);
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

PreparedChat::State Client::State::prepared(
    std::string model, Messages before, const RequestOptions& options) const
{
  check(options.parameters());
  PreparedChat::State chat{weak_from_this(), std::move(model), std::move(before), options, {}, {}};
  const ChatRequest request{chat.model, chat.before, options.parameters()};
  using provider::Delivery;
  const auto make = [&](Delivery delivery) {
    return provider::RequestTemplate::make(wire, request, *endpoint.preset, delivery);
  };
  chat.whole = make(Delivery::whole);
  chat.streamed = make(Delivery::streamed);
  return chat;
}

AnyRequest Client::State::question(
    const PreparedChat& chat,
    std::string text,
    const RequestOptions& given,
    SharedOptions& options) const
{
  const auto& state = chat.state();
  if (state->client.lock().get() != this)
    throw Error(
        ErrorKind::invalid_argument,
        "the chat was prepared by another client, whose server and options may be others");
  if (given.empty()) {
    options = SharedOptions(state, &state->defaults);
  } else {
    auto all = state->defaults;
    options = share(std::move(all.override_with(given)));
  }
  const bool is_as_prepared = given.parameters() == Parameters();
  if (is_as_prepared && state->whole && state->streamed)
    return PreparedRequest{std::move(text), state};
  auto messages = state->before;
  messages.user(std::move(text));
  return std::make_unique<const ChatRequest>(
      ChatRequest{state->model, std::move(messages), options->parameters()});
}

void Client::State::write_message(
    const AnyRequest& any,
    const RequestOptions& options,
    provider::Delivery delivery,
    std::string& message) const
{
  const auto write = [&](const auto& request, const http::RequestHead& head) {
    check(request.parameters);
    check_message(request, options);
    const auto body_at = head.begin(message, options.headers());
    wire.encode(request, *endpoint.preset, delivery, message);
    http::RequestHead::finish(message, body_at);
  };
  if (const auto* const chat = std::get_if<OwnedChat>(&any))
    return write(**chat, chat_head_);
  if (const auto* const prompt = std::get_if<OwnedPrompt>(&any))
    return write(**prompt, generate_head_);

  const auto& [question, chat] = std::get<PreparedRequest>(any);
  if (delivery == provider::Delivery::streamed_without_options) {  // rare: written anew
    auto messages = chat->before;
    messages.user(question);
    return write(ChatRequest{chat->model, messages, options.parameters()}, chat_head_);
  }
  check_text(question.empty(), "the message", options);
  const bool replaces = options.parameters().replace_invalid_utf8.value_or(false);
  const auto& body = delivery == provider::Delivery::whole ? chat->whole : chat->streamed;
  const auto body_at = chat_head_.begin(message, options.headers());
  body->write(question, replaces, message);
  http::RequestHead::finish(message, body_at);
}

void Client::State::write_message(
    const EmbedRequest& request, const RequestOptions& options, std::string& message) const
{
  check(request.parameters);
  for (const auto& text : request.texts)
    check_text(text.empty(), "a text to embed", options);
  const auto body_at = embed_head_.begin(message, options.headers());
  wire.encode(request, message);
  http::RequestHead::finish(message, body_at);
}

void Client::State::write_message_for_models(
    const RequestOptions& options, std::string_view query, std::string& message) const
{
  models_head_.begin(message, options.headers());
  if (query.empty())
    return;
  const auto end = message.find(' ', message.find(' ') + 1);  // of the target
  const bool has_query = message.find('?') < end;
  message.insert(end, (has_query ? '&' : '?') + std::string(query));
}

std::string_view Client::State::path_of(const AnyRequest& request) const
{
  const bool is_bare = std::holds_alternative<OwnedPrompt>(request);
  return is_bare ? wire.generate_path() : wire.chat_path();
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

// Of the texts that the model is to read: no more than what it has to count as tokens.
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

void Client::State::judge_prompt(
    const AnyRequest& request, const RequestOptions& options, Reply& reply) const
{
  // Prose has four or five bytes a token, other texts and languages fewer. What Ollama cuts has
  // lost as much as was left, or more: its runner drops the text by halves of the context.
  constexpr std::size_t most_bytes_a_token = 7, shortest = 2048;
  const auto& parameters = options.parameters();
  const auto tokens = reply.usage.input_tokens;
  if (!endpoint.preset->cuts_prompts || tokens <= 0 || !parameters.truncate.value_or(true))
    return;
  const auto bytes = text_bytes(request);
  const bool is_full = parameters.context_length && tokens >= *parameters.context_length;
  const bool has_lost =
      bytes > shortest && bytes / most_bytes_a_token > static_cast<std::size_t>(tokens);
  reply.prompt_may_be_cut = is_full || has_lost;
}

std::shared_ptr<const http::Transport> Client::State::transport_to(const http::Url& url) const
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
  how.max_in_flight = transport.max_in_flight();
  how.places_of = transport.places_key();
  if (known.size() == most_remembered)  // calls under way hold theirs
    known.clear();
  return known[url.origin()] = std::make_shared<const http::Transport>(url, how);
}

void Client::State::mask(Error& error, const RequestOptions& options) const
{
  secrets_.mask(error);
  mask_headers(error, options.headers());
}

void Client::State::explain(
    Error& error,
    std::string_view path,
    const std::string& model,
    const RequestOptions& options) const
{
  const auto& preset = *endpoint.preset;
  mask(error, options);
  if (error.attempts() > 1)
    error.with_hint("tried " + std::to_string(error.attempts()) + " times");
  if (error.http_status() != 0)
    error.with_hint(
        "URL: " + base_url + std::string(path) +
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
  if (body.empty())  // at once, but not for whatever length a server makes up
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

}  // namespace asyncllm
