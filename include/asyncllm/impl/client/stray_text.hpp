// What the body of a stream holds outside of its events: JSON documents, and words.
#pragma once

#include <asyncllm/impl/json/syntax.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::client {

/// Some servers and gateways interrupt a stream with an error, or send a chunk, as a bare JSON
/// document of one line or several; others with plain text. Each byte is read once.
class StrayText {
 public:
  /// `document_limit`: the longest document, in bytes.
  explicit StrayText(std::size_t document_limit) : limit_(document_limit) {}

  /// Takes a line without its end. Result: the document, an object or an array, that the line
  /// completes; it holds until the next call. Throws `Error{response_too_large}` for a document
  /// above the limit.
  std::optional<std::string_view> add(std::string_view line);

  /// No more lines follow: a document that is not complete becomes words.
  void end();

  /// Whether a document has begun that is not complete.
  bool has_open_document() const noexcept { return is_open_; }
  /// The lines that are not JSON: the first few kilobytes of them, separated by line feeds; "" when
  /// there are none.
  const std::string& words() const noexcept { return words_; }

 private:
  void add_words(std::string_view line);

  const std::size_t limit_;
  std::string document_, words_;
  json::SyntaxChecker syntax_;
  bool is_open_ = false;
};

}  // namespace asyncllm::client
