#include <asyncllm/core/error.hpp>
#include <asyncllm/model/parameters.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1 {
namespace {

// What every API takes.
bool is_name(const std::string& name)
{
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !name.empty() && name.size() <= 64 && name.find_first_not_of(allowed) == name.npos;
}

void check_tools(const Parameters& parameters, const std::string& setter_prefix)
{
  const auto refuse = [&](const std::string& setter, const std::string& name, const char* why) {
    throw Error(ErrorKind::invalid_argument, setter_prefix + setter + "(\"" + name + "\"): " + why);
  };
  const auto& tools = parameters.tools;
  for (const auto& tool : tools) {
    if (!is_name(tool.name))
      refuse("tool", tool.name, "a name has 1 to 64 letters, digits, _ and -");
    if (std::ranges::count(tools, tool.name, &ToolDefinition::name) > 1)
      refuse("tool", tool.name, "there are two tools of that name");
  }
  const auto& choice = parameters.tool_choice;
  if (!choice)
    return;
  if (tools.empty() && choice->kind() != ToolChoice::Kind::none)
    throw Error(
        ErrorKind::invalid_argument, setter_prefix + "tool_choice(...): there are no tools");
  if (choice->kind() == ToolChoice::Kind::tool &&
      std::ranges::count(tools, choice->name(), &ToolDefinition::name) == 0)
    refuse("tool_choice", choice->name(), "there is no tool of that name");
}

}  // namespace

void Parameters::validate(const std::string& setter_prefix, double max_temperature) const
{
  const auto check = [&](const char* name, const auto& value, double low, double high) {
    if (!value || (*value >= low && *value <= high))  // false for NaN
      return;
    std::ostringstream text;
    text << setter_prefix << name << '(' << *value << "): must be ";
    if (std::isinf(high))
      text << "at least " << low;
    else
      text << "between " << low << " and " << high;
    throw Error(ErrorKind::invalid_argument, text.str());
  };
  constexpr double any = HUGE_VAL;
  check("temperature", temperature, 0, max_temperature);
  check("max_tokens", max_tokens, 1, any);
  check("top_p", top_p, 0, 1);
  check("top_k", top_k, 0, any);
  check("min_p", min_p, 0, 1);
  check("presence_penalty", presence_penalty, -2, 2);
  check("frequency_penalty", frequency_penalty, -2, 2);
  check("logprobs", logprobs, 0, 20);
  check("thinking_budget", thinking_budget, 1, any);
  check("context_length", context_length, 1, any);
  if (!extra.empty() && extra.front() != '{')
    throw Error(ErrorKind::invalid_argument, setter_prefix + "extra(...): must be a JSON object");
  check_tools(*this, setter_prefix);
  if (!answer_schema.empty() && !is_name(answer_name))
    throw Error(
        ErrorKind::invalid_argument,
        setter_prefix + "answer_schema(..., \"" + answer_name +
            "\"): a name has 1 to 64 letters, digits, _ and -");
  for (const auto& text : stop)
    if (text.empty())
      throw Error(ErrorKind::invalid_argument, setter_prefix + "stop(\"\"): must not be empty");
}

}  // namespace asyncllm
