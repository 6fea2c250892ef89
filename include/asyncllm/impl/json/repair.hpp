// Repairs text with single invalid characters.
#pragma once

#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::json {

/// JSON text with every byte that is not UTF-8, and every `\uD800`-`\uDFFF` escape that is not half
/// of a pair, replaced by U+FFFD: no reply is lost because of one bad character.
std::string repaired(std::string_view text);

/// The same for one event of many: if the text of a reply begins or ends with half of a pair, as an
/// escape, the half becomes a mark for `HalfJoiner` instead, and `has_marks` is set. Such texts are
/// the members with the names that servers use: content, arguments and the like.
std::string repaired(std::string_view text, bool& has_marks);

/// Joins the halves of surrogate pairs in a text that arrives in pieces.
class HalfJoiner {
 public:
  /// The next piece of the text, which may hold marks: without them, with the pairs that they form,
  /// and U+FFFD for each lone half. A first half at the end waits for the next piece.
  std::string join(std::string_view piece);
  /// The text is over: U+FFFD if a half waits, else "".
  std::string rest();
  bool is_waiting() const noexcept { return first_ != 0; }

 private:
  unsigned first_ = 0;
};

/// Any text with every byte that is not UTF-8 replaced by U+FFFD.
std::string to_utf8(std::string_view text);

/// Whether `text` holds a surrogate escape at all, paired or not.
bool has_surrogate_escapes(std::string_view text) noexcept;

}  // namespace asyncllm::json
