// Base64 (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::detail {

/// Appends `bytes`, with padding.
void append_base64(std::string& out, std::string_view bytes);

/// The bytes, with or without padding; nothing when `text` has another character.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace asyncllm::detail
