#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/answer.hpp>

#include <nlohmann/json.hpp>

#include <numeric>
#include <string_view>

namespace asyncllm::inline v0_1::testing {
namespace {

void require(bool holds, const std::string& complaint)
{
  if (!holds)
    throw Error(ErrorKind::invalid_argument, "testing::Answer: " + complaint);
}

void require_code(int code)
{
  require(code >= 200 && code <= 599, "a status is 200 to 599, not " + std::to_string(code));
}

void require_duration(std::chrono::milliseconds duration)
{
  require(duration.count() >= 0, "a delay cannot be negative");
}

void require_value(std::string_view value)
{
  constexpr std::string_view forbidden("\r\n\0", 3);
  require(
      value.find_first_of(forbidden) == std::string_view::npos, "a line break in a header's value");
}

}  // namespace

Answer Answer::text(std::string text)
{
  return Answer(Kind::text, std::move(text));
}

Answer Answer::tool_call(std::string name, std::string arguments)
{
  Answer answer(Kind::text, std::string());
  answer.and_tool_call(std::move(name), std::move(arguments));
  return answer;
}

Answer& Answer::and_tool_call(std::string name, std::string arguments)
{
  require_a_text("and_tool_call");
  const auto object = nlohmann::json::parse(arguments, nullptr, false);
  require(object.is_object(), "the arguments of a tool call are a JSON object");
  calls_.emplace_back(std::move(name), std::move(arguments));
  return *this;
}

Answer Answer::echo()
{
  return Answer(Kind::echo, std::string());
}

Answer Answer::status(int code, std::string body, std::string content_type)
{
  require_code(code);
  require_value(content_type);
  Answer answer(Kind::status, std::move(body));
  answer.code_ = code;
  answer.content_type_ = std::move(content_type);
  return answer;
}

Answer Answer::error(int code, std::string message)
{
  require_code(code);
  Answer answer(Kind::error, std::move(message));
  answer.code_ = code;
  return answer;
}

Answer& Answer::after(std::chrono::milliseconds delay)
{
  require_duration(delay);
  delay_ = delay;
  return *this;
}

Answer& Answer::tokens(std::vector<std::string> pieces, std::chrono::milliseconds between)
{
  pace(between);
  kind_ = Kind::text;
  content_ = std::accumulate(pieces.begin(), pieces.end(), std::string());
  pieces_ = std::move(pieces);
  return *this;
}

Answer& Answer::pace(std::chrono::milliseconds between)
{
  require_a_text("pace and tokens");
  require_duration(between);
  between_ = between;
  return *this;
}

Answer& Answer::finish_reason(std::string reason)
{
  require_a_text("finish_reason");
  finish_reason_ = std::move(reason);
  return *this;
}

Answer& Answer::usage(std::int64_t input_tokens, std::int64_t output_tokens)
{
  require_a_text("usage");
  usage_.emplace(input_tokens, output_tokens);
  return *this;
}

Answer& Answer::header(std::string name, std::string value)
{
  require(detail::is_token(name), "\"" + name + "\" is no header name");
  require_value(value);
  headers_.emplace_back(name, value);
  return *this;
}

Answer& Answer::close()
{
  close_ = true;
  return *this;
}

Answer& Answer::framing(Framing framing)
{
  framing_ = framing;
  return *this;
}

Answer& Answer::fault(Fault fault)
{
  require(
      fault.phase() != Phase::accept && fault.phase() != Phase::request,
      "a fault before the answer is chosen is for ScriptedServer::push");
  fault_ = std::move(fault);
  return *this;
}

void Answer::require_a_text(const char* setter) const
{
  require(
      kind_ == Kind::text || kind_ == Kind::echo,
      std::string(setter) + " is for a text or an echo, not for a status");
}

}  // namespace asyncllm::testing
