#include "provider/reply_fields.hpp"

#include <asyncllm/core/text.hpp>

#include <initializer_list>
#include <utility>

namespace asyncllm::provider {

namespace {

// Whether a member of an error says something. What is nested is not looked into: an object counts,
// a list (of details) alone does not.
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

// As for append_content; parts nest once at most: the texts of a thinking part.
void append_part(json::Value part, std::string& text, std::string& thinking, bool may_nest)
{
  if (!json::is_object(part)) {
    text += json::text_or_null(part);
    return;
  }
  for (auto field : part.get_object()) {
    const std::string_view key = field.unescaped_key();
    if (key == "text")
      text += json::text_or_null(field.value());
    else if (key == "thinking" && json::is_array(field.value()) && may_nest)
      for (json::Value inner : field.value().get_array())
        append_part(inner, thinking, thinking, false);
    else if (key == "thinking")
      thinking += json::text_if(field.value()).value_or("");
  }
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

void append_content(json::Value value, std::string& text, std::string& thinking)
{
  if (!json::is_array(value)) {
    text += json::text_or_null(value);
    return;
  }
  for (json::Value part : value.get_array())
    append_part(part, text, thinking, true);
}

void append_logprobs(json::Value value, std::vector<TokenLogprob>& tokens)
{
  if (!json::is_array(value))
    return;
  const auto read = [](std::string_view key, json::Value member, TokenProbability& token) {
    if (key == "token")
      token.token = json::text_or_null(member);
    else if (key == "logprob")
      if (double number = 0; !member.get_double().get(number))  // not so "-Infinity", from Python
        token.logprob = number;
  };
  for (json::Value item : value.get_array()) {
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
        TokenProbability alternative;
        for (auto member : other.get_object())
          read(member.unescaped_key().value(), member.value(), alternative);
        token.top.push_back(std::move(alternative));
      }
    }
    tokens.push_back(std::move(token));
  }
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

void read_function(json::Value function, ToolCall& call)
{
  for (auto part : function.get_object()) {
    const std::string_view name = part.unescaped_key();
    if (name == "name")
      call.name = json::text_or_null(part.value());
    else if (name == "arguments" && json::is_object(part.value()))
      call.arguments = json::raw_json(part.value());
    else if (name == "arguments")
      call.arguments = json::text_or_null(part.value());
  }
}

void add_tool_call(json::Value value, std::vector<ToolCall>& calls)
{
  ToolCall call;
  for (auto field : value.get_object()) {
    const std::string_view key = field.unescaped_key();
    if (key == "id") {
      call.id = json::text_if(field.value()).value_or("");
    } else if (key == "extra_content") {
      call.extra = json::raw_json(field.value());
    } else if (key == "function" && json::is_object(field.value())) {
      read_function(field.value(), call);
    }
  }
  calls.push_back(std::move(call));
}

std::vector<std::string> read_names(std::string& body, std::string_view list, std::string_view name)
{
  if (trim(body).starts_with('['))  // some servers send the list alone
    body = "{\"" + std::string(list) + "\":" + body + '}';
  std::vector<std::string> names;
  bool found = false;
  read_answer(body, [&](json::Object answer) {
    names.clear();
    for (auto field : answer) {
      const std::string_view key = field.unescaped_key();
      if (key != list)
        continue;
      found = true;
      if (!json::is_array(field.value()))
        continue;
      for (json::Value item : field.value().get_array())
        for (auto member : item.get_object())
          if (const std::string_view its_key = member.unescaped_key(); its_key == name)
            names.emplace_back(json::text_or_null(member.value()));
    }
  });
  if (!found)
    throw Error(ErrorKind::bad_response, "the answer has no \"" + std::string(list) + "\"");
  return names;
}

}  // namespace asyncllm::provider
