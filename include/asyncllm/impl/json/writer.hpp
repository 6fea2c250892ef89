// Writes JSON text into a string, front to back: no tree, no copies, automatic commas.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::json {

/// Appends `text` as a JSON string, quotes included. `text` must be UTF-8.
void append_string(std::string& out, std::string_view text);

/// Whether `text` is well-formed UTF-8.
bool is_utf8(std::string_view text) noexcept;

/// A position in a JSON text under construction. The caller calls its functions in order: a key
/// before each value of an object, an end for each begin.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& begin_object() { return open('{'); }
  Writer& end_object() { return close('}'); }
  Writer& begin_array() { return open('['); }
  Writer& end_array() { return close(']'); }

  /// `name` is written as it is: it must need no escape.
  Writer& key(std::string_view name)
  {
    separate();
    out_.append(1, '"').append(name).append("\":");
    after_value_ = false;
    return *this;
  }

  Writer& value(std::string_view text)
  {
    separate();
    append_string(out_, text);
    return *this;
  }
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(bool flag) { return raw(flag ? "true" : "false"); }
  template <class Number>
    requires std::integral<Number> || std::floating_point<Number>
  Writer& value(Number number)
  {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, number).ptr;
    return raw({text, static_cast<std::size_t>(end - text)});
  }
  /// Appends a comma if one is needed. Call this before appending a value by other means.
  void begin_value() { separate(); }
  /// `text` is JSON already.
  Writer& raw(std::string_view text)
  {
    separate();
    out_.append(text);
    return *this;
  }

  template <class Value>
  Writer& member(std::string_view name, const Value& its_value)
  {
    return key(name).value(its_value);
  }
  /// Nothing when it is not set.
  template <class Optional>
  Writer& member_if(std::string_view name, const Optional& its_value)
  {
    return its_value ? member(name, *its_value) : *this;
  }

 private:
  Writer& open(char bracket)
  {
    separate();
    out_ += bracket;
    after_value_ = false;
    return *this;
  }
  Writer& close(char bracket)
  {
    out_ += bracket;
    after_value_ = true;
    return *this;
  }
  void separate()
  {
    if (after_value_)
      out_ += ',';
    after_value_ = true;
  }

  std::string& out_;
  bool after_value_ = false;
};

}  // namespace asyncllm::json
