#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/json/syntax.hpp>
#include <asyncllm/impl/json/writer.hpp>
#include <asyncllm/impl/provider/anthropic/anthropic_fields.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>
#include <asyncllm/impl/provider/reply/tool_calls.hpp>

#include <string_view>

namespace asyncllm::inline v0_1::provider {
namespace {

bool is_known(std::string_view type) noexcept
{
  return type == "text" || type == "thinking" || type == "redacted_thinking" || type == "tool_use";
}

bool is_signed(const AnthropicBlock& block) noexcept
{
  return block.type == "thinking" && !block.signature.empty();
}

bool is_hidden(const AnthropicBlock& block) noexcept
{
  return block.type == "redacted_thinking" && !block.data.empty();
}

void write_reasoning(const AnthropicBlock& block, std::string& out)
{
  json::Writer json(out);
  json.begin_object().member("type", block.type);
  if (is_signed(block))
    json.member("thinking", block.thinking).member("signature", block.signature);
  else
    json.member("data", block.data);
  json.end_object();
}

}  // namespace

AnthropicBlock read_anthropic_block(json::Value value)
{
  AnthropicBlock block;
  json::Object object = value.get_object();
  for (auto field : object) {
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
    else if (key == "citations" && json::is_array(member))
      append_array(member, block.citations);
    else if (key == "input")
      block.input = arguments_text(member);
  }
  if (block.type.empty() && !block.text.empty())
    block.type = "text";  // some gateways leave it out
  if (!is_known(block.type)) {
    const std::string_view raw = object.raw_json();
    if (json::is_json(detail::trim(raw)))
      block.raw = detail::trim(raw);
  }
  return block;
}

Usage AnthropicUsage::usage() const
{
  Usage all;
  all.reported = reported;
  all.input_tokens = input + cache_read + cache_write;
  all.output_tokens = output;
  all.cached_input_tokens = cache_read;
  all.cache_write_tokens = cache_write;
  all.reasoning_tokens = thinking;
  return all;
}

void read_anthropic_usage(json::Value value, AnthropicUsage& usage)
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
      read(field.value(), usage.input);
    else if (key == "output_tokens")
      read(field.value(), usage.output);
    else if (key == "cache_read_input_tokens")
      read(field.value(), usage.cache_read);
    else if (key == "cache_creation_input_tokens")
      read(field.value(), usage.cache_write);
    else if (key == "output_tokens_details" && json::is_object(field.value()))
      for (auto detail : field.value().get_object())
        if (const std::string_view name = detail.unescaped_key(); name == "thinking_tokens")
          read(detail.value(), usage.thinking);
  }
}

void keep_reasoning(const AnthropicBlock& block, std::string& extra)
{
  if (!is_signed(block) && !is_hidden(block))
    return;
  if (extra.empty())
    extra = "[";
  else
    extra.back() = ',';
  write_reasoning(block, extra);
  extra += ']';
}

void AnthropicTurn::add(const AnthropicBlock& block)
{
  ends_with_call_ = block.type == "tool_use";
  is_text_ = is_text_ && block.type == "text" && block.citations.empty();
  last_at_ = json_.size();
  if (!json_.empty())
    json_ += ',';
  if (is_signed(block) || is_hidden(block)) {
    write_reasoning(block, json_);
  } else if (block.type == "text" && !block.text.empty()) {
    json::Writer json(json_);
    json.begin_object().member("type", "text").member("text", block.text);
    if (!block.citations.empty())
      json.key("citations").raw(block.citations);
    json.end_object();
  } else if (block.type == "tool_use") {
    json::Writer json(json_);
    json.begin_object()
        .member("type", block.type)
        .member("id", block.id)
        .member("name", block.name);
    json.key("input").raw(json::is_json(block.input) ? std::string_view(block.input) : "{}");
    json.end_object();
  } else if (!block.raw.empty()) {
    json_ += block.raw;
  } else {
    json_.resize(last_at_);
  }
}

}  // namespace asyncllm::provider
