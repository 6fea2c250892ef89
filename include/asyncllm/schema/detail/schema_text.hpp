// A JSON schema under construction.
#pragma once

#include <asyncllm/core/export.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1::schema::detail {

template <class T>
inline constexpr char type_id = 0;

/// Everything is written in place; only a type that contains itself becomes a definition.
class ASYNCLLM_EXPORT SchemaText {
 public:
  using TypeId = const void*;

  /// `refers_to_root`: whether a type that begins the text is all of it.
  explicit SchemaText(bool refers_to_root) : refers_to_root_(refers_to_root) {}

  void append(std::string_view json) { text_ += json; }
  void append_quoted(std::string_view text);
  std::size_t position() const noexcept { return text_.size(); }

  /// Whether a reference to the type was written, because it is being written or defined already.
  bool refer(TypeId type);
  void begin(TypeId type) { open_.push_back({type, text_.size(), {}}); }
  /// The type that was begun last is written.
  void end();

  /// Makes the schema that begins at `begin` allow null too.
  void make_nullable(std::size_t begin);
  /// Adds a description to the schema that begins at `begin`, unless that is a reference.
  void describe(std::size_t begin, std::string_view description);

  /// With all definitions. Call it once, at the end.
  std::string take();

 private:
  struct Type {
    TypeId id;
    std::size_t begin;
    std::string reference;  // "" as long as nothing refers to it
  };

  bool is_root(const Type& type) const { return refers_to_root_ && type.begin == 0; }

  std::string text_, definitions_;
  std::vector<Type> open_, defined_;
  int count_ = 0;
  bool refers_to_root_;
};

}  // namespace asyncllm::schema::detail
