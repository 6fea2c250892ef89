#include <asyncllm/core/error.hpp>
#include <asyncllm/model/parameters.hpp>

#include <cmath>
#include <sstream>

namespace asyncllm::inline v0_1 {

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
  for (const auto& text : stop)
    if (text.empty())
      throw Error(ErrorKind::invalid_argument, setter_prefix + "stop(\"\"): must not be empty");
}

}  // namespace asyncllm
