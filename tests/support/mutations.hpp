// Every small syntax error in a JSON text: what a broken server or gateway may send.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

/// Where the tokens of `json` begin and end: structural characters, strings and other scalars.
inline std::vector<std::pair<std::size_t, std::size_t>> tokens_of(std::string_view json)
{
  constexpr std::string_view structural = "{}[],:", space = " \t\r\n";
  std::vector<std::pair<std::size_t, std::size_t>> tokens;
  for (std::size_t at = 0; at < json.size();) {
    auto end = at + 1;
    if (json[at] == '"') {
      while (end < json.size() && json[end] != '"')
        end += json[end] == '\\' ? 2 : 1;
      ++end;
    } else if (space.find(json[at]) != space.npos) {
      ++at;
      continue;
    } else if (structural.find(json[at]) == structural.npos) {
      end = json.find_first_of("{}[],: \t\r\n\"", at);
    }
    end = end < json.size() ? end : json.size();
    tokens.emplace_back(at, end);
    at = end;
  }
  return tokens;
}

/// Calls `use` with each text that differs from `json` by one mistake: a token left out, doubled or
/// replaced, something put between two tokens, a byte left out, or all from some byte on cut off.
template <class Use>
void for_each_mutation(const std::string& json, Use use)
{
  using namespace std::string_literals;
  static const std::string pieces[] = {
      "{",  "}",   "[",    "]",   ",",    ":",     "\"",           "\\",
      "x",  " x ", "0",    "-",   "null", "\"a\"", "\"a\":",       "\"a\":1,",
      "{}", "[]",  "/**/", "\0"s, "\1"s,  "\xff"s, "\xEF\xBB\xBF"s};
  const auto with = [&](std::size_t from, std::size_t to, const std::string& piece) {
    use(std::string(json).replace(from, to - from, piece));
  };
  for (const auto& [begin, end] : tokens_of(json)) {
    const auto token = json.substr(begin, end - begin);
    with(begin, end, "");
    with(end, end, token);
    for (const auto& piece : pieces) {
      with(begin, end, piece);
      with(begin, begin, piece);
      with(end, end, piece);
    }
  }
  for (std::size_t at = 0; at < json.size(); ++at) {
    with(at, at + 1, "");
    use(json.substr(0, at));
  }
}

}  // namespace support
