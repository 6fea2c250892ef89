#include "provider/error_words.hpp"

#include <asyncllm/core/text.hpp>

#include "provider/retry_after.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace asyncllm::provider {
namespace {

using Words = std::string_view;

// Whether `words` has the parts of `phrase`, which stars divide, one behind the other.
bool has_phrase(Words words, Words phrase)
{
  while (!phrase.empty()) {
    const auto star = std::min(phrase.find('*'), phrase.size());
    const auto part = phrase.substr(0, star);
    const auto at = words.find(part);
    if (at == words.npos)
      return false;
    words.remove_prefix(at + part.size());
    phrase.remove_prefix(std::min(star + 1, phrase.size()));
  }
  return true;
}

bool has_any(Words words, std::span<const Words> phrases)
{
  return std::ranges::any_of(phrases, [&](Words phrase) { return has_phrase(words, phrase); });
}

// Seen from OpenAI, Azure, Anthropic, Google, xAI, Groq, Mistral, Moonshot, MiniMax, DashScope,
// Bedrock, Copilot, vLLM, SGLang, TGI, llama.cpp, LM Studio, Ollama and gateways before them.
constexpr Words overflow_phrases[] = {
    "exceed context limit",
    "exceed* context window",
    "exceeds the context length",
    "exceeds the available context size",
    "exceeds the maximum context",
    "exceeds the maximum number of tokens allowed",
    "exceeds the maximum allowed input length",
    "exceeds the model's context",
    "exceeds the model's maximum",
    "exceeded max context length",
    "exceeded model token limit",
    "context length exceeded",
    "context size exceeded",
    "context size has been exceeded",
    "context window exceed",
    "context_window_exceeded",
    "maximum context length",
    "maximum context limit",
    "max context length",
    "maximum model length",
    "maximum prompt length",
    "maximum input length is*tokens",
    "current length is*while limit is",
    "longer than the context length",
    "longer than the model's context length",
    "greater than the context length",
    "input tokens exceed the configured limit",
    "`inputs` tokens + `max_new_tokens` must be",
    "prompt token count*exceeds the limit",
    "range of input length should be",
    "input is too long",
    "prompt is too long",
    "prompt too long",
    "too many tokens",
    "too many input tokens",
    "reduce the length of the messages",
    "reduce the length of the prompt",
    "reduce the length of the input",
    "max size: * tokens",
};

// Phrases for a price or a balance; a "quota" alone may be one a minute.
constexpr Words quota_phrases[] = {
    "insufficient_quota",
    "insufficient_balance",
    "insufficient_credits",
    "insufficient balance",
    "insufficient credit",
    "insufficient funds",
    "insufficient account balance",
    "exceeded_current_quota",
    "billing_hard_limit_reached",
    "billing hard limit",
    "billing_not_active",
    "billing_error",
    "access_terminated",
    "credit balance is too low",
    "account is not active",
    "not enough credits",
    "more credits",
    "out of credits",
    "used all available credits",
    "no credits",
    "monthly included credits",
    "key limit exceeded",
    "spending limit",
    "spend limit",
    "please recharge",
    "arrearage",
    "overdue-payment",
    "overdue payment",
    "payment required",
};

// Each beside the word "model".
constexpr Words missing_phrases[] = {
    "not found",
    "not exist",
    "unknown model",
    "no such model",
    "no model named",
    "not a valid model",
    "invalid model name passed",
    "invalid model id",
    "decommissioned",
    "model has been deprecated",
    "no longer available",
    "model is not available",
    "has no access to model",
    "requested model*is not supported",
};

constexpr Words incapable_phrases[] = {
    "does not support tools",        "does not support tool",
    "does not support function",     "does not support thinking",
    "does not support reasoning",    "does not support chat",
    "does not support generate",     "does not support completion",
    "does not support embed",        "does not support insert",
    "does not support image",        "does not support vision",
    "does not support multimodal",   "does not support audio",
    "tool use is not supported",     "tools are not supported",
    "tools is not supported",        "`tools` is not supported",
    "tool calling is not supported", "function calling is not",
    "image input is not supported",  "images are not supported",
    "audio input is not supported",  "no endpoints found that support",
    "is not a multimodal model",     "not a chat model",
    "not an embedding model",
};

constexpr Words filter_phrases[] = {
    "content_filter",
    "content_policy_violation",
    "responsibleaipolicyviolation",
    "new_sensitive",  // MiniMax
    "result of our safety system",
};

// Ollama's, which answers 500 to them all.
constexpr Words vain_phrases[] = {
    "requires more system memory",
    "invalid format",
    "must be of type",
    "invalid option",
    "process has terminated",
    "timed out waiting for llama",
    "unknown model architecture",
    "unsupported model architecture",
    "unable to load model",
    "invalid file magic",
    "failed to load model vocabulary",
    "failed to parse grammar",
    "template: ",
    "template error",
};

}  // namespace

std::string words_of(const ServerError& error)
{
  return to_lower(error.message + ' ' + error.behind + ' ' + error.code + ' ' + error.type);
}

bool is_context_overflow(const ServerError& error, std::string_view words)
{
  if (error.code == "string_above_max_length")
    return false;
  for (const Words code :
       {"context_length_exceeded",
        "exceed_context_size_error",
        "too_many_prompt_tokens",
        "tokens_limit_reached"})
    if (error.code == code || error.type == code)
      return true;
  return has_any(words, overflow_phrases);
}

bool is_out_of_quota(const ServerError& error, std::string_view words)
{
  return error.code == "1113" ||  // Z.ai: no balance
         has_any(words, quota_phrases);
}

bool is_missing_model(const ServerError& error, std::string_view words)
{
  if (error.type == "not_found_error" && words.starts_with("model:"))  // Anthropic
    return true;
  if (error.code == "model_not_found" || error.code == "model_decommissioned" ||
      words.starts_with("no endpoints found for "))  // OpenRouter
    return true;
  return words.find("model") != words.npos && has_any(words, missing_phrases);
}

bool is_incapable(std::string_view words)
{
  return has_any(words, incapable_phrases);
}

bool is_filtered(std::string_view words)
{
  return has_any(words, filter_phrases);
}

bool is_queue_full(std::string_view words)
{
  return has_phrase(words, "server busy");
}

bool is_in_vain(std::string_view words)
{
  return has_any(words, vain_phrases);
}

namespace {

// Takes "2.5s", "20 seconds" or "1m" off the front of `text`.
std::optional<std::chrono::milliseconds> take_duration(std::string_view& text)
{
  auto digits = text.substr(0, std::min(text.find_first_not_of("0123456789."), text.size()));
  while (digits.ends_with('.'))
    digits.remove_suffix(1);
  auto rest = text.substr(digits.size());
  if (rest.starts_with(' '))
    rest.remove_prefix(1);
  const auto letters = std::min(rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), rest.size());
  const auto unit = rest.substr(0, letters);
  constexpr std::pair<Words, int> units[] = {
      {"ms", 0},
      {"millisecond", 0},
      {"milliseconds", 0},
      {"s", 1},
      {"sec", 1},
      {"secs", 1},
      {"second", 1},
      {"seconds", 1},
      {"m", 60},
      {"min", 60},
      {"mins", 60},
      {"minute", 60},
      {"minutes", 60},
      {"h", 3600},
      {"hour", 3600},
      {"hours", 3600},
  };
  const auto known = std::ranges::find(units, unit, &std::pair<Words, int>::first);
  const auto count = seconds(digits);
  if (known == std::end(units) || !count)
    return std::nullopt;
  text = rest.substr(letters);
  return known->second == 0 ? *count / 1000 : std::min(*count * known->second, longest_wait);
}

}  // namespace

std::optional<std::chrono::milliseconds> wait_in_words(std::string_view words)
{
  for (const Words before :
       {"try again in ", "try again after ", "retry in ", "retry after ", "please wait "}) {
    const auto at = words.find(before);
    if (at == words.npos)
      continue;
    auto text = words.substr(at + before.size());
    std::optional<std::chrono::milliseconds> total;
    while (const auto part = take_duration(text))
      total = total.value_or(std::chrono::milliseconds(0)) + *part;
    if (total)
      return std::min(*total, longest_wait);
  }
  return std::nullopt;
}

}  // namespace asyncllm::provider
