#include <asyncllm/options/request_options.hpp>

#include "test.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

using asyncllm::RequestOptions;

// An agent does without a copy of its own options where a call sets none.
TEST_CASE("options are empty until any of them is set", "[client]")
{
  using namespace std::chrono_literals;
  CHECK(RequestOptions().empty());
  CHECK_FALSE(RequestOptions().temperature(0).empty());
  CHECK_FALSE(RequestOptions().max_tokens(1).empty());
  CHECK_FALSE(RequestOptions().top_p(1).empty());
  CHECK_FALSE(RequestOptions().top_k(1).empty());
  CHECK_FALSE(RequestOptions().min_p(0).empty());
  CHECK_FALSE(RequestOptions().presence_penalty(0).empty());
  CHECK_FALSE(RequestOptions().frequency_penalty(0).empty());
  CHECK_FALSE(RequestOptions().seed(0).empty());
  CHECK_FALSE(RequestOptions().stop("x").empty());
  CHECK_FALSE(RequestOptions().logprobs(0).empty());
  CHECK_FALSE(RequestOptions().think(false).empty());
  CHECK_FALSE(RequestOptions().effort("low").empty());
  CHECK_FALSE(RequestOptions().thinking_budget(1).empty());
  CHECK_FALSE(RequestOptions().keep_alive(0s).empty());
  CHECK_FALSE(RequestOptions().context_length(1).empty());
  CHECK_FALSE(RequestOptions().truncate(false).empty());
  CHECK_FALSE(RequestOptions().replace_invalid_utf8(false).empty());
  CHECK_FALSE(RequestOptions().extra({{"a", 1}}).empty());
  CHECK_FALSE(RequestOptions().allow_empty(false).empty());
  CHECK_FALSE(RequestOptions().wire_streaming(false).empty());
  CHECK_FALSE(RequestOptions().retries(asyncllm::RetryPolicy()).empty());
  CHECK_FALSE(RequestOptions().on_retry([](const asyncllm::Retry&) {}).empty());
  CHECK_FALSE(RequestOptions().timeouts(asyncllm::Timeouts()).empty());
  CHECK_FALSE(RequestOptions().header("X", "").empty());
}
