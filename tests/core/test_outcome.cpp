// Outcome: a value, or the exception that came instead.
#include <asyncllm/core/error.hpp>
#include <asyncllm/core/outcome.hpp>

#include "test.hpp"

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

using asyncllm::Outcome;

namespace {

template <class E>
std::exception_ptr thrown(E error)
{
  return std::make_exception_ptr(std::move(error));
}

}  // namespace

TEST_CASE("an outcome with a value has it and no error")
{
  Outcome<std::string> outcome(std::string("text"));
  CHECK(outcome.has_value());
  CHECK(outcome);
  CHECK(*outcome == "text");
  CHECK(outcome->size() == 4);
  CHECK(outcome.value() == "text");
  CHECK(outcome.error() == nullptr);
  CHECK(outcome.error_message().empty());
  CHECK(outcome.error_as<std::exception>() == nullptr);
  outcome.value() += "!";
  CHECK(*std::as_const(outcome) == "text!");
}

TEST_CASE("a failed outcome rethrows the original exception at every access")
{
  const auto error = thrown(std::runtime_error("broken"));
  auto outcome = Outcome<std::string>::failure(error);
  CHECK_FALSE(outcome.has_value());
  CHECK_FALSE(outcome);
  CHECK(outcome.error() == error);
  CHECK(outcome.error_message() == "broken");
  CHECK_THROWS_AS(outcome.value(), std::runtime_error);
  CHECK_THROWS_AS(outcome.value(), std::runtime_error);
  CHECK_THROWS_AS(*outcome, std::runtime_error);
  CHECK_THROWS_AS(outcome->size(), std::runtime_error);
  CHECK_THROWS_AS(*std::as_const(outcome), std::runtime_error);
  CHECK_THROWS_AS(std::as_const(outcome)->size(), std::runtime_error);
  CHECK_THROWS_AS(std::move(outcome).value(), std::runtime_error);
}

TEST_CASE("error_as finds the exception by its type and its bases")
{
  const asyncllm::Error error(asyncllm::ErrorKind::rate_limited, "slow down");
  const auto outcome = Outcome<int>::failure(thrown(error));
  REQUIRE(outcome.error_as<asyncllm::Error>() != nullptr);
  CHECK(outcome.error_as<asyncllm::Error>()->kind() == asyncllm::ErrorKind::rate_limited);
  CHECK(outcome.error_as<std::system_error>() != nullptr);
  CHECK(outcome.error_as<std::exception>() != nullptr);
  CHECK(outcome.error_as<std::logic_error>() == nullptr);
}

TEST_CASE("what error_as found lives as long as a copy of the outcome")
{
  std::optional<Outcome<int>> first(Outcome<int>::failure(thrown(std::runtime_error("broken"))));
  const auto copy = *first;
  const auto* error = first->error_as<std::runtime_error>();
  first.reset();
  CHECK(std::string(error->what()) == "broken");
}

TEST_CASE("an exception that is not a std::exception has a message too")
{
  const auto outcome = Outcome<int>::failure(thrown(42));
  CHECK(outcome.error_message() == "unknown exception");
  CHECK(*outcome.error_as<int>() == 42);
}

TEST_CASE("an outcome of void has an error or none")
{
  const Outcome<void> good;
  CHECK(good.has_value());
  good.value();
  const auto bad = Outcome<void>::failure(thrown(std::runtime_error("broken")));
  CHECK_FALSE(bad);
  CHECK_THROWS_AS(bad.value(), std::runtime_error);
}

TEST_CASE("an outcome moves what can only be moved")
{
  Outcome<std::unique_ptr<int>> outcome(std::make_unique<int>(3));
  static_assert(!std::is_copy_constructible_v<std::unique_ptr<int>>);
  const std::unique_ptr<int> taken = std::move(outcome).value();
  CHECK(*taken == 3);
  Outcome<std::unique_ptr<int>> other(std::make_unique<int>(4));
  const std::unique_ptr<int> also_taken = *std::move(other);
  CHECK(*also_taken == 4);
}

TEST_CASE("an outcome of an exception pointer is a value")
{
  const Outcome<std::exception_ptr> outcome(thrown(std::runtime_error("as a value")));
  CHECK(outcome.has_value());
}

TEST_CASE("a failure without an exception is refused")
{
  CHECK_THROWS_AS(Outcome<int>::failure(nullptr), std::logic_error);
  CHECK_THROWS_AS(Outcome<void>::failure(nullptr), std::logic_error);
}
