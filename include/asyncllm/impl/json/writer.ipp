#include <asyncllm/impl/json/writer.hpp>

#include <array>
#include <simdjson.h>

namespace asyncllm::inline v0_1::json {
namespace {

// What follows the backslash; 'u' stands for \u00XX, 0 for characters that need no escape.
constexpr auto escapes = [] {
  std::array<char, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c)
    table[c] = 'u';
  table['"'] = '"';
  table['\\'] = '\\';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  return table;
}();

}  // namespace

void append_string(std::string& out, std::string_view text)
{
  constexpr char hex[] = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;  // the start of the run that needs no escapes
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const char escape = escapes[c];
    if (escape == 0)
      continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    out.append(1, '\\').append(1, escape);
    if (escape == 'u')
      out.append("00").append(1, hex[c >> 4]).append(1, hex[c & 15]);
  }
  out.append(text, plain).append(1, '"');
}

bool is_utf8(std::string_view text) noexcept
{
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace asyncllm::json
