// The known providers, as data.
#pragma once

#include <string_view>

namespace asyncllm::provider {

enum class WireKind { ollama, openai };

struct Preset {
  std::string_view name;
  WireKind wire;
  std::string_view base_url;         ///< "": one must be given
  std::string_view url_variable;     ///< environment variable that replaces the URL
  std::string_view key_variable;     ///< environment variable that holds the API key
  bool needs_key;                    ///< without a key nothing works
  std::string_view elsewhere;        ///< the preset that holds for any other base URL
  std::string_view max_tokens_name;  ///< in the body, OpenAI's wire only
  std::string_view if_unreachable;   ///< advice
  std::string_view if_no_model;  ///< advice, the model's name is appended; "": where its list is
};

/// The preset of that name, null if there is none.
const Preset* find_preset(std::string_view name) noexcept;

/// Throws `Error{invalid_argument}` with the names there are, and the one that was probably meant.
const Preset& preset_named(std::string_view name);

}  // namespace asyncllm::provider
