// Makes text usable that is right but for single characters.
#pragma once

#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::json {

/// JSON text with every byte that is no UTF-8, and every `\uD800`-`\uDFFF` escape that is not half
/// of a pair, replaced by U+FFFD: no reply is lost to one bad character.
std::string repaired(std::string_view text);

/// The same for one event of many: where the text of a reply begins or ends with half of a pair, as
/// an escape, the half becomes a mark for `HalfJoiner` instead, and `has_marks` is set. Such texts
/// are the members of the names by which servers call them: content, arguments and the like.
std::string repaired(std::string_view text, bool& has_marks);

/// Joins the halves of surrogate pairs in a text that comes in pieces.
class HalfJoiner {
 public:
  /// The next piece of the text, which may hold marks: without them, with the pairs that they make
  /// up, and U+FFFD for each half that is alone. A first half at the end waits for the next piece.
  std::string join(std::string_view piece);
  /// Nothing more comes: U+FFFD if a half waits, else "".
  std::string rest();
  bool is_waiting() const noexcept { return first_ != 0; }

 private:
  unsigned first_ = 0;
};

/// Any text with every byte that is no UTF-8 replaced by U+FFFD.
std::string to_utf8(std::string_view text);

/// Whether `text` holds a surrogate escape at all, paired or not.
bool has_surrogate_escapes(std::string_view text) noexcept;

}  // namespace asyncllm::json
