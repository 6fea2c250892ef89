#include "field/replay.hpp"

#include <asyncllm/client/client.hpp>
#include <asyncllm/client/reply_stream.hpp>
#include <asyncllm/core/error.hpp>

#include "environment.hpp"
#include "shared_data.hpp"
#include "socket_server.hpp"

#include <asio/co_spawn.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace field {
namespace {

using namespace asyncllm;
using std::chrono::milliseconds;
using support::Peer;
using support::SocketServer;

std::string latin1(const std::string& utf8)
{
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    bytes += byte < 0x80 ? utf8[i] : static_cast<char>((byte & 3) << 6 | (utf8[++i] & 0x3F));
  }
  return bytes;
}

std::string replaced(std::string text, const std::string& what, const std::string& with)
{
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

asio::awaitable<void> pause(milliseconds time)
{
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

// Answers each request by the next of the responses, the last one again and again.
asio::awaitable<void> serve(std::shared_ptr<Peer> peer, const Json& responses, Json& requests)
{
  while (!responses.empty()) {
    if (!co_await peer->read_request())
      co_return;
    requests.push_back(Json::binary_t());  // dumps of requests need not be UTF-8
    const auto text = peer->last_request();
    requests.back().get_binary().assign(text.begin(), text.end());
    bool is_kept = false;
    for (const auto& step : responses[std::min(requests.size(), responses.size()) - 1]) {
      if (step.contains("bytes")) {
        auto written = peer->write(latin1(step["bytes"]));
        co_await std::move(written);
      } else if (step.contains("b64")) {
        auto written = peer->write(support::from_base64(step["b64"].get<std::string>()));
        co_await std::move(written);
      } else if (step.contains("sleep_ms")) {
        co_await pause(milliseconds(step["sleep_ms"].get<int>()));
      } else if (step.contains("reset")) {
        peer->reset();
        co_return;
      } else if (step.contains("keep")) {
        is_kept = true;
      }
    }
    if (is_kept)
      continue;
    peer->shut_down();
    while (co_await peer->read_request())
      continue;
    co_return;
  }
}

Json show(const Reply& reply)
{
  Json json;
  json["text"] = reply.text;
  json["reasoning"] = reply.reasoning;
  json["refusal"] = reply.refusal;
  json["reasoning_extra"] = reply.reasoning_extra;
  json["tool_calls"] = Json::array();
  for (const auto& call : reply.tool_calls)
    json["tool_calls"].push_back(
        {{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
  json["finish"] = std::string(to_string(reply.finish_reason)) + '/' + reply.finish_reason_text;
  const auto& usage = reply.usage;
  json["usage"] = nullptr;
  if (usage.reported)
    json["usage"] = {
        usage.input_tokens, usage.output_tokens, usage.cached_input_tokens, usage.reasoning_tokens};
  json["model"] = reply.model;
  json["id"] = reply.id;
  json["request_id"] = reply.request_id;
  json["attempts"] = reply.attempts;
  return json;
}

Json show(const Error& error)
{
  Json json;
  json["error"] = std::string(to_string(error.kind()));
  json["what"] = error.what();
  json["http_status"] = error.http_status();
  json["server_message"] = error.server_message();
  json["server_code"] = error.server_code();
  json["server_type"] = error.server_type();
  json["request_id"] = error.request_id();
  json["partial_text"] = error.partial_text();
  json["retryable"] = error.retryable();
  json["attempts"] = error.attempts();
  if (error.retry_after())
    json["retry_after_ms"] = error.retry_after()->count();
  return json;
}

std::string show(const Delta& delta)
{
  const std::string text(delta.text);
  switch (delta.kind) {
    case Delta::Kind::text: return "t:" + text;
    case Delta::Kind::reasoning: return "r:" + text;
    case Delta::Kind::refusal: return "x:" + text;
    case Delta::Kind::tool_call:
      return "c" + std::to_string(delta.tool_index) + ':' + std::string(delta.tool_name) + '/' +
             std::string(delta.tool_id) + ':' + text;
    case Delta::Kind::usage: return "usage";
    case Delta::Kind::finish: return "finish";
  }
  return {};
}

ClientOptions client_options(const Json& field_case, const Json& how, const std::string& root)
{
  ClientOptions options(how.value("provider", field_case.value("provider", "openai")));
  const auto port = root.substr(root.rfind(':') + 1);
  if (how.contains("base_url"))
    options.base_url(replaced(replaced(how["base_url"], "{root}", root), "{port}", port));
  else if (!field_case.value("no_base_url", false))
    options.base_url(root + field_case.value("path", ""));
  if (how.contains("api_key"))
    options.api_key(how["api_key"]);
  if (how.contains("proxy"))
    options.proxy(replaced(how["proxy"], "{root}", root));
  if (how.value("redirects", false))
    options.redirects(Redirects().follow());
  options.key_over_plain_http(how.value("plain_key", false));
  return options;
}

RequestOptions request_options(const Json& how)
{
  RequestOptions options;
  if (how.contains("extra"))
    options.extra(how["extra"]);
  if (how.contains("max_tokens"))
    options.max_tokens(how["max_tokens"].get<int>());
  if (how.contains("retries"))
    options.retries(RetryPolicy()
                        .max_retries(how["retries"].get<int>())
                        .backoff(milliseconds(20), milliseconds(50)));
  if (how.value("wire_streaming", false))
    options.wire_streaming(true);
  if (how.contains("headers"))
    for (const auto& [name, value] : how["headers"].items())
      options.header(name, value.get<std::string>());
  Timeouts timeouts;
  if (how.contains("idle_ms"))
    timeouts.idle(milliseconds(how["idle_ms"].get<int>()));
  if (how.contains("first_token_ms"))
    timeouts.first_token(milliseconds(how["first_token_ms"].get<int>()));
  if (how.contains("connect_ms"))
    timeouts.connect(milliseconds(how["connect_ms"].get<int>()));
  timeouts.total(milliseconds(how.value("total_ms", 8000)));
  return options.timeouts(timeouts);
}

// The call that the case is about; `seen` keeps what was there before an error.
asio::awaitable<void> call(const Client& client, const Json& field_case, Json& seen)
{
  const auto how = field_case.value("options", Json::object());
  const auto options = request_options(how);
  const auto kind = field_case.value("kind", "chat");
  const auto model = how.value("model", "m");
  Messages messages;
  messages.user(how.value("prompt", "Hi"));
  if (kind == "models") {
    auto names = client.models(options);
    seen["models"] = co_await std::move(names);
  } else if (kind == "embed") {
    std::vector<std::string> texts(1, "a");
    auto embedding = client.embed(model, std::move(texts), options);
    const auto got = co_await std::move(embedding);
    seen["dim"] = got.vectors.empty() ? 0 : got.vectors[0].size();
  } else if (kind == "stream") {
    auto stream = client.stream(model, messages, options);
    seen["deltas"] = Json::array();
    for (;;) {
      const auto delta = co_await stream.next();
      if (!delta)
        break;
      seen["deltas"].push_back(show(*delta));
    }
    seen["reply"] = show(stream.reply());
    if (how.value("echo", false)) {  // the reply goes back as history
      messages.add(Message::assistant(stream.reply()));
      messages.user("And then?");
      auto again = client.chat(model, messages, options);
      co_await std::move(again);
    }
  } else {
    for (int i = 0; i <= how.value("more", 0); ++i) {  // on the same pool of connections
      auto sending = client.chat(model, messages, options);
      const auto reply = co_await std::move(sending);
      if (i == 0)
        seen["reply"] = show(reply);
    }
  }
}

asio::awaitable<void> replay_on(asio::io_context& loop, const Json& field_case, Json& seen)
{
  const auto responses = field_case.value("responses", Json::array());
  auto& requests = seen["raw_requests"] = Json::array();
  SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) {
    return serve(std::move(peer), responses, requests);
  });
  support::Environment environment;
  for (const char* const name :
       {"OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OLLAMA_HOST",
        "OLLAMA_API_KEY",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "REQUEST_METHOD",
        "AZURE_OPENAI_ENDPOINT"})
    environment.set(name, std::nullopt);
  const auto root = server.url();
  const auto port = root.substr(root.rfind(':') + 1);
  const auto variables = field_case.value("env", Json::object());
  for (const auto& [name, value] : variables.items())
    environment.set(name, replaced(replaced(value, "{root}", root), "{port}", port));
  try {
    const Client client(
        client_options(field_case, field_case.value("options", Json::object()), root));
    auto done = call(client, field_case, seen);
    co_await std::move(done);
  } catch (const Error& error) {
    seen["error"] = show(error);
  } catch (const std::exception& error) {
    seen["exception"] = error.what();
  }
}

bool contains_ignoring_case(const std::string& text, const std::string& words)
{
  return detail::to_lower(text).find(detail::to_lower(words)) != std::string::npos;
}

bool has_request_with(const Json& seen, const std::string& words)
{
  for (const auto& request : seen["raw_requests"]) {
    const auto& bytes = request.get_binary();
    if (std::string(bytes.begin(), bytes.end()).find(words) != std::string::npos)
      return true;
  }
  return false;
}

// [[name, arguments]], the arguments as JSON where they are.
Json calls_of(const Json& reply)
{
  auto calls = Json::array();
  for (const auto& one : reply.value("tool_calls", Json::array())) {
    const auto arguments = one["arguments"].get<std::string>();
    auto json = Json::parse(arguments, nullptr, false);
    calls.push_back({one["name"], json.is_discarded() ? Json(arguments) : json});
  }
  return calls;
}

// What was seen under the name of something expected.
Json seen_as(const std::string& name, const Json& seen)
{
  const auto reply = seen.value("reply", Json::object());
  const auto error = seen.value("error", Json::object());
  if (name == "tool_calls")
    return calls_of(reply);
  if (name == "requests")
    return seen["raw_requests"].size();
  if (name == "models" || name == "dim")
    return seen.value(name, Json());
  if (name == "reasoning_extra_blocks")
    return Json::parse(reply.value("reasoning_extra", ""), nullptr, false).size();
  return error.empty() ? reply.value(name, Json()) : error.value(name, Json());
}

}  // namespace

Json replay(const Json& field_case)
{
  Json seen;
  asio::io_context loop;
  std::exception_ptr failure;
  bool is_done = false;
  asio::co_spawn(loop, replay_on(loop, field_case, seen), [&](std::exception_ptr error) {
    failure = error;
    is_done = true;
    loop.stop();  // a server may still be asleep
  });
  loop.run_for(std::chrono::seconds(20));
  if (failure)
    std::rethrow_exception(failure);
  if (!is_done)
    seen["hang"] = true;
  return seen;
}

std::vector<std::string> differences(const Json& expected, const Json& seen)
{
  std::vector<std::string> found;
  const auto error = seen.value("error", Json::object());
  const auto what = error.value("what", "");
  for (const auto& [name, value] : expected.items()) {
    const auto words = value.is_array() ? value : Json::array({value});
    if (name == "what_has") {
      for (const auto& word : words)
        if (!contains_ignoring_case(what, word))
          found.push_back("what lacks " + word.dump() + ": " + what);
    } else if (name == "what_lacks") {
      for (const auto& word : words)
        if (contains_ignoring_case(what, word))
          found.push_back("what has " + word.dump() + ": " + what);
    } else if (name == "request_has" || name == "request_lacks") {
      if (has_request_with(seen, value) != (name == "request_has"))
        found.push_back("not so: " + name + ' ' + value.dump());
    } else if (name != "max_ms" && name != "no_error") {
      if (const auto got = seen_as(name, seen); got != value)
        found.push_back(name + ": " + got.dump());
    }
  }
  if (!error.empty() && !expected.contains("error"))
    found.push_back("error: " + what);
  for (const char* const bad : {"exception", "hang"})
    if (seen.contains(bad))
      found.push_back(bad + (": " + seen[bad].dump()));
  return found;
}

}  // namespace field
