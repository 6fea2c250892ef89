// Replies of real servers in the form of OpenAI's Responses against what is known to be in them.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/core/response_head.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include "recordings.hpp"
#include "stream_reader.hpp"
#include "test.hpp"

#include <algorithm>
#include <string>

using namespace asyncllm;
using support::Json;
using support::text_of;

namespace {

const std::string responses_folder = "responses";

bool is_judged(const Json& meta, const char* name)
{
  const auto not_judged = meta.value("not_judged", Json::array());
  return std::ranges::find(not_judged, Json(name)) == not_judged.end();
}

// The name of the reason, as the expectations have it.
std::string reason_of(const Reply& reply)
{
  return std::string(to_string(reply.finish_reason));
}

std::string unlike_in_usage(const Json& expected, const Usage& usage)
{
  std::string words;
  const auto count = [&](const char* name, std::int64_t got) {
    if (const auto want = expected.value(name, Json()); want.is_number() && want != got)
      words += std::string(" ") + name + ": " + std::to_string(got);
  };
  count("input_tokens", usage.input_tokens);
  count("output_tokens", usage.output_tokens);
  count("cached_tokens", usage.cached_input_tokens);
  count("reasoning_tokens", usage.reasoning_tokens);
  count("cache_write_tokens", usage.cache_write_tokens);
  if (usage.reported != expected.is_object())
    words += " usage reported";
  return words;
}

// Calls whose arguments were cut by the limit on tokens must not be handed on.
Json usable_calls(const Json& expected)
{
  auto calls = Json::array();
  for (const auto& call : expected.value("tool_calls", Json::array())) {
    const auto arguments = text_of(call, "arguments");
    if (expected["finish_reason"] != "length" || Json::accept(arguments))
      calls.push_back(
          {{"id", text_of(call, "call_id")},
           {"name", text_of(call, "name")},
           {"arguments", arguments.empty() ? "{}" : arguments}});
  }
  return calls;
}

// What differs, in words; "" when nothing does.
std::string unlike(const Json& meta, const Reply& reply)
{
  const auto& expected = meta["expected"];
  std::string words;
  const auto compare = [&](const char* name, const std::string& got) {
    if (const auto want = text_of(expected, name); want != got && is_judged(meta, name))
      words += std::string(" ") + name + ": \"" + got + "\" instead of \"" + want + '"';
  };
  compare("text", reply.text);
  compare("reasoning", reply.reasoning);
  compare("refusal", reply.refusal);
  compare("finish_reason", reason_of(reply));
  compare("model", reply.model);
  compare("id", reply.id);
  words += unlike_in_usage(expected.value("usage", Json()), reply.usage);
  auto calls = Json::array();
  for (const auto& call : reply.tool_calls)
    calls.push_back({{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
  if (const auto wanted = usable_calls(expected); calls != wanted)
    words += " tool calls: " + calls.dump() + " instead of " + wanted.dump();
  return words;
}

// The same for an error.
std::string unlike(const Json& meta, const Error& error)
{
  const auto& expected = meta["expected"]["error"];
  std::string words;
  const auto compare = [&](const char* name, const std::string& got) {
    if (const auto want = text_of(expected, name); want != got)
      words += std::string(" ") + name + ": \"" + got + "\" instead of \"" + want + '"';
  };
  compare("message", error.server_message());
  compare("code", error.server_code());
  compare("type", error.server_type());
  compare("param", error.server_param());
  if (error.partial_text() != text_of(meta["expected"], "text"))
    words += " the text so far is \"" + error.partial_text() + '"';
  return words;
}

// Why there is no reply: the server says that it failed, or that it is not done.
std::string unlike_in_failure(const Json& meta, const Error& thrown)
{
  const auto& expected = meta["expected"];
  if (!expected["error"].is_null())
    return unlike(meta, thrown);
  if (expected["finish_reason"].is_null() && thrown.kind() == ErrorKind::incomplete)
    return {};
  return std::string(" threw ") + thrown.what();
}

std::string unlike_in_whole(const Json& meta, std::string body)
{
  try {
    return unlike(meta, provider::responses_wire().decode(body));
  } catch (const Error& thrown) {
    return unlike_in_failure(meta, thrown);
  }
}

std::string unlike_in_stream(const Json& meta, const std::string& body, std::size_t size)
{
  try {
    const auto result = support::read_stream_of(provider::responses_wire(), body, size);
    auto wrong = unlike(meta, result.reply);
    if (result.deltas != result.reply.text || result.reasoning != result.reply.reasoning)
      wrong += " the deltas are not the text";
    if (result.events != meta["expected"]["n_events"])
      wrong += " " + std::to_string(result.events) + " events";
    if (result.is_complete == meta["expected"]["terminal"].is_null())
      wrong += result.is_complete ? " is taken for complete" : " is taken for incomplete";
    return wrong;
  } catch (const Error& thrown) {
    return unlike_in_failure(meta, thrown);
  }
}

// What is sent back must be what the server sent: the same types, names, call ids and arguments.
std::string unlike_in_turn(const std::string& body)
{
  auto copy = body;
  Reply reply;
  try {
    reply = provider::responses_wire().decode(copy);
  } catch (const Error&) {
    return {};
  }
  const auto& native = reply.details->native;
  if (native.json.empty())
    return reply.tool_calls.empty() ? std::string() : " no native turn for its calls";
  const auto sent = Json::parse(native.json, nullptr, false);
  if (!sent.is_array())
    return " the native turn is not JSON";
  const auto output = Json::parse(body)["output"];
  std::size_t at = 0, calls = 0;
  for (const auto& item : sent) {
    while (at < output.size() && output[at]["type"] == "reasoning" && item["type"] != "reasoning")
      ++at;
    for (const auto& [name, value] : item.items())
      if (at >= output.size() || (name != "summary" && output[at].value(name, Json()) != value))
        return " the native turn has another " + name;
    calls += item["type"] == "function_call" ? 1 : 0;
    ++at;
  }
  return calls == reply.tool_calls.size() ? std::string() : " the native turn has other calls";
}

}  // namespace

TEST_CASE("recorded responses are read as they are", "[recordings]")
{
  support::for_each_recording({"chat"}, "responses", &unlike_in_whole, responses_folder);
}

TEST_CASE("recorded streams of responses are read the same in every chunking", "[recordings]")
{
  support::for_each_recording(
      {"stream"},
      "streams of responses",
      [](const Json& meta, const std::string& body) {
        for (const auto size : support::chunk_sizes)
          if (const auto wrong = unlike_in_stream(meta, body, size); !wrong.empty())
            return " in pieces of " + std::to_string(size) + wrong;
        return std::string();
      },
      responses_folder);
}

TEST_CASE("recorded responses are read the same when they are written in other ways")
{
  support::for_each_recording(
      {"chat", "stream"},
      "responses written in other ways",
      [](const Json& meta, const std::string& body) {
        if (meta["kind"] == "chat")
          return unlike_in_whole(meta, "\n \n" + support::varied(body, 2) + "\n");
        const auto other = support::varied_stream(body, true);
        return unlike_in_stream(meta, other, 0) + unlike_in_stream(meta, other, 7);
      },
      responses_folder);
}

TEST_CASE("recorded responses go back as they came", "[recordings]")
{
  support::for_each_recording(
      {"chat"},
      "native turns",
      [](const Json&, const std::string& body) { return unlike_in_turn(body); },
      responses_folder);
}

TEST_CASE("recorded errors of responses have the server's words", "[recordings]")
{
  support::for_each_recording(
      {"error"},
      "errors of responses",
      [](const Json& meta, const std::string& body) {
        ResponseHead head;
        head.status = meta["status"];
        for (const auto& field : meta["headers"])
          head.headers.emplace_back(field[0].get<std::string>(), field[1].get<std::string>());
        const auto error = provider::responses_wire().decode_error(head, body);
        return unlike(meta, error);
      },
      responses_folder);
}
