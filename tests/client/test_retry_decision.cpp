#include <asyncllm/impl/client/retry_decision.hpp>

#include "test.hpp"

#include <optional>

using namespace asyncllm;
using namespace std::chrono_literals;
using client::FailedTry;
using client::RetryBudget;
using client::time_to_retry;

namespace {

constexpr auto any_time = RetryPolicy::Duration::max();

Error answered(int status, ErrorKind kind)
{
  return Error(kind, "x").with_http_status(status);
}

bool retries(const Error& error, const RetryPolicy& policy = RetryPolicy(), bool success = false)
{
  return time_to_retry({error, 1, success, 1, any_time}, policy).has_value();
}

}  // namespace

TEST_CASE("what is tried again goes by what failed", "[client]")
{
  CHECK(retries(answered(429, ErrorKind::rate_limited)));
  CHECK(retries(answered(408, ErrorKind::timeout)));
  CHECK(retries(answered(409, ErrorKind::server_error)));
  CHECK(retries(answered(500, ErrorKind::server_error)));
  CHECK(retries(answered(503, ErrorKind::overloaded)));
  CHECK(retries(Error(ErrorKind::connect_failed, "x")));
  CHECK(retries(Error(ErrorKind::connection_lost, "x")));
  CHECK(retries(Error(ErrorKind::timeout, "x").with_timeout(Timeout::connect)));

  CHECK_FALSE(retries(answered(429, ErrorKind::quota_exceeded)));
  CHECK_FALSE(retries(answered(501, ErrorKind::unsupported)));
  CHECK_FALSE(retries(answered(400, ErrorKind::bad_request)));
  CHECK_FALSE(retries(answered(500, ErrorKind::context_length_exceeded)));
  CHECK_FALSE(retries(Error(ErrorKind::tls_failed, "x")));
  CHECK_FALSE(retries(Error(ErrorKind::incomplete, "x")));
  CHECK_FALSE(retries(Error(ErrorKind::bad_response, "x")));
  CHECK_FALSE(retries(Error(ErrorKind::cancelled, "x")));
  CHECK_FALSE(retries(Error(ErrorKind::invalid_argument, "x")));
  for (const auto clock :
       {Timeout::pool_wait, Timeout::write, Timeout::first_byte, Timeout::idle, Timeout::total})
    CHECK_FALSE(retries(Error(ErrorKind::timeout, "x").with_timeout(clock)));
}

TEST_CASE("what began to succeed is never tried again", "[client]")
{
  CHECK_FALSE(retries(answered(503, ErrorKind::overloaded), {}, true));
  CHECK_FALSE(retries(Error(ErrorKind::connection_lost, "x"), {}, true));
}

TEST_CASE("the server's x-should-retry overrides its status", "[client]")
{
  CHECK(retries(answered(400, ErrorKind::bad_request).with_retryable(true)));
  CHECK_FALSE(retries(answered(503, ErrorKind::overloaded).with_retryable(false)));
}

TEST_CASE("a lost request may be kept from going out again", "[client]")
{
  const auto policy = RetryPolicy().retry_unanswered(false);
  CHECK_FALSE(retries(Error(ErrorKind::connection_lost, "x"), policy));
  CHECK(retries(Error(ErrorKind::connect_failed, "x"), policy));
}

TEST_CASE("as many tries follow as allowed, none after zero", "[client]")
{
  const auto error = answered(503, ErrorKind::overloaded);
  const RetryPolicy policy;
  CHECK(time_to_retry({error, 2, false, 1, any_time}, policy));
  CHECK_FALSE(time_to_retry({error, 3, false, 1, any_time}, policy));
  CHECK_FALSE(retries(error, RetryPolicy().max_retries(0)));
  CHECK_FALSE(retries(error, RetryPolicy().max_retries(-1)));
}

TEST_CASE("the wait is what the server asks for, up to a limit", "[client]")
{
  auto error = answered(429, ErrorKind::rate_limited);
  const RetryPolicy policy;
  const auto wait = [&] { return time_to_retry({error, 1, false, 0.5, any_time}, policy); };
  error.with_retry_after(33s);
  CHECK(wait() == 33s);
  error.with_retry_after(60s);
  CHECK(wait() == 60s);
  error.with_retry_after(61s);
  CHECK_FALSE(wait());
}

TEST_CASE("else it is random, doubles from try to try, and is bounded", "[client]")
{
  const auto error = answered(503, ErrorKind::overloaded);
  const auto policy = RetryPolicy().max_retries(1000);
  const auto wait = [&](int attempt, double random) {
    return time_to_retry({error, attempt, false, random, any_time}, policy).value();
  };
  CHECK(wait(1, 1) == 500ms);
  CHECK(wait(1, 0.5) == 250ms);
  CHECK(wait(1, 0) == 0ms);
  CHECK(wait(2, 1) == 1s);
  CHECK(wait(5, 1) == 8s);
  CHECK(wait(999, 1) == 8s);
}

TEST_CASE("no try is waited for that the total timeout would end", "[client]")
{
  const auto error = answered(503, ErrorKind::overloaded);
  const RetryPolicy policy;
  CHECK(time_to_retry({error, 1, false, 1, 501ms}, policy));
  CHECK_FALSE(time_to_retry({error, 1, false, 1, 500ms}, policy));
}

TEST_CASE("a shared budget keeps a dead server from being stormed", "[client]")
{
  const auto policy = RetryPolicy().budget(0.25, 2);
  RetryBudget budget(policy);
  const auto try_again = [&] { return budget.take(); };
  CHECK(try_again());
  CHECK(try_again());
  CHECK_FALSE(try_again());
  for (int i = 0; i < 4; ++i)
    budget.add_call(policy);
  CHECK(try_again());
  CHECK_FALSE(try_again());
  for (int i = 0; i < 100; ++i)
    budget.add_call(policy);
  CHECK(try_again());
  CHECK(try_again());
  CHECK_FALSE(try_again());
}

TEST_CASE("a server that is alive needs no budget", "[client]")
{
  using client::needs_budget;
  CHECK_FALSE(needs_budget(answered(429, ErrorKind::rate_limited)));
  CHECK_FALSE(needs_budget(answered(503, ErrorKind::overloaded)));
  CHECK_FALSE(needs_budget(answered(500, ErrorKind::server_error).with_retry_after(1s)));
  CHECK(needs_budget(answered(500, ErrorKind::server_error)));
  CHECK(needs_budget(Error(ErrorKind::connect_failed, "x")));
}
