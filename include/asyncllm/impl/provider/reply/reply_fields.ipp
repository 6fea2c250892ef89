#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>

#include <initializer_list>
#include <optional>
#include <utility>

namespace asyncllm::inline v0_1::provider {

namespace {

// Whether a member of an error is not empty. Nested values are not examined: an object counts, a
// list (of details) alone does not.
bool has_content(json::Value value)
{
  using Type = simdjson::ondemand::json_type;
  switch (value.type().value()) {
    case Type::string: return !value.get_string().value().empty();
    case Type::number: return value.get_double().value() != 0;
    case Type::boolean: return value.get_bool().value();
    case Type::object: return true;
    default: return false;
  }
}

bool append_part(json::Value part, ContentTexts& texts, bool may_nest);

// A text is a string, null, a list of parts (thinking, of Mistral) or {"value": "..."}.
void append_text(json::Value value, std::string& into, bool may_nest)
{
  if (json::is_array(value) && may_nest) {
    ContentTexts inner;
    for (json::Value part : value.get_array())
      append_part(part, inner, false);
    into += inner.text;
  } else if (json::is_object(value)) {
    for (auto field : value.get_object())
      if (const std::string_view key = field.unescaped_key(); key == "value")
        into += json::text_if(field.value()).value_or("");
  } else {
    into += json::text_or_null(value);
  }
}

// Result: whether it is a part at all.
bool append_part(json::Value part, ContentTexts& texts, bool may_nest)
{
  if (!json::is_object(part)) {
    texts.text += json::text_or_null(part);
    return true;
  }
  std::string text;
  bool is_part = false, is_reasoning = false;
  for (auto field : part.get_object()) {
    const std::string_view key = field.unescaped_key();
    json::Value value = field.value();
    is_part |= key == "type" || key == "text";
    if (key == "text")
      append_text(value, text, may_nest);
    else if (key == "thinking" || key == "reasoning")
      append_text(value, texts.thinking, may_nest);
    else if (key == "refusal")
      append_text(value, texts.refusal, may_nest);
    else if (key == "type") {
      const auto type = json::text_if(value).value_or("");
      is_reasoning = type == "reasoning" || type == "thinking" || type == "reasoning_text";
    }
  }
  (is_reasoning ? texts.thinking : texts.text) += text;
  return is_part;
}

}  // namespace

bool is_error(json::Value value)
{
  if (json::is_array(value))
    return true;
  if (!json::is_object(value))
    return has_content(value);
  bool says_something = false;
  for (auto member : value.get_object())
    says_something |= has_content(member.value());
  return says_something;
}

bool is_refused(json::Value base_resp)
{
  bool refused = false;
  if (json::is_object(base_resp))
    for (auto member : base_resp.get_object())
      if (member.unescaped_key().value() == "status_code")
        refused = json::integer_if(member.value()).value_or(0) != 0;
  return refused;
}

bool merge_usage(Usage& usage, const Usage& later)
{
  bool says_more = later.reported && !usage.reported;
  usage.reported = usage.reported || later.reported;
  for (const auto count : detail::usage_counts)
    if (later.*count != 0 && later.*count != usage.*count) {
      usage.*count = later.*count;
      says_more = true;
    }
  return says_more;
}

void append_content(json::Value value, ContentTexts& texts)
{
  if (!json::is_array(value)) {
    if (!append_part(value, texts, true))
      throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
    return;
  }
  for (json::Value part : value.get_array())
    append_part(part, texts, true);
}

void read_token_list(json::Value value, std::vector<TokenLogprob>& tokens)
{
  tokens.clear();  // of a member that comes twice the last one counts
  if (!json::is_array(value))
    return;
  const auto read = [](std::string_view key, json::Value member, TokenProbability& token) {
    if (key == "token")
      token.token = json::text_if(member).value_or("");
    else if (key == "logprob")
      if (double number = 0; !member.get_double().get(number))  // not so "-Infinity", from Python
        token.logprob = number;
  };
  for (json::Value item : value.get_array()) {
    if (!json::is_object(item))
      continue;
    TokenLogprob token;
    for (auto field : item.get_object()) {
      const std::string_view key = field.unescaped_key();
      if (key != "top_logprobs") {
        read(key, field.value(), token);
        continue;
      }
      if (!json::is_array(field.value()))
        continue;
      for (json::Value other : field.value().get_array()) {
        if (!json::is_object(other))
          continue;
        TokenProbability alternative;
        for (auto member : other.get_object())
          read(member.unescaped_key().value(), member.value(), alternative);
        token.top.push_back(std::move(alternative));
      }
    }
    tokens.push_back(std::move(token));
  }
}

void append_elements(std::string& array, std::string_view more)
{
  if (array.empty())
    array = more;
  else if (more != "[]")
    array.replace(array.size() - 1, 1, ",").append(more.substr(1));
}

void append_array(json::Value value, std::string& into)
{
  for (json::Value element : value.get_array()) {
    if (into.empty())
      into.push_back('[');
    else
      into.back() = ',';
    into += json::raw_json(element);
    into += ']';
  }
}

namespace {

std::string query(std::string_view name, std::string_view value)
{
  constexpr char hex[] = "0123456789ABCDEF";
  std::string out(name);
  out += '=';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const auto lower = detail::to_lower(c);
    if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
        c == '_' || c == '~')
      out += c;
    else
      out.append(1, '%').append(1, hex[byte >> 4]).append(1, hex[byte & 15]);
  }
  return out;
}

// The names in a list of names, or of objects that have one.
std::vector<std::string> names_in(json::Value list, std::string_view member)
{
  std::vector<std::string> names;
  for (json::Value item : list.get_array()) {
    if (!json::is_object(item)) {
      names.emplace_back(json::text_if(item).value_or(""));
      continue;
    }
    std::string name, other;
    for (auto field : item.get_object()) {
      const std::string_view key = field.unescaped_key();
      if (key == member)
        name = json::text_or_null(field.value());
      else if (other.empty() && (key == "id" || key == "name" || key == "model"))
        other = json::text_if(field.value()).value_or("");
    }
    names.push_back(name.empty() ? std::move(other) : std::move(name));
  }
  std::erase(names, "");
  return names;
}

}  // namespace

ModelPage read_names(std::string& body, const NameFields& fields)
{
  if (detail::trim(body).starts_with('['))  // some servers send the list alone
    body = "{\"" + std::string(fields.list) + "\":" + body + '}';
  std::optional<std::vector<std::string>> names, other;  // other: another wire's list
  bool has_more = false;
  std::string last, token;
  json::read_object(body, [&](json::Object answer) {
    names.reset();
    other.reset();
    for (auto field : answer) {
      const std::string_view key = field.unescaped_key();
      json::Value value = field.value();
      if (key == "has_more")
        has_more = value.type() == simdjson::ondemand::json_type::boolean && value.get_bool();
      else if (key == "last_id")
        last = json::text_if(value).value_or("");
      else if (key == "nextPageToken" || key == "next_page_token")  // Google
        token = json::text_if(value).value_or("");
      else if (key == fields.list && json::is_array(value))
        names = names_in(value, fields.name);
      else if (key == fields.list && value.is_null())  // none
        names.emplace();
      else if ((key == "data" || key == "models") && json::is_array(value))
        other = names_in(value, fields.name);
    }
  });
  if (!names)
    names = std::move(other);
  if (!names)
    throw Error(ErrorKind::bad_response, "the answer has no \"" + std::string(fields.list) + "\"");
  ModelPage page;
  page.names = *std::move(names);
  if (last.empty() && !page.names.empty())
    last = page.names.back();
  if (!token.empty())
    page.next = query("pageToken", token);
  else if (has_more && !last.empty() && !fields.after.empty())
    page.next = query(fields.after, last);
  return page;
}

}  // namespace asyncllm::provider
