// Replies of real servers against what is known to be in them.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/core/response_head.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/wires.hpp>
#include <asyncllm/impl/stream/ndjson_decoder.hpp>

#include "recordings.hpp"
#include "stream_reader.hpp"
#include "test.hpp"

#include <algorithm>
#include <string>

using namespace asyncllm;
using support::for_each_recording;
using support::Json;
using support::text_of;

namespace {

// What differs, in words; "" when nothing does.
std::string difference(const Json& expected, const Reply& reply)
{
  std::string words;
  const auto compare = [&](const char* name, const std::string& got) {
    if (const auto want = text_of(expected, name); want != got)
      words += std::string(" ") + name + ": \"" + got + "\" instead of \"" + want + '"';
  };
  compare("text", reply.text);
  compare("reasoning", reply.reasoning);
  compare("refusal", reply.refusal);
  compare("finish_reason", reply.finish_reason_text);
  compare("model", reply.model);
  compare("id", reply.id);
  if (const auto usage = expected.value("usage", Json()); usage.is_object()) {
    const auto count = [&](const char* name, std::int64_t got) {
      if (const auto want = usage.value(name, Json()); want.is_number() && want != got)
        words += std::string(" ") + name;
    };
    count("prompt_tokens", reply.usage.input_tokens);
    count("completion_tokens", reply.usage.output_tokens);
    // Anthropic counts cached tokens apart; for us they are a part of the input.
    std::int64_t apart = 0;
    for (const auto* name : {"cache_read_input_tokens", "cache_creation_input_tokens"})
      if (const auto tokens = usage.value(name, Json()); tokens.is_number())
        apart += tokens.get<std::int64_t>();
    count("input_tokens", reply.usage.input_tokens - apart);
    count("output_tokens", reply.usage.output_tokens);
    count("cache_read_input_tokens", reply.usage.cached_input_tokens);
    count("cached_tokens", reply.usage.cached_input_tokens);
    count("reasoning_tokens", reply.usage.reasoning_tokens);
  }
  std::size_t whole = 0;
  for (const auto& call : expected.value("tool_calls", Json::array())) {
    const bool may_be_empty = reply.finish_reason != FinishReason::length;
    if (!call.value("arguments_valid_json", true) &&
        !(may_be_empty && text_of(call, "arguments").empty()))
      continue;  // cut: must not be handed on
    const auto* got = whole < reply.tool_calls.size() ? &reply.tool_calls[whole] : nullptr;
    ++whole;
    if (!got || got->name != text_of(call, "name") || got->id != text_of(call, "id") ||
        (call.value("arguments_valid_json", true) &&
         Json::parse(got->arguments) != call.value("arguments_json", Json::parse(got->arguments))))
      words += " tool call " + std::to_string(whole);
  }
  if (whole != reply.tool_calls.size())
    words += " " + std::to_string(reply.tool_calls.size()) + " tool calls instead of " +
             std::to_string(whole);
  return words;
}

// The same for an error.
std::string difference(const Json& expected, const Error& error, bool has_message)
{
  std::string words;
  const auto compare = [&](const char* name, const std::string& got) {
    if (const auto want = text_of(expected, name); want != got)
      words += std::string(" ") + name + ": \"" + got + "\" instead of \"" + want + '"';
  };
  if (has_message)
    compare("message", error.server_message());
  compare("code", error.server_code());
  compare("type", error.server_type());
  compare("param", error.server_param());
  return words;
}

// Whether a call's arguments broke off, though not by the limit on tokens.
bool has_broken_call(const Json& expected)
{
  if (text_of(expected, "finish_reason") == "length")
    return false;
  for (const auto& call : expected.value("tool_calls", Json::array()))
    if (!call.value("arguments_valid_json", true) && !text_of(call, "arguments").empty())
      return true;
  return false;
}

// `expected` with a call by the former function_call, which the list does not know.
Json with_function_call(Json expected, const std::string& body)
{
  const auto answer = Json::parse(body, nullptr, false);
  const Json::json_pointer function("/choices/0/message/function_call");
  if (answer.is_object() && answer.contains(function)) {
    const auto& call = answer[function];
    if (const auto name = text_of(call, "name"); !name.empty())
      expected["tool_calls"].push_back(
          {{"id", ""},
           {"name", name},
           {"arguments_json", Json::parse(text_of(call, "arguments"))}});
  }
  return expected;
}

// The same for a stream that came in pieces of `size`.
std::string difference_of_stream(const Json& meta, const std::string& body, std::size_t size)
{
  const auto& expected = meta["expected"];
  const auto error = expected.value("error", Json());
  try {
    const auto result = support::read_stream_of(support::wire_of(meta), body, size);
    auto wrong = difference(expected, result.reply);
    if (!error.is_null())
      wrong += " is no error";
    if (result.deltas != result.reply.text || result.reasoning != result.reply.reasoning)
      wrong += " the deltas are not the text";
    if (result.events != expected["n_events"])
      wrong += " " + std::to_string(result.events) + " events";
    const bool should_be_complete =
        meta["wire"] == "anthropic"
            ? body.find("message_stop") != body.npos
            : !text_of(expected, "finish_reason").empty() || body.find("[DONE]") != body.npos;
    if (result.is_complete != should_be_complete)
      wrong += result.is_complete ? " is taken for complete" : " is taken for incomplete";
    return wrong;
  } catch (const Error& thrown) {
    if (thrown.kind() == ErrorKind::incomplete && has_broken_call(expected))
      return {};
    if (error.is_null())
      return std::string(" threw ") + thrown.what();
    auto wrong = difference(error, thrown, true);
    if (thrown.partial_text() != text_of(expected, "text"))
      wrong += " the text so far is \"" + thrown.partial_text() + '"';
    return wrong;
  }
}

std::string difference_of_chat(const Json& meta, std::string body)
{
  try {
    const auto expected = with_function_call(meta["expected"], body);
    return difference(expected, support::wire_of(meta).decode(body));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::incomplete && has_broken_call(meta["expected"]))
      return {};
    return std::string(" threw ") + error.what();
  }
}

}  // namespace

TEST_CASE("recorded whole replies are read as they are", "[recordings]")
{
  for_each_recording({"chat"}, "whole replies", &difference_of_chat);
}

TEST_CASE("recorded streams are read the same in every chunking", "[recordings]")
{
  for_each_recording({"stream"}, "streams", [](const Json& meta, const std::string& body) {
    for (const auto size : support::chunk_sizes)
      if (const auto wrong = difference_of_stream(meta, body, size); !wrong.empty())
        return " in pieces of " + std::to_string(size) + wrong;
    return std::string();
  });
}

TEST_CASE("recordings are read the same when they are written in other ways", "[recordings]")
{
  for_each_recording(
      {"chat", "stream"}, "written in other ways", [](const Json& meta, const std::string& body) {
        if (meta["kind"] == "chat")
          return difference_of_chat(meta, "\n \n" + support::varied(body, 2) + "\n");
        const auto other = support::varied_stream(body, meta["wire"] != "ollama");
        return difference_of_stream(meta, other, 0) + difference_of_stream(meta, other, 7);
      });
}

TEST_CASE("recorded errors have the server's message, code, type and parameter", "[recordings]")
{
  for_each_recording({"error"}, "errors", [](const Json& meta, const std::string& body) {
    ResponseHead head;
    head.status = meta["status"];
    for (const auto& field : meta["headers"])
      head.headers.emplace_back(field[0].get<std::string>(), field[1].get<std::string>());
    const auto error =
        head.status >= 400 ? provider::error_from_answer(head, body) : provider::hidden_error(body);
    const auto& expected = meta["expected"]["error"];
    // of what is not JSON we show a part, where the list has nothing
    const bool has_message = Json::accept(body) || !text_of(expected, "message").empty();
    auto wrong = difference(expected, error, has_message);
    // retry-after-ms, where it is there too, is more exact than what the list has
    const auto wait = text_of(meta["expected"], "retry_after");
    const bool is_exact = head.headers.find("retry-after-ms").has_value();
    if (!is_exact && error.retry_after().has_value() == wait.empty())
      wrong += " retry-after";
    return wrong;
  });
}

TEST_CASE("recorded embeddings have their count, size and first numbers", "[recordings]")
{
  for_each_recording({"embed"}, "embeddings", [](const Json& meta, const std::string& body) {
    try {
      auto copy = body;
      const auto got = support::wire_of(meta).decode_embeddings(copy);
      const auto& expected = meta["expected"];
      std::string wrong;
      if (got.vectors.size() != expected["count"])
        wrong += " count";
      for (const auto& vector : got.vectors)
        if (vector.size() != expected["dims"])
          wrong += " size " + std::to_string(vector.size());
      for (std::size_t i = 0; wrong.empty() && i < expected["first"].size(); ++i)
        if (got.vectors[0][i] != expected["first"][i].get<float>())
          wrong += " number " + std::to_string(i);
      if (got.model != text_of(expected, "model"))
        wrong += " model " + got.model;
      const auto tokens = expected["usage"].value("prompt_tokens", Json());
      if (tokens.is_number() && got.usage.input_tokens != tokens)
        wrong += " prompt_tokens";
      return wrong;
    } catch (const Error& error) {
      return std::string(" threw ") + error.what();
    }
  });
}

TEST_CASE("recorded lists of models have all names", "[recordings]")
{
  for_each_recording({"models"}, "lists of models", [](const Json& meta, const std::string& body) {
    try {
      auto copy = body;
      auto got = support::wire_of(meta).decode_models(copy).names;
      const auto& first = meta["expected"]["ids"];  // not always all of them
      if (got.size() != meta["expected"]["count"])
        return " count " + std::to_string(got.size());
      got.resize(first.size());
      return Json(got) == first ? std::string() : " " + Json(got).dump();
    } catch (const Error& error) {
      return std::string(" threw ") + error.what();
    }
  });
}

TEST_CASE("the recorded progress of a download is lines of JSON", "[recordings]")
{
  for_each_recording({"other"}, "others", [](const Json&, const std::string& body) {
    std::string wrong;
    for (const auto size : support::chunk_sizes) {
      stream::NdjsonDecoder decoder;
      std::string last;
      support::in_pieces(body, size, [&](std::string_view piece) {
        decoder.feed(piece, [&](const StreamEvent& event) {
          last = Json::parse(event.data).value("status", "");
        });
      });
      if (last != "success")
        wrong += " in pieces of " + std::to_string(size) + " it ends with " + last;
    }
    return wrong;
  });
}
