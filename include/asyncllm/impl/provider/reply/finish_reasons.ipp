#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/provider/reply/finish_reasons.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace asyncllm::inline v0_1::provider {
namespace {

// The usual word for a reason comes first: the table is searched in order.
constexpr std::pair<std::string_view, FinishReason> finish_words[] = {
    {"stop", FinishReason::stop},
    {"tool_calls", FinishReason::tool_calls},
    {"end_turn", FinishReason::stop},  // Anthropic
    {"tool_use", FinishReason::tool_calls},
    {"length", FinishReason::length},
    {"max_tokens", FinishReason::length},

    {"stop_sequence", FinishReason::stop},
    {"eos", FinishReason::stop},        // Together
    {"eos_token", FinishReason::stop},  // Text Generation Inference, watsonx
    {"complete", FinishReason::stop},   // Cohere
    {"completed", FinishReason::stop},

    {"max_output_tokens", FinishReason::length},
    {"max_completion_tokens", FinishReason::length},
    {"max_length", FinishReason::length},
    {"token_limit", FinishReason::length},                    // watsonx
    {"model_length", FinishReason::length},                   // Mistral
    {"model_context_window_exceeded", FinishReason::length},  // Anthropic, Z.ai, Bedrock

    {"tool_call", FinishReason::tool_calls},  // Cohere
    {"function_call", FinishReason::tool_calls},

    {"content_filter", FinishReason::content_filter},
    {"content_filtered", FinishReason::content_filter},      // Bedrock
    {"guardrail_intervened", FinishReason::content_filter},  // Bedrock
    {"sensitive", FinishReason::content_filter},             // Z.ai
    {"error_toxic", FinishReason::content_filter},           // Cohere
    {"safety", FinishReason::content_filter},                // Gemini, as the next ones
    {"recitation", FinishReason::content_filter},
    {"language", FinishReason::content_filter},
    {"blocklist", FinishReason::content_filter},
    {"prohibited_content", FinishReason::content_filter},
    {"spii", FinishReason::content_filter},
    {"model_armor", FinishReason::content_filter},
    {"image_safety", FinishReason::content_filter},
    {"image_prohibited_content", FinishReason::content_filter},
    {"image_recitation", FinishReason::content_filter},

    {"refusal", FinishReason::refusal},  // Anthropic

    {"error", FinishReason::error},  // OpenRouter, Mistral, vLLM, Cohere
    {"failed", FinishReason::error},
    {"abort", FinishReason::error},  // vLLM, SGLang
    {"aborted", FinishReason::error},
    {"cancelled", FinishReason::error},  // watsonx
    {"canceled", FinishReason::error},
    {"user_cancel", FinishReason::error},  // Cohere
    {"interrupted", FinishReason::error},
    {"timeout", FinishReason::error},                       // Cohere
    {"time_limit", FinishReason::error},                    // watsonx
    {"network_error", FinishReason::error},                 // Z.ai
    {"insufficient_system_resource", FinishReason::error},  // DeepSeek
    {"unexpected_tool_call", FinishReason::error},          // Gemini, as the next two
    {"too_many_tool_calls", FinishReason::error},
    {"missing_thought_signature", FinishReason::error},
    {"load", FinishReason::error},  // Ollama only loaded the model, or unloaded it
    {"unload", FinishReason::error},
};

constexpr std::string_view words_of_no_end[] = {
    "null",          // DashScope
    "none",          // null, by way of Python
    "not_finished",  // watsonx
    "unfinished",
    "in_progress",
    "finish_reason_unspecified",  // Gemini
};

// Servers have many words for failures: server_error, MALFORMED_FUNCTION_CALL (Gemini),
// malformed_tool_use (Bedrock), ERROR_LIMIT (Cohere).
constexpr bool names_failure(std::string_view word) noexcept
{
  const auto begins_with = [&](std::string_view part) {
    return detail::equal_ignoring_case(word.substr(0, part.size()), part);
  };
  const auto size = std::string_view("error").size();
  return begins_with("error") || begins_with("malformed_") ||
         (word.size() > size &&
          detail::equal_ignoring_case(word.substr(word.size() - size), "error"));
}

// Whether a gateway writes `reason` for an ending of the server that it does not know.
constexpr bool may_cover(FinishReason reason, FinishReason behind) noexcept
{
  switch (behind) {
    case FinishReason::unknown: return false;
    case FinishReason::error:
    case FinishReason::content_filter:
      return reason == FinishReason::stop || reason == FinishReason::tool_calls ||
             reason == FinishReason::unknown;
    case FinishReason::length:  // OpenRouter: beside tool_calls the calls are whole all the same
    case FinishReason::refusal:
      return reason == FinishReason::stop || reason == FinishReason::unknown;
    case FinishReason::stop:
    case FinishReason::tool_calls: return reason == FinishReason::unknown;
  }
  return false;
}

}  // namespace

FinishReason finish_reason(std::string_view word) noexcept
{
  const auto found = std::ranges::find_if(finish_words, [&](const auto& entry) {
    return detail::equal_ignoring_case(word, entry.first);
  });
  if (found != std::end(finish_words))
    return found->second;
  return names_failure(word) ? FinishReason::error : FinishReason::unknown;
}

bool ends_reply(std::string_view word) noexcept
{
  return !word.empty() && std::ranges::none_of(words_of_no_end, [&](std::string_view none) {
    return detail::equal_ignoring_case(word, none);
  });
}

FinishReason choose_finish(std::string_view& word, std::string_view native) noexcept
{
  const auto reason = finish_reason(word);
  if (native.empty())
    return reason;
  const auto behind = finish_reason(native);
  if (!may_cover(reason, behind))
    return reason;
  word = native;
  return behind;
}

}  // namespace asyncllm::provider
