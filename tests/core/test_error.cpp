#include <asyncllm/core/error.hpp>

#include "test.hpp"

#include <chrono>
#include <string>
#include <utility>

using asyncllm::Error;
using asyncllm::ErrorKind;
using asyncllm::Timeout;
using namespace std::string_literals;

TEST_CASE("an error says its kind and what happened in one line", "[core]")
{
  Error error(ErrorKind::model_not_found, "there is no model 'nope'");
  error.with_hint("get it with `ollama pull nope`");
  CHECK(
      std::string(error.what()) ==
      "model_not_found: there is no model 'nope'; get it with `ollama pull nope`");
  CHECK(error.message() == "there is no model 'nope'; get it with `ollama pull nope`");
  CHECK(error.kind() == ErrorKind::model_not_found);
}

TEST_CASE("every kind and every timeout has a name", "[core]")
{
  for (int kind = 1; kind <= static_cast<int>(ErrorKind::refused); ++kind)
    CHECK(to_string(static_cast<ErrorKind>(kind)) != "unknown");
  for (int clock = 0; clock <= static_cast<int>(Timeout::total); ++clock)
    CHECK(to_string(static_cast<Timeout>(clock)) != "unknown");
}

TEST_CASE(
    "cancelled, timeout and invalid_argument are equivalent to the standard's conditions", "[core]")
{
  CHECK((Error(ErrorKind::cancelled, "").code() == std::errc::operation_canceled));
  CHECK((Error(ErrorKind::timeout, "").code() == std::errc::timed_out));
  CHECK((Error(ErrorKind::invalid_argument, "").code() == std::errc::invalid_argument));
  CHECK((Error(ErrorKind::incomplete, "").code() != std::errc::operation_canceled));
  CHECK((Error(ErrorKind::incomplete, "").code() == ErrorKind::incomplete));
}

TEST_CASE("a copy of an error keeps its details when the original gets more", "[core]")
{
  Error original(ErrorKind::timeout, "late");
  original.with_timeout(Timeout::connect);
  const Error copy = original;
  original.with_timeout(Timeout::total).with_hint("try again");
  CHECK(copy.timeout() == Timeout::connect);
  CHECK(std::string(copy.what()) == "timeout: late");
  CHECK(original.timeout() == Timeout::total);
}

TEST_CASE("the raw body is kept up to 64 KiB", "[core]")
{
  Error error(ErrorKind::bad_response, "");
  error.with_body(std::string(100'000, 'x'));
  CHECK(error.body().size() == 64 * 1024);
}

TEST_CASE("whether an error is retryable follows its kind unless it is said", "[core]")
{
  CHECK(Error(ErrorKind::rate_limited, "").retryable());
  CHECK(Error(ErrorKind::connect_failed, "").retryable());
  CHECK_FALSE(Error(ErrorKind::authentication, "").retryable());
  CHECK_FALSE(Error(ErrorKind::quota_exceeded, "").retryable());
  CHECK(Error(ErrorKind::authentication, "").with_retryable(true).retryable());
}

TEST_CASE("what() is one printable line, however long and odd the message", "[core]")
{
  asyncllm::Error error(
      asyncllm::ErrorKind::server_error,
      "one\ntwo\r\x1b[31mthree\0four"s + std::string(1'000'000, 'x'));
  error.with_hint("five\nsix");
  const std::string text = error.what();
  CHECK(text.size() < 10'000);
  for (const char c : text)
    CHECK((static_cast<unsigned char>(c) >= ' ' && c != '\x7f'));
  CHECK(text.find("one two") != text.npos);
  CHECK(text.ends_with("; five six"));
}

TEST_CASE("a secret is masked wherever it is, once or often", "[core]")
{
  std::string body;
  for (int i = 0; i < 1000; ++i)
    body += "key-1234 and ";
  asyncllm::Error error(asyncllm::ErrorKind::server_error, "bad key-1234key-1234");
  error.with_body(body).with_server_message("key-1234").mask("key-1234");
  CHECK(error.message() == "bad ******");
  CHECK(error.server_message() == "***");
  CHECK(error.body().find("key") == std::string::npos);
  CHECK(error.body().size() == 1000 * 8);
}

TEST_CASE("parts of a secret are masked too, as far as they reach", "[core]")
{
  const auto masked = [](std::string text, std::string_view secret) {
    asyncllm::detail::mask_fragments(text, secret, 8);
    return text;
  };
  const std::string secret = "abcdefghijklmnop";
  CHECK(masked("x abcdefghijklmnop y", secret) == "x *** y");
  CHECK(masked("cut abcdefghij...", secret) == "cut ***...");
  CHECK(masked("...ghijklmnop", secret) == "...***");
  CHECK(masked("abcdefg", secret) == "abcdefg");
  CHECK(masked("abcdefghijklmnopabcdefghijklmnop", secret) == "******");
  CHECK(masked("abcdefgh-cdefghij", secret) == "***-***");
  CHECK(masked("short", "short") == "***");
  CHECK(masked("abc", "") == "abc");
}
