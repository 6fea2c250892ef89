// The words of servers for the end of a reply: alone, in whole replies and in streams.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/provider/reply/finish_reasons.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include "openai_forms.hpp"
#include "stream_reader.hpp"
#include "test.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace asyncllm;

namespace forms = support::forms;

TEST_CASE("each host's finish reasons are known", "[provider]")
{
  const std::pair<FinishReason, std::vector<const char*>> words[] = {
      {FinishReason::stop,
       {"stop", "STOP", "eos", "eos_token", "end_turn", "stop_sequence", "complete", "COMPLETED"}},
      {FinishReason::length,
       {"length",
        "max_tokens",
        "MAX_TOKENS",
        "max_length",
        "max_output_tokens",
        "max_completion_tokens",
        "token_limit",
        "model_length",
        "model_context_window_exceeded"}},
      {FinishReason::tool_calls, {"tool_calls", "tool_call", "tool_use", "function_call"}},
      {FinishReason::content_filter,
       {"content_filter",
        "content_filtered",
        "guardrail_intervened",
        "sensitive",
        "ERROR_TOXIC",
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "MODEL_ARMOR",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION"}},
      {FinishReason::refusal, {"refusal"}},
      {FinishReason::error,
       {"error",
        "failed",
        "abort",
        "aborted",
        "cancelled",
        "canceled",
        "USER_CANCEL",
        "interrupted",
        "timeout",
        "TIME_LIMIT",
        "network_error",
        "server_error",
        "internal_error",
        "insufficient_system_resource",
        "ERROR_LIMIT",
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
        "malformed_tool_use",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
        "load",
        "unload"}},
      // pause_turn: the server wants the reply back to go on with it, which only a caller that
      // uses the server's own tools can decide. Gemini's OTHER says nothing.
      {FinishReason::unknown, {"", "null", "pause_turn", "OTHER", "something new"}},
  };
  for (const auto& [reason, its_words] : words)
    for (const std::string word : its_words) {
      INFO(word);
      CHECK(provider::finish_reason(word) == reason);
    }
}

TEST_CASE("a finish reason is read by every wire, and its word is kept", "[provider]")
{
  const std::pair<const char*, FinishReason> words[] = {
      {"max_tokens", FinishReason::length},
      {"sensitive", FinishReason::content_filter},
      {"refusal", FinishReason::refusal},
      {"network_error", FinishReason::error},
      {"something new", FinishReason::unknown}};
  for (const auto& [word, reason] : words) {
    INFO(word);
    const std::string name = word;
    std::string anthropic =
        R"({"content":[{"type":"text","text":"Hi"}],"stop_reason":")" + name + "\"}";
    std::string ollama =
        R"({"message":{"content":"Hi"},"done":true,"done_reason":")" + name + "\"}";
    const auto anthropic_stream =
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"" + name +
        "\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
    const auto ollama_stream = ollama + '\n';
    for (const auto& reply :
         {forms::whole(forms::message(R"("content":"Hi")", word)),
          forms::streamed({forms::delta(R"("content":"Hi")", word)}),
          provider::anthropic_wire().decode(anthropic),
          provider::ollama_wire().decode(ollama),
          support::read_stream_of(provider::anthropic_wire(), anthropic_stream).reply,
          support::read_stream_of(provider::ollama_wire(), ollama_stream).reply}) {
      CHECK(reply.finish_reason == reason);
      CHECK(reply.finish_reason_text == word);
    }
  }
}

// Else a stream that broke off would be taken for complete.
TEST_CASE("a finish reason that means null does not end a stream", "[provider]")
{
  for (const std::string word : {"", "null", "None", "not_finished", "FINISH_REASON_UNSPECIFIED"}) {
    INFO(word);
    const auto chunk = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"" +
                       word + "\"}]}\n\n";
    CHECK_FALSE(support::read_openai_stream(chunk + chunk).is_complete);
    const auto complete =
        support::read_openai_stream(chunk + "data: " + forms::delta("", "length") + "\n\n" + chunk);
    CHECK(complete.is_complete);
    CHECK(complete.reply.finish_reason == FinishReason::length);
  }
}

TEST_CASE("what a gateway's stop covers up is the reason", "[provider]")
{
  const auto end = [](const std::string& finish, const std::string& native) {
    return R"({"choices":[{"index":0,"delta":{"content":"Hi"},"message":{"content":"Hi"},)"
           R"("finish_reason":)" +
           finish + R"(,"native_finish_reason":")" + native + "\"}]}";
  };
  const auto is =
      [&](const char* finish, const char* native, FinishReason reason, const char* word) {
        INFO(finish << ' ' << native);
        const auto reply = forms::whole(end(finish, native));
        CHECK(reply.finish_reason == reason);
        CHECK(reply.finish_reason_text == word);
        if (*finish != 'n') {  // a chunk with null has no end
          const auto stream = forms::streamed({end(finish, native)});
          CHECK(stream.finish_reason == reason);
          CHECK(stream.finish_reason_text == word);
        }
      };
  is("\"stop\"", "network_error", FinishReason::error, "network_error");
  is("\"stop\"", "SAFETY", FinishReason::content_filter, "SAFETY");
  is("\"stop\"", "MAX_TOKENS", FinishReason::length, "MAX_TOKENS");
  is("\"stop\"", "refusal", FinishReason::refusal, "refusal");
  is("\"tool_calls\"", "MALFORMED_FUNCTION_CALL", FinishReason::error, "MALFORMED_FUNCTION_CALL");
  is("\"odd\"", "abort", FinishReason::error, "abort");
  is("null", "STOP", FinishReason::stop, "STOP");
  // The gateway's own word counts where both mean a complete reply, or it says less than that.
  is("\"stop\"", "completed", FinishReason::stop, "stop");
  is("\"tool_calls\"", "STOP", FinishReason::tool_calls, "tool_calls");
  is("\"tool_calls\"", "length", FinishReason::tool_calls, "tool_calls");
  is("\"stop\"", "something new", FinishReason::stop, "stop");
  is("\"length\"", "error", FinishReason::length, "length");
}

// A caller who runs tools must not run a call that a filter stopped half-way.
TEST_CASE("a call that a limit, a filter or a refusal cut is not handed on", "[provider]")
{
  const auto cut = R"("content":"So: ",)" + forms::call(R"("name":"f","arguments":"{\"a\":\"b")");
  const auto bare = forms::call(R"("name":"f","arguments":"")");
  for (const auto* const word : {"length", "content_filter", "refusal"})
    for (const auto& members : {cut, bare})
      for (const auto& reply :
           {forms::whole(forms::message(members, word)),
            forms::streamed({forms::delta(members), forms::delta("", word)})}) {
        INFO(word);
        CHECK(reply.tool_calls.empty());
        CHECK(reply.finish_reason_text == word);
      }
}
