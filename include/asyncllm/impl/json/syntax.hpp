// Whether a text is JSON, strictly by RFC 8259.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1::json {

/// Checks the syntax of a JSON text that arrives in pieces, in one pass, whatever it means: numbers
/// of any size and duplicate names are valid. Strings are not checked for UTF-8.
class SyntaxChecker {
 public:
  /// Deeper nesting counts as a syntax error: many readers refuse it.
  static constexpr std::size_t max_depth = 512;

  void feed(std::string_view piece);
  /// Whether the text so far is one whole value.
  bool is_complete() const noexcept;
  /// Whether no continuation can make the text JSON.
  bool has_failed() const noexcept { return state_ == State::failed; }

 private:
  enum class State {
    value,          // a value must follow
    first_element,  // a value or ]
    first_name,     // a name or }
    name,           // a name
    colon,
    after_value,
    string,
    escape,
    unicode,  // digits of \uXXXX
    minus,
    zero,
    integer,
    point,
    fraction,
    exponent,
    exponent_sign,
    exponent_digits,
    literal,
    failed
  };

  void take(char c);
  void begin_value(char c);
  void open(char bracket, State next);
  void close(char bracket);
  void end_value() noexcept { state_ = State::after_value; }
  bool take_number(char c);
  void take_in_string(char c);
  void fail() noexcept { state_ = State::failed; }

  State state_ = State::value;
  std::vector<char> open_;    // the missing closing brackets
  bool is_name_ = false;      // the current string is one
  int digits_ = 0;            // missing digits of \uXXXX
  std::string_view literal_;  // the rest of true, false, null
};

/// Whether `text` is one JSON value in UTF-8 and nothing else: no byte order mark, no NUL after it.
bool is_json(std::string_view text);

/// The same, and that value is an object.
bool is_json_object(std::string_view text);

}  // namespace asyncllm::json
