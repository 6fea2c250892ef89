// The parts of a message beyond its first text.
#pragma once

#include <asyncllm/core/export.hpp>

#include <string>
#include <utility>
#include <variant>

namespace asyncllm::inline v0_1 {

/// An image for the model: its bytes, or its URL.
struct Image {
  std::string bytes, mime_type;  ///< "image/png" for instance
  std::string url;               ///< instead of bytes
};

/// A document for the model: its bytes, or its URL. Every API that takes documents takes
/// "application/pdf"; some take "text/plain" and others.
struct Document {
  std::string bytes, mime_type;
  std::string name;  ///< that the model sees, such as "report.pdf"
  std::string url;   ///< instead of bytes
};

/// A recording for the model.
struct Audio {
  std::string bytes, mime_type;  ///< "audio/wav" or "audio/mpeg", and what else a host takes
};

/// A further part of a message.
using Part = std::variant<std::string, Image, Document, Audio>;

/// The MIME type by the first bytes: that of PNG, JPEG, GIF, WebP, PDF, WAV, MP3, Ogg and FLAC;
/// "text/plain" for bytes without control characters; else "".
ASYNCLLM_EXPORT std::string mime_type_of(const std::string& bytes);

/// The part that the file is by its content, named as the file without its folders. Blocks while it
/// reads.
/// Throws: `Error{invalid_argument}` when it cannot be read, is empty, or is of a kind that
/// `mime_type_of` does not know.
ASYNCLLM_EXPORT Part part_from_file(const std::string& path);

}  // namespace asyncllm
