// Reads errors in all the shapes that servers send.
#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/errors/seconds.hpp>

#include <nlohmann/json.hpp>

#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace asyncllm::inline v0_1::provider {
namespace {

using Json = nlohmann::json;

constexpr std::size_t longest_excerpt = 200;
// A longer body is not an error message, and reading it as JSON would take forty times its size.
constexpr std::size_t longest_body = 1024 * 1024;

// A member as text: codes are strings, numbers or null.
std::string text_of(const Json& object, const char* name)
{
  const auto found = object.find(name);
  if (found == object.end() || found->is_null() || found->is_structured())
    return {};  // writing deeply nested JSON would need a deep stack
  return found->is_string() ? found->get<std::string>()
                            : found->dump(-1, ' ', false, Json::error_handler_t::replace);
}

constexpr int deepest_words = 4;

// The words of a message in any of its forms: a text, FastAPI's [{"loc": ["body", "n"], "msg":
// "..."}], a message in a message (Mistral's {"detail": [...]}).
std::string words_in(const Json& value, int depth = 0)
{
  std::string words;
  if (value.is_string())
    return value.get<std::string>();
  if (depth == deepest_words)
    return words;
  if (value.is_array())
    for (const auto& item : value)
      if (const auto more = words_in(item, depth + 1); !more.empty())
        words += (words.empty() ? "" : "; ") + more;
  if (!value.is_object())
    return words;
  if (const auto place = value.find("loc"); place != value.end() && place->is_array())
    for (const auto& step : *place)
      if (!step.is_structured())
        words += (step.is_string() ? step.get<std::string>() : step.dump()) + ": ";
  for (const char* const name :
       {"message",
        "detail",
        "msg",
        "error",
        "Message",
        "error_msg",
        "error_message",
        "status_msg",
        "title"})
    if (const auto member = value.find(name); member != value.end())
      if (const auto text = words_in(*member, depth + 1); !text.empty())
        return words + text;
  return words;
}

// The status in a member, such as 429 or "429"; else 0.
int status_in(const Json& object, const char* name)
{
  const auto found = object.find(name);
  if (found == object.end())
    return 0;
  if (found->is_number_integer())
    return found->get<int>();
  const auto text = text_of(object, name);
  int status = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  return error == std::errc() && end == text.data() + text.size() ? status : 0;
}

void read_members(const Json& object, ServerError& error)
{
  const auto take = [&](std::string& into, const char* name) {
    if (into.empty())
      into = text_of(object, name);
  };
  take(error.message, "message");
  take(error.code, "code");
  take(error.code, "error_code");
  take(error.type, "type");
  take(error.type, "error_type");  // Hugging Face's servers
  take(error.param, "param");
  for (const char* const name : {"code", "status", "StatusCode", "status_code"})
    if (error.status < 400)
      error.status = status_in(object, name);
}

// MiniMax has numbers of its own (platform.minimax.io, "Error Codes").
void read_base_resp(const Json& base_resp, ServerError& error)
{
  constexpr std::pair<std::string_view, int> statuses[] = {
      {"1001", 504},  // timeout
      {"1002", 429},  // rate limit
      {"1004", 401},  // not authorized
      {"1008", 402},  // insufficient balance
      {"1026", 400},  // sensitive input
      {"1027", 400},  // sensitive output
      {"1039", 400},  // token limit
      {"1041", 429},  // connection limit
      {"2013", 400},  // invalid parameters
      {"2049", 401},  // invalid API key
      {"2056", 402},  // usage limit of the plan
  };
  error.code = text_of(base_resp, "status_code");
  error.message = text_of(base_resp, "status_msg");
  error.status = 500;
  for (const auto& [code, status] : statuses)
    if (error.code == code)
      error.status = status;
}

// Google: {"details": [{"@type": "...RetryInfo", "retryDelay": "55s"}]}.
std::optional<std::chrono::milliseconds> retry_delay(const Json& error)
{
  const auto details = error.find("details");
  if (details == error.end() || !details->is_array())
    return std::nullopt;
  for (const auto& item : *details) {
    const auto text = item.is_object() ? text_of(item, "retryDelay") : std::string();
    if (text.ends_with('s'))
      if (const auto time = seconds(std::string_view(text).substr(0, text.size() - 1)))
        return time;
  }
  return std::nullopt;
}

// How long to wait, as a member of the body, of its error or of the error's metadata says.
std::optional<std::chrono::milliseconds> wait_in(const Json& object, int depth = 0)
{
  if (const auto time = retry_delay(object))
    return time;
  if (const auto time = seconds(text_of(object, "retry_after_ms")))
    return *time / 1000;
  for (const char* const name :
       {"retry_after",
        "retry_after_seconds",
        "retryAfter",
        "estimated_time"})  // the last: Hugging Face
    if (const auto time = seconds(text_of(object, name)))
      return time;
  if (depth == deepest_words)
    return std::nullopt;
  for (const char* const name : {"error", "metadata"})
    if (const auto inner = object.find(name); inner != object.end() && inner->is_object())
      if (const auto time = wait_in(*inner, depth + 1))
        return time;
  return std::nullopt;
}

// An error that stands within a choice (OpenRouter).
const Json* error_in_choice(const Json& body)
{
  const auto choices = body.find("choices");
  if (choices != body.end() && choices->is_array())
    for (const auto& choice : *choices)
      if (choice.is_object() && choice.contains("error") && choice["error"].is_structured())
        return &choice["error"];
  return nullptr;
}

ServerError read_json_error(const Json& body, int depth = 0);

// The JSON object that begins at the first brace of a text.
std::string_view object_in(std::string_view text)
{
  const auto begin = text.find('{');
  if (begin == text.npos)
    return {};
  text.remove_prefix(begin);
  std::size_t depth = 0;
  bool is_quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (is_quoted && c == '\\')
      ++at;
    else if (c == '"')
      is_quoted = !is_quoted;
    else if (!is_quoted && c == '{')
      ++depth;
    else if (!is_quoted && c == '}' && --depth == 0)
      return text.substr(0, at + 1);
  }
  return {};
}

// The error that a text holds as JSON, alone or between a few words, as gateways and Ollama pass on
// what their own server said.
std::optional<ServerError> error_in(std::string_view object, int depth)
{
  if (object.empty() || depth == deepest_words)
    return std::nullopt;
  const auto json = Json::parse(object, nullptr, false);
  if (!json.is_object())
    return std::nullopt;
  auto inner = read_json_error(json, depth + 1);
  return inner.message.empty() ? std::nullopt : std::optional(std::move(inner));
}

// Adds what `inner` knows and `error` does not.
void add_missing(ServerError& error, ServerError&& inner)
{
  if (error.type.empty())
    error.type = std::move(inner.type);
  if (error.code.empty())
    error.code = std::move(inner.code);
  if (error.status < 400)
    error.status = inner.status;
  if (!error.retry_after)
    error.retry_after = inner.retry_after;
}

void add_error_in_message(ServerError& error, int depth)
{
  const auto object = object_in(error.message);
  auto inner = error_in(object, depth);
  if (!inner)
    return;
  const auto begin = static_cast<std::size_t>(object.data() - error.message.data());
  std::string_view before(error.message.data(), begin);
  auto behind = std::string_view(error.message).substr(begin + object.size());
  for (const auto& [open, close] : {std::pair('[', ']'), std::pair('\'', '\'')})
    if (before.ends_with(open) && behind.starts_with(close)) {  // Google's array of one; Python
      before.remove_suffix(1);
      behind.remove_prefix(1);
    }
  error.message = std::string(before) + inner->message + std::string(behind);
  add_missing(error, std::move(*inner));
}

// OpenRouter: {"message": "Provider returned error", "metadata": {"raw": "..."}}.
void add_raw(const Json& error, ServerError& into, int depth)
{
  const auto metadata = error.find("metadata");
  if (metadata == error.end() || !metadata->is_object())
    return;
  const auto found = metadata->find("raw");
  if (found == metadata->end() || depth == deepest_words)
    return;
  auto raw = text_of(*metadata, "raw");
  auto inner = found->is_object() ? std::optional(read_json_error(*found, depth + 1))
                                  : error_in(object_in(raw), depth);
  if (inner && !inner->message.empty()) {
    raw = inner->message;
    add_missing(into, std::move(*inner));
  }
  if (into.message.find(raw) == into.message.npos)
    into.behind = excerpt(raw);
}

ServerError read_json_error(const Json& body, int depth)
{
  ServerError error;
  // Google sends its error in an array of one.
  if (body.is_array() && !body.empty() && body.front().is_object())
    return read_json_error(body.front(), depth);
  if (!body.is_object()) {
    error.message = words_in(body);
    return error;
  }
  if (const auto resp = body.find("base_resp");
      resp != body.end() && resp->is_object() && status_in(*resp, "status_code") != 0) {
    read_base_resp(*resp, error);
    return error;
  }
  const auto found = body.find("error");
  const Json* inner = found == body.end() ? error_in_choice(body) : &*found;
  if (inner && inner->is_null())
    inner = error_in_choice(body);
  if (inner && inner->is_object()) {
    read_members(*inner, error);
    add_raw(*inner, error, depth);
  }
  if (inner && error.message.empty())
    error.message = words_in(*inner);
  const bool is_message_inside = !error.message.empty() && inner && inner->is_object();
  if (!is_message_inside)  // beside an error that is a text there may be its code (xAI)
    read_members(body, error);
  if (error.status < 400)
    error.status = status_in(body, "StatusCode");  // Ollama's cloud: Go names
  if (const auto all = body.find("errors");
      error.message.empty() && all != body.end() && all->is_array() && !all->empty()) {
    if (all->front().is_object())
      read_members(all->front(), error);  // Cloudflare
    else
      error.message = words_in(all->front());
  }
  if (error.message.empty())
    error.message = words_in(body);
  error.request_id = text_of(body, "request_id");
  if (const auto time = wait_in(body))
    error.retry_after = time;
  add_error_in_message(error, depth);
  return error;
}

}  // namespace

std::string excerpt(std::string_view page)
{
  std::string text;
  bool in_tag = false, space = false;
  for (const char c : page) {
    if (c == '<') {
      in_tag = space = true;
    } else if (c == '>' && in_tag) {
      in_tag = false;
    } else if (!in_tag && static_cast<unsigned char>(c) <= ' ') {
      space = true;
    } else if (!in_tag) {
      if (space && !text.empty())
        text += ' ';
      space = false;
      text += c;
      if (text.size() >= longest_excerpt)
        return text + "...";
    }
  }
  return text;
}

ServerError read_server_error(std::string_view body)
{
  const bool is_long = body.size() > longest_body;
  const auto json = Json::parse(is_long ? std::string_view() : body, nullptr, false);
  if (!json.is_discarded()) {
    auto error = read_json_error(json);
    error.has_words = !error.message.empty();
    if (error.has_words || !error.code.empty())
      return error;
  }
  ServerError error;
  error.message = excerpt(body);
  return error;
}

}  // namespace asyncllm::provider
