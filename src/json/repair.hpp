// Makes text usable that is right but for single characters.
#pragma once

#include <string>
#include <string_view>

namespace asyncllm::json {

/// JSON text with every byte that is no UTF-8, and every `\uD800`-`\uDFFF` escape that is not half
/// of a pair, replaced by U+FFFD: no reply is lost to one bad character.
std::string repaired(std::string_view text);

/// Any text with every byte that is no UTF-8 replaced by U+FFFD.
std::string to_utf8(std::string_view text);

/// Whether `text` holds a surrogate escape at all, paired or not.
bool has_surrogate_escapes(std::string_view text) noexcept;

}  // namespace asyncllm::json
