#include "provider/errors.hpp"

#include <asyncllm/core/text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <utility>

namespace asyncllm::provider {
namespace {

using Json = nlohmann::json;

constexpr std::size_t longest_excerpt = 200;

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words)
{
  return std::ranges::any_of(words, [&](auto word) { return text.find(word) != text.npos; });
}

// A member as text: codes come as strings, numbers or null.
std::string text_of(const Json& object, const char* name)
{
  const auto found = object.find(name);
  if (found == object.end() || found->is_null() || found->is_structured())
    return {};  // writing what is deeply nested would need as deep a stack
  return found->is_string() ? found->get<std::string>()
                            : found->dump(-1, ' ', false, Json::error_handler_t::replace);
}

void read_members(const Json& object, ServerError& error)
{
  error.message = text_of(object, "message");
  error.code = text_of(object, "code");
  error.type = text_of(object, "type");
  error.param = text_of(object, "param");
  if (const auto code = object.find("code"); code != object.end() && code->is_number_integer())
    error.status = code->get<int>();
}

// Not negative.
std::optional<double> number(std::string_view text)
{
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0))
    return std::nullopt;
  return value;
}

// A year is as good as never.
std::chrono::milliseconds bounded(double milliseconds)
{
  return std::chrono::milliseconds(std::llround(std::min(milliseconds, 365 * 86'400'000.0)));
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
      if (const auto seconds = number(std::string_view(text).substr(0, text.size() - 1)))
        return bounded(*seconds * 1000);
  }
  return std::nullopt;
}

// FastAPI: {"detail": "text"} or {"detail": [{"loc": ["body", "n"], "msg": "..."}]}.
std::string text_of_detail(const Json& detail)
{
  if (detail.is_string())
    return detail.get<std::string>();
  std::string text;
  if (detail.is_array())
    for (const auto& item : detail) {
      if (!item.is_object())
        continue;
      text += text.empty() ? "" : "; ";
      if (const auto place = item.find("loc"); place != item.end() && place->is_array())
        for (const auto& step : *place)
          text += (step.is_string()       ? step.get<std::string>()
                   : step.is_structured() ? std::string()
                                          : step.dump()) +
                  ": ";
      text += text_of(item, "msg");
    }
  return text;
}

ServerError read_json_error(const Json& body)
{
  ServerError error;
  // Google sends its error in an array of one.
  if (body.is_array() && !body.empty() && body.front().is_object())
    return read_json_error(body.front());
  if (!body.is_object())
    return error;
  if (const auto inner = body.find("error"); inner != body.end() && inner->is_object()) {
    read_members(*inner, error);
    error.retry_after = retry_delay(*inner);
  } else if (inner != body.end() && inner->is_string())
    error.message = inner->get<std::string>();
  // Ollama's cloud: a Go struct that was given no names for JSON
  if (error.status == 0)
    if (const auto status = body.find("StatusCode");
        status != body.end() && status->is_number_integer())
      error.status = status->get<int>();
  if (error.message.empty()) {
    const auto known = error;
    read_members(body, error);
    error.code = known.code.empty() ? error.code : known.code;
    error.type = known.type.empty() ? error.type : known.type;
  }
  if (error.message.empty() && body.contains("detail"))
    error.message = text_of_detail(body["detail"]);
  if (const auto all = body.find("errors");
      error.message.empty() && all != body.end() && all->is_array() && !all->empty())
    error.message = all->front().is_string() ? all->front().get<std::string>()
                                             : text_of(all->front(), "message");
  error.request_id = text_of(body, "request_id");
  return error;
}

// The text of a page without its tags, white space folded.
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

bool is_context_overflow(const ServerError& error, std::string_view words)
{
  if (error.code == "string_above_max_length")
    return false;
  return error.code == "context_length_exceeded" || error.type == "exceed_context_size_error" ||
         contains_any(
             words,
             {"exceed context limit",
              "maximum context length",
              "model's maximum context limit",
              "longer than the model's context length",
              "input tokens exceed the configured limit",
              "`inputs` tokens + `max_new_tokens` must be",
              "exceeds the available context size",
              "exceeds the maximum number of tokens allowed",
              "prompt is too long",
              "longer than the context length",
              "exceeds the context length"});
}

bool is_missing_model(const ServerError& error, std::string_view words)
{
  if (error.type == "not_found_error" && words.starts_with("model:"))  // Anthropic
    return true;
  return error.code == "model_not_found" ||
         (words.find("model") != words.npos &&
          contains_any(words, {"not found", "not exist", "unknown model", "no such model"}));
}

}  // namespace

ServerError read_server_error(std::string_view body)
{
  const auto json = Json::parse(body, nullptr, false);
  if (!json.is_discarded()) {
    auto error = read_json_error(json);
    if (!error.message.empty() || !error.code.empty())
      return error;
  }
  ServerError error;
  error.message = excerpt(body);
  return error;
}

ErrorKind kind_of(int status, const ServerError& error)
{
  const auto words = to_lower(error.message + ' ' + error.code + ' ' + error.type);
  if (status == 400 || status == 404 || status == 413 || status == 422 || status == 500) {
    if (is_context_overflow(error, words))
      return ErrorKind::context_length_exceeded;
  }
  if (status == 400 || status == 403) {
    if (contains_any(
            words,
            {"content_filter",
             "content_policy_violation",
             "responsibleaipolicyviolation",
             "result of our safety system"}))
      return ErrorKind::content_filtered;
  }
  switch (status) {
    case 400:
      return is_missing_model(error, words) ? ErrorKind::model_not_found : ErrorKind::bad_request;
    case 401: return ErrorKind::authentication;
    case 402: return ErrorKind::quota_exceeded;
    case 403: return ErrorKind::permission_denied;
    case 404:
      return is_missing_model(error, words) ? ErrorKind::model_not_found : ErrorKind::not_found;
    case 408: return ErrorKind::timeout;
    case 409: return ErrorKind::server_error;
    case 413: return ErrorKind::request_too_large;
    case 422: return ErrorKind::unprocessable;
    case 429:
      return contains_any(
                 words, {"insufficient_quota", "billing_hard_limit_reached", "access_terminated"})
                 ? ErrorKind::quota_exceeded
                 : ErrorKind::rate_limited;
    case 498: return ErrorKind::overloaded;  // Groq: flex tier is full
    case 501: return ErrorKind::unsupported;
    case 502:
    case 503:
    case 504:
    case 529: return ErrorKind::overloaded;
    default: break;
  }
  if (status >= 520 && status <= 524)  // Cloudflare could not reach the server
    return ErrorKind::overloaded;
  if (status >= 500)
    return ErrorKind::server_error;
  return status >= 400 ? ErrorKind::bad_request : ErrorKind::bad_response;
}

namespace {

// The status that an error inside a 200 would have had, by the words of the wires for it.
int status_of(const ServerError& error)
{
  constexpr std::pair<std::string_view, int> words[] = {
      {"overloaded_error", 529},
      {"unavailable_error", 503},
      {"rate_limit_error", 429},
      {"rate_limit_exceeded", 429},
      {"rate_limited", 429},
      {"insufficient_quota", 429},
      {"invalid_request_error", 400},
      {"exceed_context_size_error", 400},
      {"context_length_exceeded", 400},
      {"BadRequestError", 400},
      {"authentication_error", 401},
      {"invalid_api_key", 401},
      {"billing_error", 402},
      {"permission_error", 403},
      {"not_found_error", 404},
      {"model_not_found", 404},
      {"request_too_large", 413},
      {"not_supported_error", 501},
      {"timeout_error", 504},
  };
  for (const auto& [word, status] : words)
    if (error.type == word || error.code == word)
      return status;
  return 500;
}

Error make_error(int status, const ServerError& said, std::string_view body)
{
  const auto kind = kind_of(status, said);
  std::string what = "the server said " + std::to_string(status);
  if (!said.message.empty())
    what += ": " + said.message;
  Error error(kind, what);
  error.with_http_status(status)
      .with_server_message(said.message)
      .with_server_code(said.code)
      .with_server_type(said.type)
      .with_server_param(said.param)
      .with_request_id(said.request_id)
      .with_body(body)
      .with_attempts(1);
  if (said.retry_after)
    error.with_retry_after(*said.retry_after);
  return error;
}

}  // namespace

Error error_from_answer(const ResponseHead& head, std::string_view body)
{
  auto said = read_server_error(body);
  if (said.message.empty())
    said.message = head.reason;
  if (auto id = request_id(head.headers); !id.empty())
    said.request_id = std::move(id);
  auto error = make_error(head.status, said, body);
  if (head.status >= 300 && head.status < 400)
    error.with_hint("give the final URL as the base URL");
  if (const auto word = find_header(head.headers, "x-should-retry");
      word && error.kind() != ErrorKind::quota_exceeded)  // openai-python and -node obey it too
    if (*word == "true" || *word == "false")
      error.with_retryable(*word == "true");
  if (const auto wait = retry_after(head.headers, std::chrono::system_clock::now()))
    error.with_retry_after(*wait);
  return error;
}

Error hidden_error(std::string_view body)
{
  const auto said = read_server_error(body);
  const bool has_status = said.status >= 400 && said.status < 600;
  return make_error(has_status ? said.status : status_of(said), said, body);
}

namespace {

std::optional<std::chrono::system_clock::time_point> http_date(std::string_view text)
{
  std::tm parts{};
  std::istringstream stream{std::string(text)};
  stream.imbue(std::locale::classic());
  stream >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S GMT");
  if (stream.fail())
    return std::nullopt;
  using namespace std::chrono;
  const year_month_day day{
      year(parts.tm_year + 1900),
      month(static_cast<unsigned>(parts.tm_mon + 1)),
      std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  return sys_days(day) + hours(parts.tm_hour) + minutes(parts.tm_min) + seconds(parts.tm_sec);
}

}  // namespace

std::optional<std::chrono::milliseconds> retry_after(
    const HeaderList& headers, std::chrono::system_clock::time_point now)
{
  using Milliseconds = std::chrono::milliseconds;
  if (const auto field = find_header(headers, "retry-after-ms"))
    if (const auto milliseconds = number(*field))
      return bounded(*milliseconds);
  const auto field = find_header(headers, "retry-after");
  if (!field)
    return std::nullopt;
  if (const auto seconds = number(*field))
    return bounded(*seconds * 1000);
  if (const auto date = http_date(*field))
    return std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(*date - now));
  return std::nullopt;
}

std::string request_id(const HeaderList& headers)
{
  for (const auto name :
       {"x-request-id", "request-id", "apim-request-id", "x-ms-request-id", "cf-ray"})
    if (const auto id = find_header(headers, name))
      return std::string(*id);
  return {};
}

}  // namespace asyncllm::provider
