// The known providers, as data.
#pragma once

#include <asyncllm/model/schema_support.hpp>
#include <asyncllm/model/think_tags.hpp>

#include <chrono>
#include <cstddef>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

enum class WireKind { ollama, openai, anthropic, responses };

/// How to switch thinking on or off on a host of OpenAI's wire.
enum class ThinkStyle {
  reasoning_effort,  ///< "reasoning_effort": "low", "none"
  reasoning_object,  ///< "reasoning": {"enabled": true, "effort": "low"}
  thinking_type,     ///< "thinking": {"type": "enabled"}, beside reasoning_effort
  template_kwargs,   ///< "chat_template_kwargs": {"enable_thinking": true}, beside reasoning_effort
};

struct Preset {
  std::string_view name;
  WireKind wire = WireKind::openai;

  // Where it is
  std::string_view base_url = "";      ///< "": one must be given
  std::string_view url_variable = "";  ///< environment variable that replaces the URL
  std::string_view url_suffix = "";    ///< behind the variable's value, if it is not there
  std::string_view elsewhere = "";     ///< the preset that holds for any other base URL

  // Credentials
  std::string_view key_variable = "";  ///< environment variable that holds the API key
  std::string_view key_url = "";       ///< where that goes by itself, "": to base_url
  std::string_view key_header = "Authorization";
  std::string_view key_prefix = "Bearer ";
  bool needs_key = false;  ///< its own URL requires a key
  std::string_view version_header = "", version = "";

  // What it supports
  std::string_view max_tokens_name = "max_tokens";
  std::string_view seed_name = "seed";
  std::string_view history_reasoning = "";  ///< the name of the reasoning in earlier turns
  bool has_samplers = false;                ///< top_k and min_p
  bool has_stream_options = true;
  bool knows_named_tool_choice = true;  ///< false: a named choice would be ignored
  SchemaSupport schemas = SchemaSupport::full;
  ThinkStyle think = ThinkStyle::reasoning_effort;
  std::string_view efforts = "none minimal low medium high xhigh max";  ///< the levels it has
  ThinkTags think_tags = ThinkTags::keep;  ///< split: it may leave the reasoning in the text
  /// Responses: the host shows a summary of the reasoning at most, if asked for it, and gives the
  /// reasoning itself encrypted, if asked for that, to have it back in the next turn.
  bool hides_reasoning = false;
  /// Responses: nothing may stand between two calls of a turn.
  bool needs_calls_together = false;
  double max_temperature = 2;
  std::size_t max_in_flight = 0;  ///< calls at once by default, 0: no limit
  /// The longest wait for an answer to begin. A host answers within minutes. A local server may
  /// serve one call at a time, while 64 wait, and take more than five minutes for each.
  std::chrono::milliseconds first_byte = std::chrono::minutes(10);
  bool has_queue = false;      ///< and refuses by a 503 what does not fit into it
  bool cuts_prompts = false;   ///< that are too long, silently
  int default_max_tokens = 0;  ///< sent if the caller sets none; 0: not sent

  // Advice
  std::string_view if_unreachable = "is the network up, and does it need a proxy?";
  std::string_view if_no_model = "";  ///< the model's name is appended; "": where its list is
};

/// The preset of that name, null if there is none.
const Preset* find_preset(std::string_view name) noexcept;

/// Throws `Error{invalid_argument}` with the known names, and the one that was probably meant.
const Preset& preset_named(std::string_view name);

}  // namespace asyncllm::provider
