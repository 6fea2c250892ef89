// A JSON text that was parsed, seen through a door that keeps the parser out of users' files.
#pragma once

#include <asyncllm/core/export.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1::schema::detail {

enum class Kind { null, boolean, integer, number, text, array, object };

/// A value within a `Document`, and the way to it, for errors. Lives on the stack of its reader.
class ASYNCLLM_EXPORT Node {
 public:
  Kind kind() const noexcept;
  bool boolean() const noexcept;
  /// Nothing when it is no integer, or beyond 64 bits; 1.0 is one.
  std::optional<std::int64_t> integer() const noexcept;
  std::optional<std::uint64_t> unsigned_integer() const noexcept;
  double number() const noexcept;
  const std::string& text() const noexcept;

  /// Of an array or object.
  std::size_t size() const noexcept;
  Node element(std::size_t index) const noexcept;
  /// The names of an object's members. They hold as long as the document.
  std::vector<std::string_view> names() const;
  std::optional<Node> find(std::string_view name) const;
  /// The value as it would be written.
  std::string json() const;

  /// Throws `Error{invalid_output}`: "$.days[2]: expected an integer, got \"two\"".
  [[noreturn]] void fail(std::string_view expected) const;
  /// Throws `Error{invalid_output}`: "$.date: " and the words.
  [[noreturn]] void fail_with(std::string_view words) const;
  /// Throws `Error{invalid_output}`: "$.city is missing".
  [[noreturn]] void fail_missing(std::string_view name) const;

 private:
  friend class Document;
  explicit Node(const void* json) : json_(json) {}
  Node(const void* json, const Node& parent, std::string_view name, std::size_t index)
      : json_(json), parent_(&parent), name_(name), index_(index)
  {}
  std::string path() const;

  const void* json_;
  const Node* parent_ = nullptr;
  std::string_view name_;  // in an object; else `index_` counts
  std::size_t index_ = 0;
};

class ASYNCLLM_EXPORT Document {
 public:
  /// Throws `Error{invalid_output}` when `text` is not one JSON value.
  explicit Document(std::string_view text);
  ~Document();
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  Node root() const noexcept;

 private:
  struct Tree;
  std::unique_ptr<Tree> tree_;
};

/// Appends `text` as a JSON string; invalid UTF-8 becomes U+FFFD.
ASYNCLLM_EXPORT void append_text(std::string& out, std::string_view text);
/// Appends the shortest number that reads back the same; null for what JSON cannot say.
ASYNCLLM_EXPORT void append_number(std::string& out, double number);

}  // namespace asyncllm::schema::detail
