// Errors whose status says too little: the words of many hosts, and those of the server behind a
// gateway.
#include <asyncllm/core/error.hpp>

#include "provider/error_words.hpp"
#include "provider/errors.hpp"
#include "provider/retry_after.hpp"
#include "test.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;

namespace {

Error answer(int status, const std::string& body)
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
    const auto error = answer(status, R"({"error":{"message":")" + std::string(message) + "\"}}");
    CHECK(to_string(error.kind()) == to_string(kind));
  }
}

}  // namespace

TEST_CASE("a prompt that is too long is told by the words of many hosts", "[provider]")
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
  });
}

TEST_CASE("want of money is no rate limit, no bad request and no bad key", "[provider]")
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
  });
  CHECK(answer(401, R"({"error":{"message":"x","type":"insufficient_quota"}})").kind() == kind);
  CHECK(
      answer(429, R"({"error":{"message":"x","type":"exceeded_current_quota_error"}})").kind() ==
      kind);
  CHECK(answer(429, R"({"error":{"message":"x","code":"billing_not_active"}})").kind() == kind);
  CHECK(answer(429, R"({"error":{"message":"x","code":1113}})").kind() == kind);
}

TEST_CASE("a quota a minute is a rate limit", "[provider]")
{
  check({
      {429, "You exceeded your current quota of requests per minute", ErrorKind::rate_limited},
      {429, "Rate limit reached for requests", ErrorKind::rate_limited},
      {401, "Incorrect API key provided", ErrorKind::authentication},
      {403, "Your plan has no access to this", ErrorKind::permission_denied},
  });
}

TEST_CASE("a missing model is told by its words", "[provider]")
{
  constexpr auto kind = ErrorKind::model_not_found;
  check({
      {400, "The model `x` has been decommissioned", kind},
      {400, "x is not a valid model ID", kind},
      {400, "Model Not Exist", kind},
      {400, "Invalid model name passed in model=x", kind},
      {404, "No endpoints found for a/b.", kind},
      {404, "model 'x' not found, try pulling it first", kind},
      {400, "parameter `n` is not supported by this model", ErrorKind::bad_request},
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
      {400, "'temperature' does not support 0.2 with this model", ErrorKind::bad_request},
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
        "template: :1:2: executing"}) {
    INFO(message);
    const auto error = answer(500, std::string(R"({"error":")") + message + "\"}");
    CHECK(error.kind() == ErrorKind::server_error);
    CHECK_FALSE(error.retryable());
  }
  CHECK(answer(500, R"({"error":"something went wrong"})").retryable());
}

TEST_CASE("a time to wait may stand in the words alone", "[provider]")
{
  using provider::wait_in_words;
  CHECK(wait_in_words("limit reached. please try again in 6.5s.") == 6500ms);
  CHECK(wait_in_words("try again in 1m2.5s. visit us") == 62'500ms);
  CHECK(wait_in_words("please retry in 250ms") == 250ms);
  CHECK(wait_in_words("retry after 20 seconds") == 20s);
  CHECK(wait_in_words("try again after 2 minutes.") == 2min);
  CHECK(wait_in_words("try again in 1h1m1s") == 3661s);
  CHECK(wait_in_words("try again in 99999999999999999999h") == provider::longest_wait);
  for (const auto* const words :
       {"", "try again later", "try again in ", "try again in a minute", "try again in 5", "in 5s"})
    CHECK_FALSE(wait_in_words(words));

  const auto limited = answer(429, R"({"error":{"message":"Please try again in 20s."}})");
  CHECK(limited.retry_after() == 20s);
  CHECK_FALSE(answer(400, R"({"error":{"message":"Please try again in 20s."}})").retry_after());
}

TEST_CASE("the words of the server behind a gateway are read", "[provider]")
{
  const auto raw = answer(
      400,
      R"({"error":{"message":"Provider error","metadata":{"raw":"{\"error\":\"prompt is too long\"}"}}})");
  CHECK(raw.kind() == ErrorKind::context_length_exceeded);
  CHECK(raw.server_message() == "Provider error");
  CHECK(std::string(raw.what()).find("prompt is too long") != std::string::npos);

  const auto object =
      answer(400, R"({"error":{"message":"no","metadata":{"raw":{"detail":"because"}}}})");
  CHECK(std::string(object.what()).find("no: because") != std::string::npos);

  const auto inside = answer(
      429,
      R"({"error":{"message":"upstream: {\"error\":{\"message\":\"slow down\",\"code\":\"c\",)"
      R"(\"details\":[{\"retryDelay\":\"7s\"}]}}"}})");
  CHECK(inside.server_message() == "upstream: slow down");
  CHECK(inside.server_code() == "c");
  CHECK(inside.retry_after() == 7s);

  const auto plain = answer(400, R"({"error":{"message":"unexpected {\"a\":1}"}})");
  CHECK(plain.server_message() == "unexpected {\"a\":1}");
}

TEST_CASE("a body that is too long for a message is not read as JSON", "[provider]")
{
  const auto error =
      answer(500, R"({"error":{"message":"m","more":")" + std::string(2 << 20, 'x') + "\"}}");
  CHECK(error.kind() == ErrorKind::server_error);
  CHECK(error.server_message().starts_with(R"({"error":{"message":"m")"));
  CHECK(error.server_message().size() < 300);
}
