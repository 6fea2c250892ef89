#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/agent/json_in_text.hpp>
#include <asyncllm/impl/json/syntax.hpp>

namespace asyncllm::inline v0_1::detail {
namespace {

// Where the object that begins `text` ends, by its braces alone; npos when it does not.
std::size_t end_of_object(std::string_view text) noexcept
{
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return text.npos;
}

// Removes the text up to the end of its first JSON object, and returns that object, or "".
std::string_view take_object(std::string_view& text)
{
  constexpr int most_tried = 16;  // each may be as long as the text
  for (int tried = 0; tried < most_tried; ++tried) {
    const auto begin = text.find('{');
    if (begin == text.npos)
      break;
    text.remove_prefix(begin);
    const auto end = end_of_object(text);
    const auto object = text.substr(0, end);
    if (end != text.npos && json::is_json(object)) {
      text.remove_prefix(end);
      return object;
    }
    text.remove_prefix(1);
  }
  return {};
}

}  // namespace

std::string_view json_object_in(std::string_view text)
{
  const auto whole = trim(text);
  if (json::is_json(whole))
    return whole;
  auto rest = text;
  const auto object = take_object(rest);
  if (object.empty())
    throw Error(ErrorKind::invalid_output, "the text is not JSON");
  if (!take_object(rest).empty())
    throw Error(ErrorKind::invalid_output, "the text holds more than one JSON object");
  return object;
}

}  // namespace asyncllm::detail
