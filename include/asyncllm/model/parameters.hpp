// The parameters of a request. One that is not set is not sent: the server's default applies.
#pragma once

#include <asyncllm/core/export.hpp>
#include <asyncllm/model/think_tags.hpp>
#include <asyncllm/model/tool_definition.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace asyncllm::inline v0_1 {

struct ASYNCLLM_EXPORT Parameters {
  std::optional<double> temperature;        ///< 0 to 2
  std::optional<int> max_tokens;            ///< of the answer, at least 1
  std::optional<double> top_p;              ///< 0 to 1
  std::optional<int> top_k;                 ///< at least 0
  std::optional<double> min_p;              ///< 0 to 1
  std::optional<double> presence_penalty;   ///< -2 to 2
  std::optional<double> frequency_penalty;  ///< -2 to 2
  std::optional<std::int64_t> seed;
  std::vector<std::string> stop;        ///< texts that end the answer
  std::optional<int> logprobs;          ///< number of alternatives for each token, 0 to 20
  std::optional<bool> think;            ///< whether to reason before the answer
  std::string effort;                   ///< how much: "low", "medium", "high", ...
  std::optional<int> thinking_budget;   ///< Anthropic: the most tokens to reason with, at least 1
  std::optional<ThinkTags> think_tags;  ///< what becomes of reasoning in the text
  std::optional<std::chrono::seconds> keep_alive;  ///< Ollama: how long the model stays loaded
  std::optional<int> context_length;               ///< Ollama's num_ctx, at least 1
  std::optional<bool> truncate;              ///< Ollama: false makes a too long prompt an error
  std::optional<bool> replace_invalid_utf8;  ///< send U+FFFD instead of throwing an error
  std::vector<ToolDefinition> tools;
  std::optional<ToolChoice> tool_choice;
  std::optional<bool> parallel_tools;  ///< whether one reply may hold several calls
  std::string answer_schema;           ///< the JSON schema of the answer
  std::string answer_name;             ///< of that schema
  std::optional<bool> json_mode;       ///< the answer is any JSON object
  std::string verbosity;               ///< "low", "medium", "high"
  std::string cache_key;               ///< of prompts that begin alike
  std::string service_tier;            ///< "auto", "flex", "priority", ...
  std::optional<bool> store;           ///< whether the server keeps the reply
  std::string extra;                   ///< a JSON object, merged last into the request

  bool operator==(const Parameters&) const = default;

  /// Takes over what `other` sets.
  void override_with(const Parameters& other)
  {
    const auto take = [](auto& mine, const auto& its) {
      if (its)
        mine = its;
    };
    take(temperature, other.temperature);
    take(max_tokens, other.max_tokens);
    take(top_p, other.top_p);
    take(top_k, other.top_k);
    take(min_p, other.min_p);
    take(presence_penalty, other.presence_penalty);
    take(frequency_penalty, other.frequency_penalty);
    take(seed, other.seed);
    take(logprobs, other.logprobs);
    take(think, other.think);
    take(thinking_budget, other.thinking_budget);
    take(think_tags, other.think_tags);
    take(keep_alive, other.keep_alive);
    take(context_length, other.context_length);
    take(truncate, other.truncate);
    take(replace_invalid_utf8, other.replace_invalid_utf8);
    take(tool_choice, other.tool_choice);
    take(parallel_tools, other.parallel_tools);
    take(json_mode, other.json_mode);
    take(store, other.store);
    const auto take_filled = [](auto& mine, const auto& its) {
      if (!its.empty())
        mine = its;
    };
    take_filled(stop, other.stop);
    take_filled(effort, other.effort);
    take_filled(tools, other.tools);
    take_filled(verbosity, other.verbosity);
    take_filled(cache_key, other.cache_key);
    take_filled(service_tier, other.service_tier);
    take_filled(extra, other.extra);
    if (!other.answer_schema.empty()) {
      answer_schema = other.answer_schema;
      answer_name = other.answer_name;
    }
  }

  /// Throws `Error{invalid_argument}` that names the first value out of range: "temperature(9):
  /// must be between 0 and 2". `setter_prefix` stands before the name; some providers allow less
  /// than 2 as `max_temperature`.
  void validate(const std::string& setter_prefix = "", double max_temperature = 2) const;
};

}  // namespace asyncllm
