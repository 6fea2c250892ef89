#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/syntax.hpp>
#include <asyncllm/impl/provider/request/effort.hpp>
#include <asyncllm/impl/provider/request/media.hpp>
#include <asyncllm/impl/provider/request/request_fields.hpp>
#include <asyncllm/impl/provider/responses/responses_request.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

namespace asyncllm::inline v0_1::provider {
namespace {

void write_input_part(RequestWriter& json, const std::string& text, std::string_view type)
{
  json.begin_object().member("type", type);
  json.text_member("text", text, "the text of a message");
  json.end_object();
}

void write_input_part(RequestWriter& json, const Image& image)
{
  json.begin_object().member("type", "input_image");
  json.text_member("image_url", url_of(image), "the URL or MIME type of an image");
  json.end_object();
}

void write_input_part(RequestWriter& json, const Document& document)
{
  json.begin_object().member("type", "input_file");
  if (document.bytes.empty()) {
    json.text_member("file_url", document.url, "the URL of a document");
  } else {
    json.text_member("filename", document.name, "the name of a document");
    json.text_member("file_data", data_url_of(document), "the MIME type of a document");
  }
  json.end_object();
}

void write_input_part(RequestWriter& json, const Audio& audio)
{
  json.begin_object().member("type", "input_audio").key("input_audio").begin_object();
  json.member("data", base64_of(audio.bytes));
  json.text_member("format", format_of(audio), "the MIME type of a recording");
  json.end_object().end_object();
}

// The text of a message, or its parts.
void write_input_content(RequestWriter& json, std::string_view name, const Message& message)
{
  if (message.parts().empty()) {
    json.text_member(name, message.text(), "the text of a message");
    return;
  }
  const std::string_view type = message.role() == Role::assistant ? "output_text" : "input_text";
  json.key(name).begin_array();
  if (!message.text().empty())
    write_input_part(json, message.text(), type);
  for (const auto& part : message.parts())
    if (const auto* const text = std::get_if<std::string>(&part))
      write_input_part(json, *text, type);
    else if (const auto* const image = std::get_if<Image>(&part))
      write_input_part(json, *image);
    else if (const auto* const document = std::get_if<Document>(&part))
      write_input_part(json, *document);
    else
      write_input_part(json, std::get<Audio>(part));
  json.end_array();
}

void write_message_item(RequestWriter& json, const Message& message)
{
  const auto began = json.begin_extended();
  json.member("type", "message").member("role", to_string(message.role()));
  write_input_content(json, "content", message);
  json.end_extended(began, message.extra());
}

void write_result_item(RequestWriter& json, const Message& message)
{
  const auto began = json.begin_extended();
  json.member("type", "function_call_output");
  json.text_member("call_id", message.tool_call_id(), "the id of a tool call");
  write_input_content(json, "output", message);
  json.end_extended(began, message.extra());
}

void write_call_item(RequestWriter& json, const ToolCall& call)
{
  json.begin_object().member("type", "function_call");
  json.text_member("call_id", call.id, "the id of a tool call");
  json.text_member("name", call.name, "the name of a tool");
  json.text_member("arguments", call.arguments, "the arguments of a tool call");
  json.end_object();
}

void write_native_items(RequestWriter& json, const std::string& array)
{
  const auto text = detail::trim(array);
  if (!text.starts_with('[') || !json::is_json(text))
    throw Error(ErrorKind::invalid_argument, "the native form of a message is not a JSON array");
  if (const auto items = detail::trim(text.substr(1, text.size() - 2)); !items.empty())
    json.raw(items);
}

// The items of a turn as the host takes them at this time: without reasoning and the ids that
// belong to it; calls behind everything else.
std::string adapted_items(const std::string& array, const Preset& preset, Delivery delivery)
{
  using ordered = nlohmann::ordered_json;
  if (has_reasoning(delivery) && !preset.needs_calls_together)
    return array;
  auto items = ordered::parse(array, nullptr, false);
  if (!items.is_array())
    return array;
  auto first = ordered::array(), last = ordered::array();
  for (auto& item : items) {
    std::string type;  // a copy: the item changes below
    if (item.is_object() && item.contains("type") && item["type"].is_string())
      type = item["type"].get<std::string>();
    if (type == "reasoning" && !has_reasoning(delivery))
      continue;
    if ((type == "message" || type == "function_call") && !has_reasoning(delivery))
      item.erase("id");
    const bool is_late = preset.needs_calls_together && type == "function_call";
    (is_late ? last : first).push_back(std::move(item));
  }
  for (auto& item : last)
    first.push_back(std::move(item));
  return first.dump(-1, ' ', false, ordered::error_handler_t::replace);
}

void write_turn_items(
    RequestWriter& json, const Message& message, const Preset& preset, Delivery delivery)
{
  const auto& native = message.native();
  if (native.wire == "responses")
    return write_native_items(json, adapted_items(native.json, preset, delivery));
  const bool has_text = !message.text().empty() || !message.parts().empty();
  if (has_text || message.tool_calls().empty())
    write_message_item(json, message);
  for (const auto& call : message.tool_calls())
    write_call_item(json, call);
}

// The system prompt, if the conversation begins with one. Others stay where they are.
const Message* system_prompt(const Messages& messages)
{
  if (messages.empty())
    return nullptr;
  const auto& first = *messages.begin();
  const bool is_prompt = first.role() == Role::system && first.parts().empty() &&
                         first.extra().empty() && messages.size() > 1;
  return is_prompt ? &first : nullptr;
}

void write_input(
    RequestWriter& json, const Messages& messages, const Preset& preset, Delivery delivery)
{
  const auto* const prompt = system_prompt(messages);
  if (prompt)
    json.text_member("instructions", prompt->text(), "the system prompt");
  json.key("input").begin_array();
  for (const auto& message : messages)
    if (&message == prompt)
      continue;
    else if (message.role() == Role::tool)
      write_result_item(json, message);
    else if (message.role() == Role::assistant)
      write_turn_items(json, message, preset, delivery);
    else
      write_message_item(json, message);
  json.end_array();
}

// Here a tool is strict unless the request says that it is not.
void write_flat_tools(RequestWriter& json, const Parameters& parameters, std::string_view only)
{
  json.key("tools").begin_array();
  for (const auto& tool : parameters.tools) {
    if (!only.empty() && tool.name != only)
      continue;
    json.begin_object().member("type", "function").member("name", tool.name);
    if (!tool.description.empty())
      json.text_member("description", tool.description, "the description of a tool");
    json.schema_member("parameters", tool);
    json.member("strict", tool.strict).end_object();
  }
  json.end_array();
}

void write_responses_tools(RequestWriter& json, const Parameters& parameters, const Preset& preset)
{
  using Kind = ToolChoice::Kind;
  if (parameters.tools.empty())
    return;
  const auto& choice = parameters.tool_choice;
  const bool is_named = choice && choice->kind() == Kind::tool;
  const bool sends_name = is_named && preset.knows_named_tool_choice;
  write_flat_tools(
      json, parameters, is_named && !sends_name ? std::string_view(choice->name()) : "");
  if (sends_name)
    json.key("tool_choice")
        .begin_object()
        .member("type", "function")
        .member("name", choice->name())
        .end_object();
  else if (choice)
    json.member(
        "tool_choice",
        choice->kind() == Kind::automatic ? "auto"
        : choice->kind() == Kind::none    ? "none"
                                          : "required");
  json.member_if("parallel_tool_calls", parameters.parallel_tools);
}

void write_text_form(RequestWriter& json, const Parameters& parameters)
{
  const bool is_json = parameters.json_mode.value_or(false);
  if (parameters.answer_schema.empty() && !is_json && parameters.verbosity.empty())
    return;
  json.key("text").begin_object();
  if (!parameters.answer_schema.empty()) {
    json.key("format").begin_object().member("type", "json_schema");
    json.member("name", parameters.answer_name).member("strict", true);
    json.json_member("schema", parameters.answer_schema, "the schema of the answer");
    json.end_object();
  } else if (is_json) {
    json.key("format").begin_object().member("type", "json_object").end_object();
  }
  if (!parameters.verbosity.empty())
    json.text_member("verbosity", parameters.verbosity, "the verbosity");
  json.end_object();
}

// OpenAI's models that do not reason; it refuses to encrypt what they do not have.
bool reasons(std::string_view model)
{
  if (const auto slash = model.rfind('/'); slash != model.npos)
    model.remove_prefix(slash + 1);
  if (model.starts_with("ft:"))
    model.remove_prefix(3);
  constexpr std::string_view others[] = {"gpt-3", "gpt-4", "chatgpt-", "gpt-5-chat"};
  return std::ranges::none_of(
      others, [&](std::string_view other) { return model.starts_with(other); });
}

void write_reasoning_settings(
    RequestWriter& json, const Parameters& parameters, const Preset& preset)
{
  const auto& think = parameters.think;
  if (parameters.effort.empty() && !think)
    return;
  json.key("reasoning").begin_object();
  const auto effort = !parameters.effort.empty() ? parameters.effort
                      : *think                   ? std::string("medium")
                                                 : std::string("none");
  json.text_member("effort", nearest_effort(effort, preset.efforts), "the effort");
  if (think.value_or(false) && preset.hides_reasoning)
    json.member("summary", "auto");
  json.end_object();
}

void write_included(RequestWriter& json, const ChatRequest& request, const Preset& preset)
{
  const bool has_reasoning = preset.hides_reasoning && reasons(request.model);
  const auto& logprobs = request.parameters.logprobs;
  if (has_reasoning || logprobs) {
    json.key("include").begin_array();
    if (has_reasoning)
      json.value("reasoning.encrypted_content");
    if (logprobs)
      json.value("message.output_text.logprobs");
    json.end_array();
  }
  if (logprobs && *logprobs > 0)
    json.member("top_logprobs", *logprobs);
}

}  // namespace

void write_responses_request(
    const ChatRequest& request, const Preset& preset, Delivery delivery, std::string& out)
{
  const auto& parameters = request.parameters;
  if (!parameters.stop.empty())
    throw Error(ErrorKind::unsupported, "the Responses API has no texts that end an answer (stop)");
  RequestWriter json(out, parameters);
  json.text_member("model", request.model, "the model's name");
  write_input(json, request.messages, preset, delivery);
  json.member_if("temperature", parameters.temperature)
      .member_if("max_output_tokens", parameters.max_tokens)
      .member_if("top_p", parameters.top_p);
  write_responses_tools(json, parameters, preset);
  write_text_form(json, parameters);
  write_reasoning_settings(json, parameters, preset);
  write_included(json, request, preset);
  if (!parameters.cache_key.empty())
    json.text_member("prompt_cache_key", parameters.cache_key, "the cache key");
  if (!parameters.service_tier.empty())
    json.text_member("service_tier", parameters.service_tier, "the service tier");
  json.member("store", parameters.store.value_or(false));  // else OpenAI keeps every reply
  json.member("stream", is_streamed(delivery));
  json.finish();
}

}  // namespace asyncllm::provider
