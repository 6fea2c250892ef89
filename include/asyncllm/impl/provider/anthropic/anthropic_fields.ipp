#include <asyncllm/impl/json/writer.hpp>
#include <asyncllm/impl/provider/anthropic/anthropic_fields.hpp>
#include <asyncllm/impl/provider/reply/tool_calls.hpp>

#include <string_view>

namespace asyncllm::inline v0_1::provider {

AnthropicBlock read_anthropic_block(json::Value value)
{
  AnthropicBlock block;
  for (auto field : value.get_object()) {
    const std::string_view key = field.unescaped_key();
    json::Value member = field.value();
    if (key == "type")
      block.type = json::text_or_null(member);
    else if (key == "text")
      block.text = json::text_or_null(member);
    else if (key == "thinking")
      block.thinking = json::text_or_null(member);
    else if (key == "signature")
      block.signature = json::text_or_null(member);
    else if (key == "data")
      block.data = json::text_or_null(member);
    else if (key == "id")
      block.id = json::text_or_null(member);
    else if (key == "name")
      block.name = json::text_or_null(member);
    else if (key == "input")
      block.input = arguments_text(member);
  }
  if (block.type.empty() && !block.text.empty())
    block.type = "text";  // some gateways leave it out
  return block;
}

void read_anthropic_usage(json::Value value, Usage& usage)
{
  if (!json::is_object(value))
    return;
  const auto read = [&](json::Value number, std::int64_t& into) {
    const auto count = json::count_if(number);
    if (!count)
      return;
    if (*count != 0)  // the end of a stream repeats some counts as 0
      into = *count;
    usage.reported = true;
  };
  for (auto field : value.get_object()) {
    const std::string_view key = field.unescaped_key();
    if (key == "input_tokens")
      read(field.value(), usage.input_tokens);
    else if (key == "output_tokens")
      read(field.value(), usage.output_tokens);
    else if (key == "cache_read_input_tokens")
      read(field.value(), usage.cached_input_tokens);
    else if (key == "output_tokens_details" && json::is_object(field.value()))
      for (auto detail : field.value().get_object())
        if (const std::string_view name = detail.unescaped_key(); name == "thinking_tokens")
          read(detail.value(), usage.reasoning_tokens);
  }
}

void keep_reasoning(const AnthropicBlock& block, std::string& extra)
{
  const bool is_signed = block.type == "thinking" && !block.signature.empty();
  const bool is_hidden = block.type == "redacted_thinking" && !block.data.empty();
  if (!is_signed && !is_hidden)
    return;
  if (extra.empty())
    extra = "[";
  else
    extra.back() = ',';
  json::Writer json(extra);
  json.begin_object().member("type", block.type);
  if (is_signed)
    json.member("thinking", block.thinking).member("signature", block.signature);
  else
    json.member("data", block.data);
  json.end_object();
  extra += ']';
}

}  // namespace asyncllm::provider
