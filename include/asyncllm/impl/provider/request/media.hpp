// Images, documents and recordings as the wires write them.
#pragma once

#include <asyncllm/model/part.hpp>

#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

/// The URL of `image`, or one that holds its bytes: "data:image/png;base64,...".
std::string url_of(const Image& image);
/// A URL that holds the bytes of `document`.
std::string data_url_of(const Document& document);
/// The bytes in base64.
std::string base64_of(std::string_view bytes);
/// The name that OpenAI's API has for the format: "wav", "mp3", or the MIME type's own.
std::string format_of(const Audio& audio);

}  // namespace asyncllm::provider
