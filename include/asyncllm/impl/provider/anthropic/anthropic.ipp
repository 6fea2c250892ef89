// Anthropic's Messages, /v1/messages, as documented in its API reference, version 2023-06-01.
#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/json/syntax.hpp>
#include <asyncllm/impl/json/writer.hpp>
#include <asyncllm/impl/provider/anthropic/anthropic_fields.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/reply/finish_reasons.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>
#include <asyncllm/impl/provider/reply/tool_calls.hpp>
#include <asyncllm/impl/provider/request/effort.hpp>
#include <asyncllm/impl/provider/request/media.hpp>
#include <asyncllm/impl/provider/request/request_fields.hpp>
#include <asyncllm/impl/provider/wires.hpp>

namespace asyncllm::inline v0_1::provider {
namespace {

bool is_instruction(const Message& message)
{
  return message.role() == Role::system || message.role() == Role::developer;
}

// A message has only a role and blocks here: extra members go into the text's block.
void write_block(RequestWriter& json, const std::string& text, const std::string& extra)
{
  const auto began = json.begin_extended();
  json.member("type", "text");
  json.text_member("text", text, "the text of a message");
  json.end_extended(began, extra);
}

void write_block(RequestWriter& json, const Image& image)
{
  json.begin_object().member("type", "image").key("source").begin_object();
  if (image.bytes.empty()) {
    json.member("type", "url");
    json.text_member("url", image.url, "the URL of an image");
  } else {
    json.member("type", "base64");
    json.text_member("media_type", image.mime_type, "the MIME type of an image");
    json.member("data", base64_of(image.bytes));
  }
  json.end_object().end_object();
}

void write_block(RequestWriter& json, const Document& document)
{
  json.begin_object().member("type", "document").key("source").begin_object();
  if (document.bytes.empty()) {
    json.member("type", "url");
    json.text_member("url", document.url, "the URL of a document");
  } else if (document.mime_type.starts_with("text/")) {
    json.member("type", "text").member("media_type", "text/plain");
    json.text_member("data", document.bytes, "the text of a document");
  } else {
    json.member("type", "base64");
    json.text_member("media_type", document.mime_type, "the MIME type of a document");
    json.member("data", base64_of(document.bytes));
  }
  json.end_object();
  if (!document.name.empty())
    json.text_member("title", document.name, "the name of a document");
  json.end_object();
}

void write_tool_use(RequestWriter& json, const ToolCall& call)
{
  json.begin_object().member("type", "tool_use");
  json.text_member("id", call.id, "the id of a tool call");
  json.text_member("name", call.name, "the name of a tool");
  json.json_member("input", call.arguments, "the arguments of a tool call");
  json.end_object();
}

// The elements of reasoning_extra, which is an array.
void write_reasoning(RequestWriter& json, const std::string& extra)
{
  const auto array = detail::trim(extra);
  if (array.empty())
    return;
  if (!array.starts_with('[') || !json::is_json(array))
    throw Error(ErrorKind::invalid_argument, "the reasoning of a message is not a JSON array");
  const auto elements = detail::trim(array.substr(1, array.size() - 2));
  if (!elements.empty())
    json.raw(elements);
}

void write_texts_and_images(RequestWriter& json, const Message& message)
{
  if (!message.text().empty())
    write_block(json, message.text(), message.extra());
  for (const auto& part : message.parts())
    if (const auto* const text = std::get_if<std::string>(&part))
      write_block(json, *text, {});
    else if (const auto* const image = std::get_if<Image>(&part))
      write_block(json, *image);
    else if (const auto* const document = std::get_if<Document>(&part))
      write_block(json, *document);
    else
      throw Error(ErrorKind::unsupported, "Anthropic's API takes no recordings (with_audio)");
}

void write_blocks(RequestWriter& json, const Message& message)
{
  const auto& native = message.native();
  if (native.wire == "anthropic")
    return json.json_member("content", native.json, "the native form of a message");
  json.key("content");
  const bool is_text = message.parts().empty() && message.tool_calls().empty() &&
                       message.reasoning_extra().empty() && message.extra().empty();
  if (is_text) {
    json.text(message.text(), "the text of a message");
    return;
  }
  json.begin_array();
  write_reasoning(json, message.reasoning_extra());
  write_texts_and_images(json, message);
  for (const auto& call : message.tool_calls())
    write_tool_use(json, call);
  json.end_array();
}

void write_tool_result(RequestWriter& json, const Message& message)
{
  const auto began = json.begin_extended();
  json.member("type", "tool_result");
  json.text_member("tool_use_id", message.tool_call_id(), "the id of a tool call");
  json.text_member("content", message.text(), "the result of a tool");
  json.end_extended(began, message.extra());
}

// The results of one round of calls are one user message, before anything that the user adds: the
// API requires them first, and separate messages teach the model not to call tools in parallel
// (Anthropic's documentation: Parallel tool use).
void write_messages(RequestWriter& json, const Messages& messages)
{
  bool in_results = false;
  for (const auto& message : messages) {
    if (is_instruction(message))
      continue;
    const bool is_result = message.role() == Role::tool;
    if (is_result && !in_results)
      json.begin_object().member("role", "user").key("content").begin_array();
    if (is_result) {
      write_tool_result(json, message);
    } else if (in_results && message.role() == Role::user) {
      write_texts_and_images(json, message);
      json.end_array().end_object();
    } else {
      if (in_results)
        json.end_array().end_object();
      json.begin_object().member("role", to_string(message.role()));
      write_blocks(json, message);
      json.end_object();
    }
    in_results = is_result;
  }
  if (in_results)
    json.end_array().end_object();
}

// On this wire the system prompt is a member of its own.
void write_system(RequestWriter& json, const Messages& messages)
{
  const Message* only = nullptr;
  int count = 0;
  for (const auto& message : messages)
    if (is_instruction(message)) {
      only = &message;
      ++count;
    }
  if (count == 1 && only->extra().empty()) {
    json.text_member("system", only->text(), "the system prompt");
  } else if (count > 0) {
    json.key("system").begin_array();
    for (const auto& message : messages)
      if (is_instruction(message))
        write_block(json, message.text(), message.extra());
    json.end_array();
  }
}

bool thinks(const Parameters& parameters)
{
  return parameters.think.value_or(parameters.thinking_budget.has_value());
}

// "Tool use", in the API reference.
void write_anthropic_tools(RequestWriter& json, const Parameters& parameters)
{
  using Kind = ToolChoice::Kind;
  if (parameters.tools.empty())
    return;
  json.key("tools").begin_array();
  for (const auto& tool : parameters.tools) {
    json.begin_object().member("name", tool.name);
    if (!tool.description.empty())
      json.text_member("description", tool.description, "the description of a tool");
    json.schema_member("input_schema", tool);
    if (tool.strict)
      json.member("strict", true);
    json.end_object();
  }
  json.end_array();
  const auto& choice = parameters.tool_choice;
  const auto kind = choice ? choice->kind() : Kind::automatic;
  const bool is_forced = kind == Kind::required || kind == Kind::tool;
  if (is_forced && thinks(parameters))
    throw Error(
        ErrorKind::unsupported,
        "Anthropic's API cannot force a call of a tool while the model thinks (tool_choice)");
  const bool one_at_a_time = !parameters.parallel_tools.value_or(true) && kind != Kind::none;
  if (!choice && !one_at_a_time)
    return;
  json.key("tool_choice").begin_object();
  json.member(
      "type",
      kind == Kind::automatic  ? "auto"
      : kind == Kind::none     ? "none"
      : kind == Kind::required ? "any"
                               : "tool");
  if (kind == Kind::tool)
    json.member("name", choice->name());
  if (one_at_a_time)
    json.member("disable_parallel_tool_use", true);
  json.end_object();
}

// How much to think, and the form of the answer.
void write_output_config(RequestWriter& json, const Parameters& parameters, const Preset& preset)
{
  const bool has_effort = !parameters.effort.empty() && parameters.effort != "none";
  if (!has_effort && parameters.answer_schema.empty())
    return;
  json.key("output_config").begin_object();
  if (has_effort)
    json.text_member("effort", nearest_effort(parameters.effort, preset.efforts), "the effort");
  if (!parameters.answer_schema.empty()) {
    json.key("format").begin_object().member("type", "json_schema");
    json.json_member("schema", parameters.answer_schema, "the schema of the answer");
    json.end_object();
  }
  json.end_object();
}

void write_thinking(RequestWriter& json, const Parameters& parameters)
{
  const bool is_off = !parameters.think.value_or(parameters.effort != "none");
  if (parameters.thinking_budget && !is_off)
    json.key("thinking")
        .begin_object()
        .member("type", "enabled")
        .member("budget_tokens", *parameters.thinking_budget)
        .end_object();
  else if (parameters.think || is_off)
    json.key("thinking")
        .begin_object()
        .member("type", is_off ? "disabled" : "adaptive")
        .end_object();
}

class Anthropic final : public Wire {
 public:
  void append_path(Operation operation, std::string_view, std::string& out) const override
  {
    switch (operation) {
      case Operation::chat: out += "/v1/messages"; break;
      case Operation::list_models: out += "/v1/models"; break;
      case Operation::generate:
      case Operation::embed: break;
    }
  }

  void encode(const ChatRequest& request, const Preset& preset, Delivery delivery, std::string& out)
      const override
  {
    const auto& parameters = request.parameters;
    if (parameters.logprobs)
      throw Error(ErrorKind::unsupported, "Anthropic's API has no logprobs");
    if (parameters.json_mode.value_or(false) && parameters.answer_schema.empty())
      throw Error(
          ErrorKind::unsupported, "Anthropic's API has no JSON mode: give it an answer_schema");
    // The limit must exceed the budget for thinking.
    const std::int64_t room = parameters.thinking_budget.value_or(0);
    RequestWriter json(out, parameters);
    json.text_member("model", request.model, "the model's name");
    json.member(
        "max_tokens",
        parameters.max_tokens ? *parameters.max_tokens : preset.default_max_tokens + room);
    write_system(json, request.messages);
    json.key("messages").begin_array();
    write_messages(json, request.messages);
    json.end_array()
        .member_if("temperature", parameters.temperature)
        .member_if("top_p", parameters.top_p)
        .member_if("top_k", parameters.top_k);
    json.stop_member("stop_sequences");
    write_anthropic_tools(json, parameters);
    write_thinking(json, parameters);
    write_output_config(json, parameters, preset);
    if (!parameters.service_tier.empty())
      json.text_member("service_tier", parameters.service_tier, "the service tier");
    json.member("stream", is_streamed(delivery));  // some gateways stream by default
    json.finish();
  }

  Reply decode(std::string& body, json::Reader& reader) const override
  {
    Reply reply;
    AnthropicUsage counts;
    AnthropicTurn turn;
    bool is_again = false, is_error = false, has_content = false;
    json::read_object(reader, body, [&](json::Object answer) {
      if (std::exchange(is_again, true))
        reply = Reply();
      counts = AnthropicUsage();
      is_error = has_content = false;
      for (auto field : answer) {
        const std::string_view key = field.unescaped_key();
        json::Value value = field.value();
        if (key == "content" && json::is_array(value)) {
          has_content = true;
          forget_blocks(reply);
          turn = AnthropicTurn();
          for (json::Value element : value.get_array()) {
            const auto block = read_anthropic_block(element);
            add_block(block, reply);
            turn.add(block);
          }
        } else if (key == "content" && json::text_if(value)) {
          has_content = true;
          forget_blocks(reply);
          turn = AnthropicTurn();
          reply.text = *json::text_if(value);
        } else if (key == "error") {
          is_error = is_error || provider::is_error(value);
        } else if (key == "type") {
          is_error = is_error || json::text_if(value).value_or("") == "error";
        } else if (key == "stop_reason") {
          reply.finish_reason_text = json::text_if(value).value_or("");
        } else if (key == "usage") {
          read_anthropic_usage(value, counts);
        } else if (key == "model") {
          reply.model = json::text_if(value).value_or("");
        } else if (key == "id") {
          reply.id = json::text_if(value).value_or("");
        }
      }
    });
    if (is_error)
      throw hidden_error(body);
    if (!has_content && reply.finish_reason_text.empty())
      throw Error(ErrorKind::bad_response, "the answer has no content");
    reply.finish_reason = finish_reason(reply.finish_reason_text);
    reply.usage = counts.usage();
    if (is_cut(reply.finish_reason) && turn.ends_with_call()) {
      reply.tool_calls.pop_back();  // the server closes the braces of a call that was cut
      turn.drop_last();
    }
    settle_tool_calls(reply);
    if (turn.is_more_than_text())
      reply.details.edit().native = turn.native();
    return reply;
  }

  std::unique_ptr<DeltaDecoder> deltas() const override { return anthropic_deltas(); }

  ModelPage decode_models(std::string& body) const override
  {
    return read_names(body, {.list = "data", .name = "id", .after = "after_id"});
  }

 private:
  // Of a member that comes twice the last one counts.
  static void forget_blocks(Reply& reply)
  {
    reply.text.clear();
    reply.reasoning.clear();
    reply.reasoning_extra.clear();
    reply.tool_calls.clear();
    reply.details = {};
  }
  static void add_block(const AnthropicBlock& block, Reply& reply)
  {
    if (block.type == "text")
      reply.text += block.text;
    else if (block.type == "thinking")
      reply.reasoning += block.thinking;
    else if (block.type == "tool_use")
      reply.tool_calls.push_back({block.id, block.name, block.input, {}});
    keep_reasoning(block, reply.reasoning_extra);
    if (!block.citations.empty())
      append_elements(reply.details.edit().annotations, block.citations);
  }
};

}  // namespace

const Wire& anthropic_wire() noexcept
{
  static const Anthropic wire;
  return wire;
}

}  // namespace asyncllm::provider
