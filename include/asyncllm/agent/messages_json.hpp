// Messages as JSON, to keep them in a file.
#pragma once

#include <asyncllm/core/export.hpp>
#include <asyncllm/model/message.hpp>

#include <string>
#include <string_view>

namespace asyncllm::inline v0_1 {

/// The messages as a JSON array: that of OpenAI's API, with further members for what it does not
/// have (`reasoning`, `native` and the like). Bytes of images are base64 in data: URLs. Invalid
/// UTF-8 becomes U+FFFD. Keys and options are no part of messages.
ASYNCLLM_EXPORT std::string messages_to_json(const Messages& messages);

/// The messages of such an array, or of a bare `messages` array of OpenAI's API.
///
/// Throws: `Error{invalid_argument}` that names the message: `messages[3]: a tool result without
/// its call`. Each call must have exactly one result, behind it, before the next message.
ASYNCLLM_EXPORT Messages messages_from_json(std::string_view json);

}  // namespace asyncllm
