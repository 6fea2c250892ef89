// The bounds on answers, over a socket.
#include <asyncllm/agent/agent.hpp>
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "served.hpp"
#include "test.hpp"

#include <asio/io_context.hpp>

#include <string>

using namespace asyncllm;
using support::Served;
using testing::Answer;
using testing::ScriptedServer;

namespace {

// The error of a call whose answer is `answer`, "" if there is none.
std::string error_with(const Limits& limits, const Answer& answer, bool streamed)
{
  std::string what;
  Served served;
  served.server.always(answer);
  const auto agent =
      LlmAgent::builder("a", served.server.spec("openai", "m")).with_limits(limits).build();
  try {
    const auto options = RequestOptions().wire_streaming(streamed);
    (void)served.run(agent.send_message_async("x", options));
  } catch (const Error& error) {
    what = error.what();
  }
  return what;
}

bool names(const std::string& what, const char* limit)
{
  return what.starts_with("response_too_large: ") && what.find(limit) != std::string::npos;
}

}  // namespace

TEST_CASE("what goes over a limit of the client is refused and the limit named", "[client]")
{
  const auto answer = Answer::text(std::string(2000, 'x'));
  CHECK(names(error_with(Limits().body_bytes(1000), answer, false), "Limits::body_bytes"));
  CHECK(names(error_with(Limits().event_bytes(1000), answer, true), "Limits::event_bytes"));
  CHECK(names(error_with(Limits().header_count(2), answer, false), "Limits::header_count"));
  CHECK(error_with(Limits().event_bytes(1000), answer, false).empty());
  CHECK(error_with(Limits().body_bytes(1000), answer, true).empty());
}

TEST_CASE("clients of one server keep to limits of their own on a shared connection", "[client]")
{
  std::string what;
  Served served;
  const auto spec = served.server.spec("openai", "m");
  const auto wide = LlmAgent::builder("wide", spec).build();
  const auto narrow =
      LlmAgent::builder("narrow", spec).with_limits(Limits().header_count(2)).build();
  (void)served.run(wide.send_message_async("x"));
  try {
    (void)served.run(narrow.send_message_async("x"));
  } catch (const Error& error) {
    what = error.what();
  }
  (void)served.run(wide.send_message_async("x"));
  CHECK(names(what, "Limits::header_count"));
}
