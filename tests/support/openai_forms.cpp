#include "openai_forms.hpp"

#include <asyncllm/impl/provider/wires.hpp>

#include "stream_reader.hpp"
#include "test.hpp"

namespace support::forms {

asyncllm::Reply whole(std::string body)
{
  return asyncllm::provider::openai_wire().decode(body);
}

asyncllm::Reply streamed(const std::vector<std::string>& chunks)
{
  std::string body;
  for (const auto& chunk : chunks)
    body += "data: " + chunk + "\n\n";
  body += "data: [DONE]\n\n";
  const auto result = read_openai_stream(body);
  CHECK(result.is_complete);
  for (const std::size_t piece : {1U, 7U}) {
    const auto again = read_openai_stream(body, piece).reply;
    CHECK(again.text == result.reply.text);
    CHECK(again.reasoning_extra == result.reply.reasoning_extra);
    CHECK(calls_of(again) == calls_of(result.reply));
  }
  return result.reply;
}

std::string message(std::string_view members, std::string_view finish)
{
  return R"({"choices":[{"message":{)" + std::string(members) + R"(},"finish_reason":")" +
         std::string(finish) + "\"}]}";
}

std::string delta(std::string_view members, std::string_view finish)
{
  return R"({"choices":[{"index":0,"delta":{)" + std::string(members) + "}" +
         (finish.empty() ? "" : R"(,"finish_reason":")" + std::string(finish) + '"') + "}]}";
}

std::string call(std::string_view function)
{
  return R"("tool_calls":[{"index":0,"id":"a","type":"function","function":{)" +
         std::string(function) + "}}]";
}

std::string calls_of(const asyncllm::Reply& reply)
{
  std::string text;
  for (const auto& one : reply.tool_calls)
    text += one.name + one.arguments + ' ';
  return text;
}

}  // namespace support::forms
