#include <asyncllm/impl/provider/errors/errors.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <chrono>
#include <string>

using namespace asyncllm;
using namespace asyncllm::provider;

namespace {

Error answer(int status, std::string_view body, HeaderList headers = {})
{
  return error_from_answer(ResponseHead{status, "Reason", std::move(headers)}, body);
}

}  // namespace

TEST_CASE("the server's message is found in every shape of an error body", "[provider]")
{
  const std::pair<const char*, const char*> cases[] = {
      {R"({"error":"model 'nope' not found"})", "model 'nope' not found"},
      {R"({"error":{"message":"m","type":"t","param":null,"code":"c"}})", "m"},
      {R"({"message":"m"})", "m"},
      {R"({"object":"error","message":"m","type":"t","param":null,"code":"1300"})", "m"},
      {R"({"detail":"m"})", "m"},
      {R"({"detail":[{"loc":["body","n"],"msg":"must be positive","type":"v"},{"loc":[],"msg":"x"}]})",
       "body: n: must be positive; x"},
      {R"([{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}])", "m"},
      {R"({"type":"error","error":{"type":"overloaded_error","message":"m"},"request_id":"r"})",
       "m"},
      {R"({"errors":["m"]})", "m"},
      {R"({"errors":[{"message":"m"}]})", "m"},
      {R"({"code":"c","error":"m"})", "m"},                 // xAI
      {R"({"error":"m","error_type":"overloaded"})", "m"},  // Hugging Face's servers
      {R"({"error":["m","n"]})", "m; n"},
      {R"({"error":{"error":{"message":"m"}}})", "m"},
      {R"({"object":"error","message":{"detail":[{"loc":["body","stop"],"msg":"m"}]},"code":1})",
       "body: stop: m"},  // Mistral
      {R"({"detail":{"error":"m","code":3}})", "m"},
      {R"({"detail":{"message":"m"}})", "m"},
      {R"({"detail":["m"]})", "m"},
      {R"({"type":"about:blank","title":"Not Found","status":404,"detail":"m"})", "m"},  // NVIDIA
      {R"({"success":false,"errors":[{"code":7003,"message":"m"}],"messages":[]})", "m"},
      {R"({"Message":"m"})", "m"},
      {R"({"error_code":17,"error_msg":"m"})", "m"},  // Baidu
      {R"({"base_resp":{"status_code":1004,"status_msg":"m"},"message":"m"})", "m"},
      {R"({"error":{"message":"{\"error\":{\"code\":503}}","code":503}})",
       R"({"error":{"code":503}})"},
      {R"(["m"])", "m"},
      {R"("m")", "m"},
      {R"({"error":{"code":502,"message":"Provider returned error","metadata":{"raw":"x"}}})",
       "Provider returned error"},  // OpenRouter
      {R"({"choices":[{"error":{"code":502,"message":"m"},"finish_reason":"error"}],"error":null})",
       "m"},
      {"\n\n  {\"error\":{\"message\":\"m\"}}\n", "m"},
      {"plain words\n", "plain words"},
      {"<html><head><title>502 Bad Gateway</title></head>\r\n<body><h1>nginx</h1></body></html>",
       "502 Bad Gateway nginx"},
      {"", "Reason"},
      {"{}", "{}"},
  };
  for (const auto& [body, message] : cases) {
    INFO(body);
    CHECK(answer(502, body).server_message() == message);
  }
  CHECK(answer(502, std::string(5000, 'x')).server_message().size() < 210);
}

TEST_CASE("code, type, param and request id are kept, numbers as text", "[provider]")
{
  const auto error = answer(
      400,
      R"({"error":{"message":"m","type":"t","param":"p","code":42}})",
      {{"X-Request-Id", "id-1"}});
  CHECK(error.server_code() == "42");
  CHECK(error.server_type() == "t");
  CHECK(error.server_param() == "p");
  CHECK(error.request_id() == "id-1");
  CHECK(error.http_status() == 400);
  CHECK(error.body().size() > 10);
  CHECK(
      answer(529, R"({"type":"error","error":{"message":"m"},"request_id":"r"})").request_id() ==
      "r");
}

TEST_CASE("code and type are found beside an error that is a text, or in a list", "[provider]")
{
  CHECK(
      answer(400, R"({"code":"invalid-argument","error":"m"})").server_code() ==
      "invalid-argument");
  CHECK(answer(424, R"({"error":"m","error_type":"incomplete"})").server_type() == "incomplete");
  CHECK(answer(400, R"({"errors":[{"code":7003,"message":"m"}]})").server_code() == "7003");
  CHECK(answer(400, R"({"type":"error","error":{"message":"m"}})").server_type().empty());
}

TEST_CASE(
    "an error that is hidden in a 200 has the kind of the status or word it names", "[provider]")
{
  const std::pair<const char*, ErrorKind> cases[] = {
      {R"({"error":{"message":"m","code":429}})", ErrorKind::rate_limited},
      {R"({"error":{"message":"m","code":"429"}})", ErrorKind::rate_limited},
      {R"({"error":{"message":"m","code":"rate_limit_exceeded","status":"x"}})",
       ErrorKind::rate_limited},
      {R"([{"error":{"message":"m","status":"RESOURCE_EXHAUSTED","code":429}}])",
       ErrorKind::rate_limited},
      {R"({"error":{"message":"m","type":"NotFoundError","code":404}})", ErrorKind::not_found},
      {R"({"error":{"message":"m","type":"overloaded_error"}})", ErrorKind::overloaded},
      {R"({"error":{"message":"m","code":"content_filter"}})", ErrorKind::content_filtered},
      {R"({"choices":[{"error":{"message":"m","code":502}}]})", ErrorKind::overloaded},
      {R"({"error":"m","StatusCode":429})", ErrorKind::rate_limited},
      {R"({"error":"m"})", ErrorKind::server_error},
  };
  for (const auto& [body, kind] : cases) {
    INFO(body);
    CHECK(hidden_error(body).kind() == kind);
    CHECK(hidden_error(body).server_message() == "m");
  }
}

TEST_CASE(
    "an error that is hidden in a 200 without a status has the kind of its words", "[provider]")
{
  const std::pair<const char*, ErrorKind> cases[] = {
      {"model not exist", ErrorKind::model_not_found},
      {"The model `x` does not exist", ErrorKind::model_not_found},
      {"Rate limit exceeded", ErrorKind::rate_limited},
      {"Too many requests", ErrorKind::rate_limited},
      {"model overloaded", ErrorKind::overloaded},
      {"Invalid token", ErrorKind::authentication},
      {"Unauthorized", ErrorKind::authentication},
      {"insufficient balance", ErrorKind::quota_exceeded},
      {"maximum context length is 100", ErrorKind::context_length_exceeded},
      {"404 NOT_FOUND", ErrorKind::server_error},
      {"Not here", ErrorKind::server_error},
      {"Could not route to /x", ErrorKind::server_error},
  };
  for (const auto& [words, kind] : cases) {
    INFO(words);
    const auto message = '"' + std::string(words) + '"';
    CHECK(hidden_error(R"({"error":)" + message + '}').kind() == kind);
    CHECK(hidden_error(R"({"code":1211,"msg":)" + message + '}').kind() == kind);
    const auto remark = provider::remark_in(R"({"detail":)" + message + '}');
    REQUIRE(remark);
    CHECK(remark->error.kind() == kind);
  }
  CHECK(
      hidden_error(R"({"error":{"code":500,"message":"too many requests"}})").kind() ==
      ErrorKind::server_error);
}

TEST_CASE("status and message decide the kind", "[provider]")
{
  const auto kind = [](int status, std::string_view body) { return answer(status, body).kind(); };
  CHECK(kind(400, R"({"error":"missing request body"})") == ErrorKind::bad_request);
  CHECK(kind(401, "") == ErrorKind::authentication);
  CHECK(kind(402, "") == ErrorKind::quota_exceeded);
  CHECK(kind(403, "") == ErrorKind::permission_denied);
  CHECK(kind(404, "404 page not found") == ErrorKind::not_found);
  CHECK(kind(404, R"({"error":"model 'nope' not found"})") == ErrorKind::model_not_found);
  CHECK(
      kind(
          404,
          R"({"error":{"message":"The model `x` does not exist","code":"model_not_found"}})") ==
      ErrorKind::model_not_found);
  CHECK(
      kind(
          400,
          R"({"error":{"code":400,"message":"model not found","type":"invalid_request_error"}})") ==
      ErrorKind::model_not_found);
  CHECK(kind(408, "") == ErrorKind::timeout);
  CHECK(kind(409, "") == ErrorKind::server_error);
  CHECK(kind(413, "") == ErrorKind::request_too_large);
  CHECK(kind(422, "") == ErrorKind::unprocessable);
  CHECK(kind(418, "") == ErrorKind::bad_request);
  CHECK(
      kind(429, R"({"error":{"message":"slow","code":"rate_limit_exceeded"}})") ==
      ErrorKind::rate_limited);
  CHECK(
      kind(
          429,
          R"({"error":{"message":"pay","type":"insufficient_quota","code":"insufficient_quota"}})") ==
      ErrorKind::quota_exceeded);
  CHECK(kind(500, R"({"error":"llama runner process has terminated"})") == ErrorKind::server_error);
  CHECK(kind(501, "") == ErrorKind::unsupported);
  for (const int status : {502, 503, 504, 520, 524, 529, 498})
    CHECK(kind(status, "") == ErrorKind::overloaded);
  CHECK(kind(302, "") == ErrorKind::bad_response);
}

TEST_CASE(
    "an overflow of the context and a content filter are told from other refusals", "[provider]")
{
  const auto kind = [](std::string_view message) {
    return answer(400, R"({"error":{"message":")" + std::string(message) + R"("}})").kind();
  };
  for (const auto* message :
       {"This model's maximum context length is 8192 tokens.",
        "request (13392 tokens) exceeds the available context size (8192 tokens), try increasing "
        "it",
        "the prompt is longer than the context length currently available to the model; shorten it",
        "the input length exceeds the context length"})
    CHECK(kind(message) == ErrorKind::context_length_exceeded);
  CHECK(
      answer(400, R"({"error":{"message":"m","type":"exceed_context_size_error","code":400}})")
          .kind() == ErrorKind::context_length_exceeded);
  CHECK(
      answer(400, R"({"error":{"message":"m","code":"content_filter"}})").kind() ==
      ErrorKind::content_filtered);
  CHECK(kind("Invalid 'temperature'") == ErrorKind::bad_request);
}

TEST_CASE("retry-after is understood in all its forms", "[provider]")
{
  using namespace std::chrono;
  const auto now = sys_days(year(2026) / 8 / 1) + 12h;
  CHECK(retry_after({{"retry-after-ms", "150.4"}, {"retry-after", "9"}}, now) == 150ms);
  CHECK(retry_after({{"Retry-After", "2"}}, now) == 2s);
  CHECK(retry_after({{"Retry-After", "0.5"}}, now) == 500ms);
  CHECK(retry_after({{"Retry-After", "Sat, 01 Aug 2026 12:00:30 GMT"}}, now) == 30s);
  CHECK(retry_after({{"Retry-After", "Sat, 01 Aug 2026 11:00:00 GMT"}}, now) == 0s);
  CHECK(retry_after({{"Retry-After", "Saturday, 01-Aug-26 12:00:30 GMT"}}, now) == 30s);
  CHECK(retry_after({{"Retry-After", "Sat Aug  1 12:00:30 2026"}}, now) == 30s);
  CHECK(retry_after({{"Retry-After", "1e300"}}, now) == hours(365 * 24));
  for (const auto* text : {"", "soon", "-1", "nan", "2 s"})
    CHECK_FALSE(retry_after({{"Retry-After", text}}, now));
  CHECK_FALSE(retry_after({}, now));
  CHECK(answer(429, "", {{"retry-after", "3"}}).retry_after() == 3s);
  // Google says it in the body.
  const std::string body = R"([{"error":{"code":429,"message":"Quota","details":[
    {"@type":"type.googleapis.com/google.rpc.Help"},
    {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"39.5s"}]}}])";
  CHECK(answer(429, body, {}).retry_after() == 39500ms);
  CHECK(answer(429, body, {{"retry-after", "3"}}).retry_after() == 3s);
}

TEST_CASE("an error that is nested as deep as you like does no harm", "[provider]")
{
  const std::string open(200'000, '['), close(200'000, ']');
  const auto plain = answer(500, open + close);
  CHECK(plain.kind() == ErrorKind::server_error);
  const auto members = answer(
      500,
      R"({"error":{"message":"m","code":)" + open + close + R"(},"detail":)" + open + close + "}");
  CHECK(members.server_message() == "m");
  CHECK(members.server_code().empty());
  const auto detail = answer(422, R"({"detail":[{"msg":"m","loc":[)" + open + close + "]}]}");
  CHECK(detail.server_message() == "m");
}
