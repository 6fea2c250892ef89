#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/provider/errors/error_words.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace asyncllm::inline v0_1::provider {

ErrorKind kind_of(int status, const ServerError& error)
{
  const auto words = words_of(error);
  const auto is_one_of = [&](std::initializer_list<int> statuses) {
    return std::ranges::find(statuses, status) != statuses.end();
  };
  if (is_one_of({400, 404, 413, 422, 500}) && is_context_overflow(error, words))
    return ErrorKind::context_length_exceeded;
  if (is_one_of({400, 403}) && is_filtered(words))
    return ErrorKind::content_filtered;
  if (is_one_of({400, 401, 403, 404, 412, 429, 500}) && is_out_of_quota(error, words))
    return ErrorKind::quota_exceeded;
  if (is_one_of({400, 403, 404, 405, 422, 500}) && is_incapable(words))
    return ErrorKind::unsupported;
  if (is_one_of({400, 404, 410, 422}) && is_missing_model(error, words))
    return ErrorKind::model_not_found;
  switch (status) {
    case 401: return ErrorKind::authentication;
    case 402: return ErrorKind::quota_exceeded;
    case 403: return ErrorKind::permission_denied;
    case 404:
    case 405: return ErrorKind::not_found;  // a server answers, but not for this path
    case 408: return ErrorKind::timeout;
    case 409: return ErrorKind::server_error;
    case 413: return ErrorKind::request_too_large;
    case 422: return ErrorKind::unprocessable;
    case 429: return ErrorKind::rate_limited;
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

using Json = nlohmann::json;

// The status that fits an error inside a 200, by the error types of the wires.
int status_of(const ServerError& error)
{
  constexpr std::pair<std::string_view, int> words[] = {
      {"overloaded_error", 529},
      {"unavailable_error", 503},
      {"ServiceUnavailableError", 503},
      {"service_unavailable", 503},
      {"rate_limit_error", 429},
      {"rate_limit_exceeded", 429},
      {"rate_limited", 429},
      {"RateLimitError", 429},
      {"RateLimitReached", 429},
      {"resource_exhausted", 429},
      {"insufficient_quota", 429},
      {"invalid_request_error", 400},
      {"exceed_context_size_error", 400},
      {"context_length_exceeded", 400},
      {"content_filter", 400},
      {"BadRequestError", 400},
      {"authentication_error", 401},
      {"AuthenticationError", 401},
      {"invalid_api_key", 401},
      {"billing_error", 402},
      {"permission_error", 403},
      {"not_found_error", 404},
      {"NotFoundError", 404},
      {"model_not_found", 404},
      {"request_too_large", 413},
      {"not_supported_error", 501},
      {"timeout_error", 504},
  };
  for (const auto& [word, status] : words)
    if (detail::equal_ignoring_case(error.type, word) ||
        detail::equal_ignoring_case(error.code, word))
      return status;
  return status_in_words(error, words_of(error));
}

// Whether a status, also one within a 500, means that the request is at fault.
bool is_refusal(int status)
{
  return status >= 400 && status < 500 && status != 408 && status != 409 && status != 425 &&
         status != 429;
}

Error make_error(int status, const ServerError& said, std::string_view body)
{
  const auto kind = kind_of(status, said);
  std::string what = "the server said " + std::to_string(status);
  for (const auto* const words : {&said.message, &said.behind})
    if (!words->empty())
      what += ": " + *words;
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
  else if (kind == ErrorKind::rate_limited || kind == ErrorKind::overloaded)
    if (const auto wait = wait_in_words(words_of(said)))
      error.with_retry_after(*wait);
  if (kind == ErrorKind::server_error && (is_refusal(said.status) || is_in_vain(words_of(said))))
    error.with_retryable(false);
  if (is_refusal(status))
    if (const auto advice = advice_in(words_of(said)); !advice.empty())
      error.with_hint(advice);
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
  if (const auto word = head.headers.find("x-should-retry");
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

std::optional<Remark> remark_in(std::string_view text)
{
  constexpr std::size_t longest = 64 * 1024;
  if (text.size() > longest)
    return std::nullopt;
  const auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded())
    return std::nullopt;
  const auto& object = json.is_array() && !json.empty() ? json.front() : json;
  if (!object.is_object())
    return std::nullopt;
  const auto has = [&](const char* name, const Json& value) {
    const auto found = object.find(name);
    return found != object.end() && *found == value;
  };
  const auto said = read_server_error(text);
  const bool is_marked = object.contains("error") || has("object", "error") || has("type", "error");
  const bool is_certain = is_marked || has("success", false) || said.status >= 400 ||
                          (object.contains("errors") && !object["errors"].empty());
  if (!said.has_words && !is_certain)
    return std::nullopt;
  if (is_marked)
    return Remark{hidden_error(text), true};
  auto unmarked = said;  // a number beside the words is the gateway's code, not a status
  unmarked.status = 0;
  return Remark{make_error(status_of(unmarked), unmarked, text), is_certain};
}

Error error_behind(const Error& unreadable, std::string_view text, bool is_error)
{
  if (unreadable.kind() != ErrorKind::bad_response)
    return unreadable;
  if (is_error)
    return hidden_error(text);
  if (const auto remark = remark_in(text))
    return remark->error;
  if (text.starts_with("\xEF\xBB\xBF"))
    text.remove_prefix(3);
  const auto words = detail::trim(text);
  if (words.empty())
    return Error(ErrorKind::bad_response, "the answer is empty");
  if (words.starts_with('<'))
    return Error(
               ErrorKind::bad_response,
               "the server sent a page of HTML instead of a reply: \"" + excerpt(words) + '"')
        .with_hint("check the base URL");
  if (words.starts_with('{') || words.starts_with('['))
    return Error(
        ErrorKind::bad_response, std::string(unreadable.message()) + ": " + excerpt(words));
  return Error(ErrorKind::bad_response, "the answer is not JSON: \"" + excerpt(words) + '"');
}

std::string request_id(const HeaderList& headers)
{
  for (const auto name :
       {"x-request-id", "request-id", "apim-request-id", "x-ms-request-id", "cf-ray"})
    if (const auto id = headers.find(name))
      return std::string(*id);
  return {};
}

}  // namespace asyncllm::provider
