// Requests: JSON whatever the texts in them, or an Error.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/provider/preset.hpp>
#include <asyncllm/impl/provider/wire.hpp>
#include <asyncllm/model/chat_request.hpp>

#include "fuzz.hpp"

#include <nlohmann/json.hpp>

using namespace asyncllm;

namespace {

// A number too large for a double is valid JSON, but nlohmann stops there.
bool is_json(const std::string& text)
{
  try {
    return !nlohmann::json::parse(text).is_discarded();
  } catch (const nlohmann::json::out_of_range&) {
    return true;
  } catch (const nlohmann::json::parse_error&) {
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  auto text = fuzz::text_of(data, size);
  const auto choice = fuzz::take_choice(text);
  ChatRequest request;
  request.model = fuzz::take_line(text);
  request.parameters.extra = fuzz::take_line(text);
  request.parameters.replace_invalid_utf8 = (choice & 1) != 0;
  request.messages.system(fuzz::take_line(text));
  request.messages.user(fuzz::take_line(text));

  Reply said;
  said.text = fuzz::take_line(text);
  said.reasoning = fuzz::take_line(text);
  said.reasoning_extra = fuzz::take_line(text);
  ToolCall call;
  call.id = fuzz::take_line(text);
  call.name = fuzz::take_line(text);
  call.arguments = fuzz::take_line(text);
  call.extra = fuzz::take_line(text);
  said.tool_calls.push_back(call);
  request.messages.add(Message::assistant(said));
  request.messages.add(Message::tool(call.id, call.name, std::string(text)));

  for (const auto* const name : {"openai", "ollama", "anthropic", "openrouter"}) {
    const auto& preset = provider::preset_named(name);
    for (const auto delivery : {provider::Delivery::whole, provider::Delivery::streamed}) {
      std::string body;
      try {
        provider::wire_of(preset).encode(request, preset, delivery, body);
      } catch (const Error& error) {
        fuzz::require(error.kind() == ErrorKind::invalid_argument, "only arguments are wrong");
        continue;
      }
      fuzz::require(body.find('\0') == body.npos, "no byte 0 stands in a request");
      fuzz::require(body.starts_with('{'), "a request is an object");
      fuzz::require(is_json(body), "a request is JSON");
    }
  }
  return 0;
}
