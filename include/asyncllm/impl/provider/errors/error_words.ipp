#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/provider/errors/error_words.hpp>
#include <asyncllm/impl/provider/errors/seconds.hpp>

#include <algorithm>
#include <span>
#include <utility>

namespace asyncllm::inline v0_1::provider {
namespace {

using Words = std::string_view;

// Whether `words` has the parts of `phrase`, which stars separate, one after the other.
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
    "context_length_exceeded",
    "max_prompt_tokens_exceeded",
    "context overflow",
    "context the overflows",
    "context is too long",
    "maximum context length",
    "maximum context limit",
    "max context length",
    "maximum model length",
    "maximum prompt length",
    "maximum input length is*tokens",
    "exceeds maximum input length",
    "exceeds max length",
    "exceeds max_input_len",
    "exceed max message tokens",
    "exceeds maximum allowed input length",
    "exceeded maximum allowed input length",
    "max input characters",
    "token limit exceeded",
    "model's context length is only",
    "current length is*while limit is",
    "longer than the context length",
    "longer than the model's context length",
    "greater than the context length",
    "input tokens exceed",
    "input tokens*cannot exceed",
    "input token count*exceed",
    "input token count*only supports up to",
    "requested tokens*exceed",
    "`inputs` must have less than*tokens",
    "`inputs` tokens + `max_new_tokens` must be",
    "prompt token count*exceeds the limit",
    "range of input length should be",
    "input is too long",
    "input length too long",
    "input token length too long",
    "input*is too large to process",
    "prompt is too long",
    "prompt too long",
    "prompt tokens too long",
    "too many tokens",
    "too many input tokens",
    "reduce the length of the messages",
    "reduce the length of the prompt",
    "reduce the length of the input",
    "max size: * tokens",
};

// A rate, in whatever words about tokens.
constexpr Words rate_phrases[] = {
    "per minute",
    "per day",
    "rate limit",
    "rate_limit",
    "throttl",
    "too many requests",
    "please wait",
};

// Phrases about a price or a balance; a "quota" alone may be per minute.
constexpr Words quota_phrases[] = {
    "insufficient_quota",
    "insufficient_balance",
    "insufficient_credits",
    "insufficient balance",
    "insufficient credit",
    "insufficient funds",
    "insufficient account balance",
    "insufficient_funds",
    "insufficient_user_quota",
    "balance is insufficient",
    "balance is not enough",
    "balance is too low",
    "not enough balance",
    "not_enough_balance",
    "no remaining balance",
    "negative balance",
    "exceeded_current_quota",
    "billing_hard_limit_reached",
    "billing hard limit",
    "billing_not_active",
    "billing_error",
    "billing_not_enabled",
    "billing to be enabled",
    "billing is not enabled",
    "billing is disabled",
    "access_terminated",
    "account is not active",
    "not enough credits",
    "more credits",
    "out of credits",
    "used all available credits",
    "no credits",
    "any credits",
    "credits have been exhausted",
    "credits are depleted",
    "credits exhausted",
    "purchase credits",
    "add credits",
    "monthly included credits",
    "monthly quota",
    "monthly usage limit",
    "daily free allocation",
    "free tier of the model has been exhausted",
    "freetieronly",
    "premium request allowance",
    "key limit exceeded",
    "spending limit",
    "spend limit",
    "please recharge",
    "please top up",
    "in good standing",
    "arrearage",
    "overdue-payment",
    "overdue payment",
    "payment required",
    "payment_required",
    "余额不足",  // Z.ai and SiliconFlow: insufficient balance
    "欠费",      // arrears
};

// Each beside the word "model".
constexpr Words missing_phrases[] = {
    "not found",
    "not exist",
    "unknown model",
    "unknown_model",
    "no such model",
    "model not supported",
    "model_not_supported",
    "model_not_available",
    "modelnotfound",
    "could not find model",
    "cannot find model",
    "unable to access model",
    "unable to access non-serverless model",
    "no models loaded",
    "model identifier is invalid",
    "model names are",
    "no model named",
    "not a valid model",
    "invalid model name passed",
    "invalid model id",
    "invalid model:",
    "decommissioned",
    "model*is deprecated",
    "model*been deprecated",
    "model*retired",
    "model*discontinued",
    "model*shut down",
    "model*end of life",
    "model*end of its life",
    "no longer available",
    "model*no longer supported",
    "model*is not available",
    "unsupported model:",
    "has no access to model",
    "requested model*is not supported",
    "model*is not supported by any provider",
    "model*is not supported by provider",
};

constexpr Words incapable_phrases[] = {
    // the model
    "does not support tool",
    "does not support function",
    "does not support thinking",
    "does not support reasoning",
    "does not support chat",
    "does not support generate",
    "does not support completion",
    "does not support embed",
    "does not support insert",
    "does not support image",
    "does not support vision",
    "does not support multimodal",
    "does not support audio",
    "does not support video",
    "does not support pdf",
    "does not support file input",
    "does not support document",
    "does not support structured output",
    "does not support response format",
    "does not support response_format",
    "does not support json",
    "does not support logprobs",
    "does not support system",
    "does not support developer",
    "does not support assistant message prefill",
    "does not support streaming",
    "does not support the effort parameter",
    "tool use is not supported",
    "tool use is not available",
    "tools are not supported",
    "tools is not supported",
    "`tools` is not supported",
    "tool calling is not supported",
    "tool calling` is not supported",
    "function calling is not",
    "thinking is not supported",
    "reasoning is not supported",
    "structured outputs is not supported",
    "structured outputs are not supported",
    "response_format' of type*is not supported",
    "response_format type is unavailable",
    "image input is not supported",
    "image inputs are not supported",
    "images are not supported",
    "vision is not supported",
    "audio input is not supported",
    "system role not supported",
    "system role is not supported",
    "image_url is only supported by",
    "only supports single tool-calls",
    "instruction is not enabled for",
    "json mode is not enabled for",
    "not allowed to generate embeddings",
    "not a chat model",
    "not an embedding model",
    "is not a multimodal model",
    "at most 0 image",
    // the server
    "no endpoints found that support",
    "requires --enable-auto-tool-choice",
    "requires --jinja",
    "start it with `--",
};

constexpr Words busy_phrases[] = {
    "overloaded",
    "at capacity",
    "server is busy",
    "temporarily unavailable",
};

constexpr Words key_phrases[] = {
    "invalid api key",
    "invalid api-key",
    "invalid key",
    "invalid token",
    "incorrect api key",
    "api key not valid",
    "authentication error",
    "authentication failed",
    "unauthorized",
};

constexpr Words filter_phrases[] = {
    "content_filter",
    "content_policy_violation",
    "responsibleaipolicyviolation",
    "new_sensitive",  // MiniMax
    "result of our safety system",
};

// Ollama answers 500 to all of these.
constexpr Words vain_phrases[] = {
    "requires more system memory",
    "out of memory",
    "failed to allocate",
    "unable to allocate",
    "unsupported value: nan",
    "invalid format",
    "must be of type",
    "invalid option",
    "invalid json schema",
    "process has terminated",
    "process no longer running",
    "timed out waiting for llama",
    "unknown model architecture",
    "unsupported model architecture",
    "unable to load model",
    "invalid file magic",
    "failed to load model vocabulary",
    "failed to parse grammar",
    "template: ",
    "template error",
    "jinja exception",
    "failed to apply template",
    "parser for this template",
};

}  // namespace

std::string words_of(const ServerError& error)
{
  constexpr std::size_t longest = 8 * 1024;  // at either end: the middle may be an echo
  std::string words;
  for (const Words text : {error.message, error.behind, error.code, error.type}) {
    words.append(text.substr(0, longest));
    if (text.size() > longest)
      words.append(text.substr(std::max(longest, text.size() - longest)));
    words += ' ';
  }
  return detail::to_lower(words);
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
  return has_any(words, overflow_phrases) && !has_any(words, rate_phrases);
}

bool is_out_of_quota(const ServerError& error, std::string_view words)
{
  return error.code == "1113" ||   // Z.ai: no balance
         error.code == "30001" ||  // SiliconFlow: the same
         has_any(words, quota_phrases);
}

int status_in_words(const ServerError& error, std::string_view words)
{
  if (is_missing_model(error, words))
    return 404;
  if (has_any(words, rate_phrases))
    return 429;
  if (has_any(words, busy_phrases))
    return 503;
  return has_any(words, key_phrases) ? 401 : 500;
}

bool is_missing_model(const ServerError& error, std::string_view words)
{
  if (error.type == "not_found_error" && words.starts_with("model:"))  // Anthropic
    return true;
  if (error.code == "model_not_found" || error.code == "model_decommissioned" ||
      error.code == "DeploymentNotFound" ||          // Azure
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

// Removes "2.5s", "20 seconds" or "1m" from the front of `text`.
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
  constexpr Words before[] = {
      "try again in ",
      "try again after ",
      "retry in ",
      "retry after ",
      "wait ",
      "wait for ",
      "reset after ",
      "resets after ",
      "reset in ",
      "resets in "};
  constexpr Words roughly[] = {"about ", "approximately ", "another ", "at least "};
  for (const Words phrase : before)
    for (auto at = words.find(phrase); at != words.npos; at = words.find(phrase, at + 1)) {
      auto text = words.substr(at + phrase.size());
      for (const Words word : roughly)
        if (text.starts_with(word))
          text.remove_prefix(word.size());
      std::optional<std::chrono::milliseconds> total;
      for (auto part = take_duration(text); part; part = take_duration(text)) {
        total = total.value_or(std::chrono::milliseconds(0)) + *part;
        text.remove_prefix(text.starts_with(' ') ? 1 : 0);  // "1 minute 5 seconds"
      }
      if (total)
        return std::min(*total, longest_wait);
    }
  return std::nullopt;
}

}  // namespace asyncllm::provider
