// Errors whose status says too little: the words of many hosts, and those of the server behind a
// gateway.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/provider/errors/error_words.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/errors/seconds.hpp>

#include "test.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;

namespace {

Error answer_error(int status, const std::string& body)
{
  ResponseHead head;
  head.status = status;
  head.reason = "Reason";
  return provider::error_from_answer(head, body);
}

struct Case {
  int status;
  std::string_view message;
  ErrorKind kind;
};

void check(const std::vector<Case>& cases)
{
  for (const auto& [status, message, kind] : cases) {
    INFO(message);
    const auto error =
        answer_error(status, R"({"error":{"message":")" + std::string(message) + "\"}}");
    CHECK(to_string(error.kind()) == to_string(kind));
  }
}

}  // namespace

TEST_CASE("a prompt that is too long is recognised by many hosts' messages", "[provider]")
{
  constexpr auto kind = ErrorKind::context_length_exceeded;
  check({
      {400, "Your prompt exceeds the context window of the model.", kind},
      {400, "Input length 9 exceeds the maximum allowed input length of 8 tokens", kind},
      {400, "This model's maximum prompt length is 8 but the request contains 9 tokens", kind},
      {400, "prompt token count of 9 exceeds the limit of 8", kind},
      {400, "Request exceeded model token limit: 8 (requested: 9)", kind},
      {400, "Please reduce the length of the messages or completion", kind},
      {400, "Range of input length should be [1, 8]", kind},
      {400, "The prompt (length 9) is longer than the maximum model length of 8", kind},
      {400, "tokens to keep is greater than the context length", kind},
      {400, "invalid params, context window exceeds limit", kind},
      {413, "Request body too large for m. Max size: 8000 tokens.", kind},
      {422, "`inputs` tokens + `max_new_tokens` must be <= 8", kind},
      {500, "the prompt too long; exceeded max context length", kind},
      {400, "The input token count is 9 but the model only supports up to 8", kind},
      {400, "the number of input tokens 9 cannot exceed the total tokens limit 8", kind},
      {400, "You passed 9 tokens. However, the model's context length is only 8 tokens", kind},
      {400, "prompt (9) exceeds maximum input length (8)", kind},
      {400, "Prompt exceeds max length", kind},
      {400, "Trying to keep the first 9 tokens when context the overflows", kind},
      {422, "Input validation error: `inputs` must have less than 8 tokens. Given: 9", kind},
      {500, "input (9 tokens) is too large to process. increase the physical batch size", kind},
  });
}

TEST_CASE("other errors may speak of contexts, tokens and lengths", "[provider]")
{
  check({
      {400, "unknown field 'context'", ErrorKind::bad_request},
      {400, "the name of a tool exceeds the maximum length of 64", ErrorKind::bad_request},
      {400, "max_tokens must be at least 1", ErrorKind::bad_request},
      {413,
       "Request too large on tokens per minute: limit 6, requested 7",
       ErrorKind::request_too_large},
      {429, "Too many tokens, please wait before trying again.", ErrorKind::rate_limited},
      {500, "Too many tokens per day, please wait", ErrorKind::server_error},
      {400, "context must be an object", ErrorKind::bad_request},
      {400, "the window of the context is not given", ErrorKind::bad_request},
      {400, "max_tokens is too large: 9. This model supports at most 8", ErrorKind::bad_request},
      {422, "length: value is too long, at most 64 characters", ErrorKind::unprocessable},
  });
}

TEST_CASE("missing credit is not a rate limit, a bad request or a bad key", "[provider]")
{
  constexpr auto kind = ErrorKind::quota_exceeded;
  check({
      {400, "Your credit balance is too low to use this API", kind},
      {401, "Insufficient balance: top up first", kind},
      {403, "Key limit exceeded (monthly)", kind},
      {403, "Your team has used all available credits or reached its monthly spending limit", kind},
      {429, "Insufficient balance or no resource package. Please recharge.", kind},
      {429, "Your account is not active, please look at your billing", kind},
      {429, "You have exceeded your monthly included credits", kind},
      {402, "anything", kind},
      {403, "Sorry, your account balance is insufficient", kind},
      {403, "The team doesn't have any credits yet", kind},
      {403, "The free tier of the model has been exhausted", kind},
      {403, "This API method requires billing to be enabled", kind},
      {403, "NOT_ENOUGH_BALANCE", kind},
      {412, "The account is suspended, it reached its monthly spending limit", kind},
      {429, "You have used up your daily free allocation", kind},
      {429, "余额不足或无可用资源包,请充值。", kind},
  });
  CHECK(
      answer_error(401, R"({"error":{"message":"x","type":"insufficient_quota"}})").kind() == kind);
  CHECK(
      answer_error(429, R"({"error":{"message":"x","type":"exceeded_current_quota_error"}})")
          .kind() == kind);
  CHECK(
      answer_error(429, R"({"error":{"message":"x","code":"billing_not_active"}})").kind() == kind);
  CHECK(answer_error(429, R"({"error":{"message":"x","code":1113}})").kind() == kind);
}

TEST_CASE("a quota a minute is a rate limit", "[provider]")
{
  check({
      {429, "You exceeded your current quota of requests per minute", ErrorKind::rate_limited},
      {429, "Rate limit reached for requests", ErrorKind::rate_limited},
      {401, "Incorrect API key provided", ErrorKind::authentication},
      {403, "Your plan has no access to this", ErrorKind::permission_denied},
      {403, "credit card numbers must not be sent", ErrorKind::permission_denied},
      {400, "balance: unknown field", ErrorKind::bad_request},
  });
}

TEST_CASE("a missing model is recognised by the message", "[provider]")
{
  constexpr auto kind = ErrorKind::model_not_found;
  check({
      {400, "The model `x` has been decommissioned", kind},
      {400, "x is not a valid model ID", kind},
      {400, "Model Not Exist", kind},
      {400, "Invalid model name passed in model=x", kind},
      {404, "No endpoints found for a/b.", kind},
      {404, "model 'x' not found, try pulling it first", kind},
      {400, "The model `x` has been retired, use `y`", kind},
      {400, "The provided model identifier is invalid.", kind},
      {400, "The requested model is not supported.", kind},
      {400, "Invalid model: x", kind},
      {404, "Unable to access model x. Please look at the list of models", kind},
      {404, "No models loaded. Load one first.", kind},
      {410, "The model 'x' has reached its end of life and is no longer available.", kind},
      {400, "parameter `n` is not supported by this model", ErrorKind::bad_request},
      {400, "parameter `n` is deprecated, this model ignores it", ErrorKind::bad_request},
      {400, "parameter `n` is no longer supported by this model", ErrorKind::bad_request},
      {410, "Gone", ErrorKind::bad_request},
      {404, "page not found", ErrorKind::not_found},
      {405, "Method Not Allowed", ErrorKind::not_found},
  });
}

TEST_CASE("what a model cannot do is unsupported", "[provider]")
{
  constexpr auto kind = ErrorKind::unsupported;
  check({
      {400, "\\\"x\\\" does not support tools", kind},
      {400, "\\\"x\\\" does not support thinking", kind},
      {404, "No endpoints found that support image input", kind},
      {404, "This is not a chat model", kind},
      {500, "image input is not supported - hint: a projector is missing", kind},
      {501, "This server does not support embeddings", kind},
      {400, "`tool calling` is not supported with this model", kind},
      {400, "x does not support Structured Outputs", kind},
      {400, "'response_format' of type 'json_schema' is not supported with this model", kind},
      {400, "auto tool choice requires --enable-auto-tool-choice to be set", kind},
      {400, "Invalid content type. image_url is only supported by certain models.", kind},
      {400, "At most 0 image(s) may be provided in one prompt.", kind},
      {400, "Developer instruction is not enabled for models/x", kind},
      {400, "This model does not support assistant message prefill", kind},
      {403, "You are not allowed to generate embeddings from this model", kind},
      {500, "tools param requires --jinja flag", kind},
      {400, "'temperature' does not support 0.2 with this model", ErrorKind::bad_request},
      {400, "unknown field `tools`", ErrorKind::bad_request},
  });
}

TEST_CASE("a failure that the next try meets again is not tried again", "[provider]")
{
  for (const auto* const message :
       {"model requires more system memory (8 GiB) than is available (5 GiB)",
        "option 'num_ctx' must be of type integer",
        "invalid format: expected a schema",
        "llama runner process has terminated: exit status 2",
        "timed out waiting for llama runner to start",
        "llama runner process no longer running: -1",
        "cudaMalloc failed: out of memory",
        "failed to encode response: json: unsupported value: NaN",
        "failed to apply template: unknown filter",
        R"({\"error\":{\"code\":400,\"message\":\"no such thing\"}})",
        "template: :1:2: executing"}) {
    INFO(message);
    const auto error = answer_error(500, std::string(R"({"error":")") + message + "\"}");
    CHECK(error.kind() == ErrorKind::server_error);
    CHECK_FALSE(error.retryable());
  }
  for (const auto* const body :
       {R"({"error":"something went wrong"})",
        R"({"error":"the template was read"})",
        R"({"error":{"code":429,"message":"slow down"}})",
        R"({"error":"{\"error\":{\"code\":503,\"message\":\"loading\"}}"})"}) {
    INFO(body);
    CHECK(answer_error(500, body).retryable());
  }
}

TEST_CASE("the time to wait may be only in the message", "[provider]")
{
  using provider::wait_in_words;
  CHECK(wait_in_words("limit reached. please try again in 6.5s.") == 6500ms);
  CHECK(wait_in_words("try again in 1m2.5s. visit us") == 62'500ms);
  CHECK(wait_in_words("please retry in 250ms") == 250ms);
  CHECK(wait_in_words("retry after 20 seconds") == 20s);
  CHECK(wait_in_words("try again after 2 minutes.") == 2min);
  CHECK(wait_in_words("try again in 1h1m1s") == 3661s);
  CHECK(wait_in_words("try again in 99999999999999999999h") == provider::longest_wait);
  CHECK(wait_in_words("please wait and then wait another 5 seconds") == 5s);
  CHECK(wait_in_words("wait for 3 seconds") == 3s);
  CHECK(wait_in_words("try again in about 1 minute 5 seconds") == 65s);
  CHECK(wait_in_words("your limit will reset after 1h2m") == 62min);
  for (const auto* const words :
       {"",
        "wait",
        "wait a second",
        "try again later",
        "try again in ",
        "try again in a minute",
        "try again in 5",
        "in 5s"})
    CHECK_FALSE(wait_in_words(words));

  const auto limited = answer_error(429, R"({"error":{"message":"Please try again in 20s."}})");
  CHECK(limited.retry_after() == 20s);
  CHECK_FALSE(
      answer_error(400, R"({"error":{"message":"Please try again in 20s."}})").retry_after());
}

TEST_CASE("the message of the server behind a gateway is read", "[provider]")
{
  const auto raw = answer_error(
      400,
      R"({"error":{"message":"Provider error","metadata":{"raw":"{\"error\":\"prompt is too long\"}"}}})");
  CHECK(raw.kind() == ErrorKind::context_length_exceeded);
  CHECK(raw.server_message() == "Provider error");
  CHECK(std::string(raw.what()).find("prompt is too long") != std::string::npos);

  const auto object =
      answer_error(400, R"({"error":{"message":"no","metadata":{"raw":{"detail":"because"}}}})");
  CHECK(std::string(object.what()).find("no: because") != std::string::npos);

  const auto inside = answer_error(
      429,
      R"({"error":{"message":"upstream: {\"error\":{\"message\":\"slow down\",\"code\":\"c\",)"
      R"(\"details\":[{\"retryDelay\":\"7s\"}]}}"}})");
  CHECK(inside.server_message() == "upstream: slow down");
  CHECK(inside.server_code() == "c");
  CHECK(inside.retry_after() == 7s);

  const auto delayed = answer_error(
      429,
      R"({"error":{"message":"no","code":429,"metadata":{"raw":"[{\"error\":{\"message\":\"later\",)"
      R"(\"details\":[{\"retryDelay\":\"3s\"}]}}]","provider_name":"P"}}})");
  CHECK(std::string(delayed.what()).find("no: later") != std::string::npos);
  CHECK(delayed.retry_after() == 3s);

  const auto between = answer_error(
      400,
      R"({"error":{"message":"Proxy: [{\"error\":{\"message\":\"a {b} c\"}}]. Fallbacks=None"}})");
  CHECK(between.server_message() == "Proxy: a {b} c. Fallbacks=None");

  const auto plain = answer_error(400, R"({"error":{"message":"unexpected {\"a\":1}"}})");
  CHECK(plain.server_message() == "unexpected {\"a\":1}");
}

TEST_CASE("a time to wait may stand in a member of the body", "[provider]")
{
  const auto wait = [](const std::string& body) { return answer_error(503, body).retry_after(); };
  CHECK(wait(R"({"error":"the model is loading","estimated_time":20.5})") == 20500ms);
  CHECK(wait(R"({"error":{"message":"m","retry_after":"7"}})") == 7s);
  CHECK(wait(R"({"error":{"message":"m","metadata":{"retry_after_seconds":3}}})") == 3s);
  CHECK(wait(R"({"detail":"m","retry_after_ms":250})") == 250ms);
  for (const auto* const none : {"null", "-1", "\"soon\"", "[5]", "{}"})
    CHECK_FALSE(wait(std::string(R"({"error":"m","retry_after":)") + none + "}"));
  std::string open, close;
  for (int i = 0; i < 100'000; ++i) {
    open += R"({"error":)";
    close += '}';
  }
  CHECK_FALSE(wait(open + "1" + close));
}

TEST_CASE("a body that is too long for a message is not read as JSON", "[provider]")
{
  const auto error =
      answer_error(500, R"({"error":{"message":"m","more":")" + std::string(2 << 20, 'x') + "\"}}");
  CHECK(error.kind() == ErrorKind::server_error);
  CHECK(error.server_message().starts_with(R"({"error":{"message":"m")"));
  CHECK(error.server_message().size() < 300);
}
