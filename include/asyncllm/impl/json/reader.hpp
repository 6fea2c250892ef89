// Reads JSON with simdjson's on-demand interface, leniently: fields that are not read need not be
// valid, single bad characters become U+FFFD, anything else is an Error.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/repair.hpp>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <forward_list>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::json {

using Array = simdjson::ondemand::array;
using Object = simdjson::ondemand::object;
using Value = simdjson::ondemand::value;

/// The name of a field, for comparison with names that need no escape.
class Key {
 public:
  /// `name` ends with a quote, and at least SIMDJSON_PADDING bytes follow it.
  explicit Key(const char* name) noexcept : name_(name) {}

  bool operator==(std::string_view name) const noexcept
  {
    return name_[name.size()] == '"' && std::memcmp(name_, name.data(), name.size()) == 0;
  }

 private:
  const char* name_;
};

/// Reads one object after the other; keeps its memory between them.
class Reader {
 public:
  /// Calls `read` with the object in `text`. `read` visits all of its fields; it is called again
  /// from the start when the text had to be repaired. After the object only white space may follow.
  /// Throws `Error{bad_response}`. `text` gets spare bytes behind its end.
  template <class Read>
  void object(std::string& text, Read&& read)
  {
    try {
      bool is_repaired = false;
      unescaped_keys_.clear();
      has_halves_ = false;
      has_escapes_ = text.find("\\u") != text.npos;
      if (has_escapes_ && has_surrogate_escapes(text)) {
        text = keeps_halves_ ? repaired(text, has_halves_) : repaired(text);
        is_repaired = true;
      }
      try {
        attempt(text, read);
      } catch (const simdjson::simdjson_error& error) {
        if (error.error() != simdjson::UTF8_ERROR || is_repaired)
          throw;
        text = repaired(text);
        attempt(text, read);
      }
    } catch (const simdjson::simdjson_error& error) {
      throw Error(
          ErrorKind::bad_response,
          std::string("the response is not the expected JSON: ") + error.what());
    }
  }

  /// The same for text in the caller's memory.
  template <class Read>
  void object(std::string_view text, Read&& read)
  {
    copy_ = text;
    object(copy_, read);
  }

  /// From now on half of a surrogate pair at an end of a text may become a mark for a `HalfJoiner`,
  /// since the text continues in the next object.
  void keep_halves() noexcept { keeps_halves_ = true; }
  /// Whether there are such marks in the last object.
  bool has_halves() const noexcept { return has_halves_; }

  /// The name of a field of the object that is being read, the fast way if possible. Throws
  /// simdjson_error where the text has a syntax error instead of a field: simdjson reports it by
  /// the field, and reading on would give arbitrary values. Valid until the next object.
  Key key(simdjson::simdjson_result<simdjson::ondemand::field>& field) const
  {
    if (field.error())
      throw simdjson::simdjson_error(field.error());
    if (has_escapes_)  // there may be one in it
      return unescaped_key(field.value_unsafe());
    return Key(field.value_unsafe().key().raw());
  }

 private:
  template <class Read>
  void attempt(std::string& text, Read& read)
  {
    if (parser_.capacity() > kept_capacity && text.size() < kept_capacity)
      parser_ = simdjson::ondemand::parser();  // a huge text was an exception
    text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    auto document = parser_.iterate(text.data(), text.size(), text.capacity()).value();
    read(Object(document.get_object()));
    if (!document.current_location().error())  // an error is the end of the text
      throw simdjson::simdjson_error(simdjson::TRAILING_CONTENT);
  }

  Key unescaped_key(simdjson::ondemand::field& field) const;

  static constexpr std::size_t kept_capacity = 1 << 20;

  simdjson::ondemand::parser parser_;
  std::string copy_;
  mutable std::forward_list<std::string> unescaped_keys_;
  bool has_escapes_ = false, keeps_halves_ = false, has_halves_ = false;
};

/// For the body of an answer.
template <class Read>
void read_object(Reader& reader, std::string& text, Read&& read)
{
  if (text.starts_with("\xEF\xBB\xBF"))
    text.erase(0, 3);  // newer versions of simdjson skip a byte order mark, older ones do not
  reader.object(text, read);
}
template <class Read>
void read_object(std::string& text, Read&& read)
{
  Reader reader;
  read_object(reader, text, read);
}

/// The text; "" for null. Any other type is an error.
inline std::string_view text_or_null(Value value)
{
  return value.is_null() ? std::string_view() : value.get_string().value();
}

/// The text of a string, nothing for any other type. (Not inlined by itself where it is used
/// often.)
[[gnu::always_inline]] inline std::optional<std::string_view> text_if(Value value)
{
  if (value.type() != simdjson::ondemand::json_type::string)
    return std::nullopt;
  return value.get_string().value();
}

/// The text of a string, the digits of a number, "" for any other type.
std::string_view text_or_digits(Value value);

/// The value as JSON text, to be kept or sent back. Throws simdjson_error if it is not valid JSON:
/// simdjson only looks for its end.
std::string_view raw_json(Value value);

/// An integer, also one written as 3.0; nothing for any other type.
inline std::optional<std::int64_t> integer_if(Value value)
{
  if (value.type() != simdjson::ondemand::json_type::number)
    return std::nullopt;
  if (std::int64_t integer = 0; !value.get_int64().get(integer))
    return integer;
  simdjson::ondemand::number number;
  if (value.get_number().get(number)) {
    static_cast<void>(value.get_double().value());  // throws unless it is only beyond 64 bits
    return std::nullopt;
  }
  const double real = number.as_double();
  if (!(real > -9.2e18 && real < 9.2e18))
    return std::nullopt;
  return static_cast<std::int64_t>(real);
}

/// A count: a number that is not negative, cut to an integer, also one written as a string.
inline std::optional<std::int64_t> count_if(Value value)
{
  std::optional<std::int64_t> count;
  if (const auto text = text_if(value)) {
    std::int64_t number = 0;
    const auto* const end = text->data() + text->size();
    const auto result = std::from_chars(text->data(), end, number);
    if (result.ec == std::errc() && result.ptr == end)
      count = number;
  } else {
    count = integer_if(value);
  }
  return count && *count >= 0 ? count : std::nullopt;
}

inline bool is_object(Value value)
{
  return value.type() == simdjson::ondemand::json_type::object;
}

inline bool is_array(Value value)
{
  return value.type() == simdjson::ondemand::json_type::array;
}

}  // namespace asyncllm::json
