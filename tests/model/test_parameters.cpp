#include <asyncllm/model/message.hpp>
#include <asyncllm/model/parameters.hpp>
#include <asyncllm/model/reply.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <limits>
#include <sstream>

using asyncllm::ErrorKind;
using asyncllm::Parameters;
using support::fails_with;

TEST_CASE("values out of their range are refused by name", "[model]")
{
  Parameters parameters;
  CHECK_NOTHROW(parameters.validate());

  parameters.temperature = 9;
  CHECK(
      fails_with(ErrorKind::invalid_argument, "with_temperature(9): must be between 0 and 2", [&] {
        parameters.validate("with_");
      }));
  parameters.temperature = std::numeric_limits<double>::quiet_NaN();
  CHECK(fails_with(ErrorKind::invalid_argument, "temperature", [&] { parameters.validate(); }));
  parameters.temperature = 2;
  parameters.max_tokens = 0;
  CHECK(fails_with(ErrorKind::invalid_argument, "max_tokens(0): must be at least 1", [&] {
    parameters.validate();
  }));
  parameters.max_tokens = 1;
  parameters.top_p = 1.1;
  CHECK(fails_with(ErrorKind::invalid_argument, "top_p(1.1)", [&] { parameters.validate(); }));
  parameters.top_p.reset();
  parameters.extra = "[1]";
  CHECK(fails_with(ErrorKind::invalid_argument, "extra", [&] { parameters.validate(); }));
  parameters.extra.clear();
  parameters.stop = {""};
  CHECK(fails_with(ErrorKind::invalid_argument, "stop", [&] { parameters.validate(); }));
  parameters.stop = {"END"};
  CHECK_NOTHROW(parameters.validate());
  parameters.temperature = 1.5;
  CHECK(fails_with(
      ErrorKind::invalid_argument, "between 0 and 1", [&] { parameters.validate("", 1); }));
  parameters.temperature = 1;
  parameters.logprobs = 21;
  CHECK(fails_with(ErrorKind::invalid_argument, "logprobs(21)", [&] { parameters.validate(); }));
}

TEST_CASE("parameters take from others only what these set", "[model]")
{
  Parameters base, call;
  base.temperature = 0.5;
  base.max_tokens = 10;
  base.stop = {"a"};
  call.max_tokens = 20;
  call.seed = 7;
  base.override_with(call);
  CHECK(base.temperature == 0.5);
  CHECK(base.max_tokens == 20);
  CHECK(base.seed == 7);
  CHECK(base.stop.size() == 1);
  call.stop = {"b", "c"};
  base.override_with(call);
  CHECK(base.stop.size() == 2);
}

TEST_CASE("a reply becomes a message of the history with its tool calls", "[model]")
{
  asyncllm::Reply reply;
  reply.text = "Let me look.";
  reply.tool_calls.push_back({"call_1", "weather", "{}", ""});
  const auto message = asyncllm::Message::assistant(reply);
  CHECK(message.role() == asyncllm::Role::assistant);
  CHECK(message.text() == "Let me look.");
  REQUIRE(message.tool_calls().size() == 1);
  CHECK(message.tool_calls()[0].name == "weather");
}

TEST_CASE("a reply prints as its text, messages keep their order", "[model]")
{
  asyncllm::Reply reply;
  reply.text = "4";
  std::ostringstream out;
  out << reply;
  CHECK(out.str() == "4");

  auto messages = asyncllm::Messages().user("a").assistant("b").user("c");
  messages.prepend(asyncllm::Message::system("s"));
  std::string order;
  for (const auto& message : messages)
    order += message.text();
  CHECK(order == "sabc");
}
