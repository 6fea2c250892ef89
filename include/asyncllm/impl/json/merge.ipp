#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/json/merge.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace asyncllm::inline v0_1::json {
namespace {

// As written, the name with its quotes.
struct Member {
  std::string_view name, value;
};

// The length of the value at the start of valid JSON.
std::size_t length_of_value(std::string_view text)
{
  std::size_t depth = 0;
  bool is_quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (is_quoted) {
      if (c == '\\')
        ++at;
      else if (c == '"')
        is_quoted = false;
      if (!is_quoted && depth == 0)
        return at + 1;
    } else if (c == '"') {
      is_quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth > 0) {
      if ((c == '}' || c == ']') && --depth == 0)
        return at + 1;
    } else if (c == ',' || c == ':' || c == '}' || c == ']') {  // after a number or a literal
      return at;
    }
  }
  return text.size();
}

std::string_view take_value(std::string_view& text)
{
  text = detail::trim(text);
  const auto value = text.substr(0, length_of_value(text));
  text = detail::trim(text.substr(value.size()));
  return detail::trim(value);
}

std::vector<Member> members_of(std::string_view object)
{
  std::vector<Member> members;
  auto rest = detail::trim(detail::trim(object).substr(1));
  while (!rest.starts_with('}')) {
    const auto name = take_value(rest);
    rest.remove_prefix(1);  // the colon
    const auto value = take_value(rest);
    members.push_back({name, value});
    if (rest.starts_with(','))
      rest = detail::trim(rest.substr(1));
  }
  return members;
}

// The name as it reads.
std::string plain(std::string_view name)
{
  if (name.find('\\') == name.npos)
    return std::string(name);
  const auto parsed = nlohmann::json::parse(name, nullptr, false);
  return parsed.is_string() ? '"' + parsed.get<std::string>() + '"' : std::string(name);
}

void append(std::string& out, std::string_view name, std::string_view value)
{
  if (out.size() > 1)
    out += ',';
  out.append(name).append(":").append(value);
}

}  // namespace

std::string merged(std::string_view base, std::string_view other)
{
  struct New {
    std::string name;
    Member member;
    bool is_placed = false;
  };
  std::vector<New> all;
  const auto find = [&](const std::string& name) {
    return std::ranges::find(all, name, &New::name);
  };
  for (const auto& member : members_of(other)) {
    const auto name = plain(member.name);
    if (const auto known = find(name); known != all.end())
      known->member.value = member.value;
    else
      all.push_back({name, member});
  }
  std::string out = "{";
  for (const auto& [name, value] : members_of(base)) {
    const auto found = find(plain(name));
    if (found == all.end()) {
      append(out, name, value);
      continue;
    }
    found->is_placed = true;
    const auto& its_value = found->member.value;
    if (value.starts_with('{') && its_value.starts_with('{'))
      append(out, name, merged(value, its_value));
    else
      append(out, name, its_value);
  }
  for (const auto& [name, member, is_placed] : all)
    if (!is_placed)
      append(out, member.name, member.value);
  return out + '}';
}

}  // namespace asyncllm::json
