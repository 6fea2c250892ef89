// OpenAI's chat completions, as OpenAI and the many compatible servers speak them.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/json/writer.hpp>
#include <asyncllm/impl/provider/embeddings.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/openai/openai_fields.hpp>
#include <asyncllm/impl/provider/reply/finish_reasons.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>
#include <asyncllm/impl/provider/reply/tool_calls.hpp>
#include <asyncllm/impl/provider/request/effort.hpp>
#include <asyncllm/impl/provider/request/media.hpp>
#include <asyncllm/impl/provider/request/request_fields.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include <limits>

namespace asyncllm::inline v0_1::provider {
namespace {

void write_part(RequestWriter& json, const std::string& text)
{
  json.begin_object().member("type", "text");
  json.text_member("text", text, "the text of a message");
  json.end_object();
}

void write_part(RequestWriter& json, const Image& image)
{
  json.begin_object().member("type", "image_url").key("image_url").begin_object();
  json.text_member("url", url_of(image), "the URL or MIME type of an image");
  json.end_object().end_object();
}

void write_part(RequestWriter& json, const Document& document)
{
  if (document.bytes.empty())
    throw Error(
        ErrorKind::unsupported,
        "chat completions take no URL of a document: give its bytes by with_document");
  json.begin_object().member("type", "file").key("file").begin_object();
  json.text_member("filename", document.name, "the name of a document");
  json.text_member("file_data", data_url_of(document), "the MIME type of a document");
  json.end_object().end_object();
}

void write_part(RequestWriter& json, const Audio& audio)
{
  json.begin_object().member("type", "input_audio").key("input_audio").begin_object();
  json.member("data", base64_of(audio.bytes));
  json.text_member("format", format_of(audio), "the MIME type of a recording");
  json.end_object().end_object();
}

void write_content(RequestWriter& json, const Message& message)
{
  if (message.text().empty() && !message.tool_calls().empty()) {
    json.key("content").raw("null");
    return;
  }
  if (message.parts().empty()) {
    json.text_member("content", message.text(), "the text of a message");
    return;
  }
  json.key("content").begin_array();
  if (!message.text().empty())
    write_part(json, message.text());
  for (const auto& part : message.parts())
    std::visit([&](const auto& any) { write_part(json, any); }, part);
  json.end_array();
}

void write_openai_message(RequestWriter& json, const Message& message, const Preset& preset)
{
  const auto began = json.begin_extended();
  json.member("role", to_string(message.role()));
  write_content(json, message);
  if (!message.reasoning().empty() && !preset.history_reasoning.empty())
    json.text_member(preset.history_reasoning, message.reasoning(), "the reasoning of a message");
  if (!message.reasoning_extra().empty())
    json.json_member("reasoning_details", message.reasoning_extra(), "a message's reasoning_extra");
  if (!message.tool_calls().empty()) {
    json.key("tool_calls").begin_array();
    for (const auto& call : message.tool_calls()) {
      json.begin_object();
      json.text_member("id", call.id, "the id of a tool call");
      json.member("type", "function");
      if (!call.extra.empty())
        json.json_member("extra_content", call.extra, "the extra of a tool call");
      json.key("function").begin_object();
      json.text_member("name", call.name, "the name of a tool");
      json.text_member("arguments", call.arguments, "the arguments of a tool call");
      json.end_object().end_object();
    }
    json.end_array();
  }
  if (message.role() == Role::tool)
    json.text_member("tool_call_id", message.tool_call_id(), "the id of a tool call");
  json.end_extended(began, message.extra());
}

// Thinking on or off, and how much, in the form that the host expects.
void write_thinking(RequestWriter& json, const Parameters& parameters, const Preset& preset)
{
  const auto& effort = parameters.effort;
  const auto& think = parameters.think;
  if (preset.think == ThinkStyle::reasoning_object) {
    if (effort.empty() && !think)
      return;
    json.key("reasoning").begin_object().member_if("enabled", think);
    if (!effort.empty())
      json.text_member("effort", nearest_effort(effort, preset.efforts), "the effort");
    json.end_object();
    return;
  }
  const bool is_off = !think.value_or(effort != "none");
  const bool is_set = think || effort == "none";
  if (preset.think == ThinkStyle::thinking_type && is_set)
    json.key("thinking")
        .begin_object()
        .member("type", is_off ? "disabled" : "enabled")
        .end_object();
  if (preset.think == ThinkStyle::template_kwargs && is_set)
    json.key("chat_template_kwargs").begin_object().member("enable_thinking", !is_off).end_object();
  const bool has_switch = preset.think != ThinkStyle::reasoning_effort;
  if (!effort.empty() && !(has_switch && effort == "none"))
    json.text_member("reasoning_effort", nearest_effort(effort, preset.efforts), "the effort");
  else if (!has_switch && think)
    json.member("reasoning_effort", nearest_effort(*think ? "medium" : "none", preset.efforts));
}

void write_openai_tools(RequestWriter& json, const Parameters& parameters, const Preset& preset)
{
  using Kind = ToolChoice::Kind;
  const auto& choice = parameters.tool_choice;
  const bool is_named = choice && choice->kind() == Kind::tool;
  const bool sends_name = is_named && preset.knows_named_tool_choice;
  json.function_tools(is_named && !sends_name ? std::string_view(choice->name()) : "");
  if (choice && !parameters.tools.empty()) {
    if (sends_name)
      json.key("tool_choice")
          .begin_object()
          .member("type", "function")
          .key("function")
          .begin_object()
          .member("name", choice->name())
          .end_object()
          .end_object();
    else
      json.member(
          "tool_choice",
          choice->kind() == Kind::automatic ? "auto"
          : choice->kind() == Kind::none    ? "none"
                                            : "required");
  }
  if (!parameters.tools.empty())
    json.member_if("parallel_tool_calls", parameters.parallel_tools);
}

void write_answer_form(RequestWriter& json, const Parameters& parameters)
{
  if (!parameters.answer_schema.empty()) {
    json.key("response_format").begin_object().member("type", "json_schema");
    json.key("json_schema").begin_object().member("name", parameters.answer_name);
    json.member("strict", true);
    json.json_member("schema", parameters.answer_schema, "the schema of the answer");
    json.end_object().end_object();
  } else if (parameters.json_mode.value_or(false)) {
    json.key("response_format").begin_object().member("type", "json_object").end_object();
  }
  if (!parameters.verbosity.empty())
    json.text_member("verbosity", parameters.verbosity, "the verbosity");
}

void write_handling(RequestWriter& json, const Parameters& parameters)
{
  if (!parameters.cache_key.empty())
    json.text_member("prompt_cache_key", parameters.cache_key, "the cache key");
  if (!parameters.service_tier.empty())
    json.text_member("service_tier", parameters.service_tier, "the service tier");
  json.member_if("store", parameters.store);
}

void read_message(json::Value message, const json::Reader& reader, Reply& reply)
{
  ContentTexts content;
  std::string_view refusal;
  std::string_view names[3];  // of the reasoning, in the order of preference
  const auto add_call = [&](const ToolCallFields& fields) {
    if (!fields.is_empty())
      reply.tool_calls.push_back(fields.call());
  };
  reply.tool_calls.clear();  // of a member that comes twice the last one counts
  reply.reasoning.clear();
  reply.reasoning_extra.clear();
  for (auto field : message.get_object()) {
    const auto key = reader.key(field);
    json::Value value = field.value();
    if (key == "content") {
      content.clear();
      append_content(value, content);
    } else if (key == "refusal")
      refusal = json::text_if(value).value_or("");
    else if (key == "reasoning_content")
      names[0] = json::text_if(value).value_or("");
    else if (key == "reasoning")
      names[1] = json::text_if(value).value_or("");
    else if (key == "thinking")
      names[2] = json::text_if(value).value_or("");
    else if (key == "reasoning_details" && json::is_array(value)) {
      reply.reasoning_extra.clear();
      append_array(value, reply.reasoning_extra);
    } else if (key == "annotations" && json::is_array(value)) {
      auto& annotations = reply.details.edit().annotations;
      annotations.clear();
      append_array(value, annotations);
    } else if (key == "tool_calls") {
      reply.tool_calls.clear();
      for_each_tool_call(value, reader, add_call);
    } else if (key == "function_call" && json::is_object(value)) {  // before there were tools
      ToolCallFields fields;
      read_function(value, reader, fields);
      add_call(fields);
    }
  }
  reply.text = std::move(content.text);
  if (refusal.empty())
    reply.refusal = std::move(content.refusal);
  else
    reply.refusal = refusal;
  for (const auto text : names)
    if (reply.reasoning.empty() && !text.empty())
      reply.reasoning = text;
  if (reply.reasoning.empty())
    reply.reasoning = std::move(content.thinking);
}

// Reads a choice into `reply` unless one with a lower index was read before. Result: whether it
// holds an error (OpenRouter).
bool read_choice(
    json::Value choice, const json::Reader& reader, Reply& reply, std::int64_t& lowest_index)
{
  Reply read;
  std::string_view word, native;  // for the end
  std::int64_t index = 0;
  bool has_message = false, is_error = false;
  for (auto field : choice.get_object()) {
    const auto key = reader.key(field);
    json::Value value = field.value();
    if (key == "index") {
      index = json::integer_if(value).value_or(0);
    } else if (key == "finish_reason") {
      word = json::text_if(value).value_or("");
    } else if (key == "native_finish_reason") {
      native = json::text_if(value).value_or("");
    } else if (key == "message" && json::is_object(value)) {
      has_message = true;
      read_message(value, reader, read);
    } else if (key == "text" && json::text_if(value)) {  // of a completion without turns
      has_message = true;
      read.text = *json::text_if(value);
    } else if (key == "logprobs") {
      read_logprobs(value, read.logprobs);
    } else if (key == "usage") {
      read_usage(value, reply.usage);  // Moonshot
    } else if (key == "error") {
      is_error = provider::is_error(value);
    }
  }
  const auto reason = choose_finish(word, native);
  // A filtered reply may have no text.
  const bool is_reply = has_message || is_cut(reason) || reason == FinishReason::error;
  if (!is_reply || index >= lowest_index)
    return is_error;
  lowest_index = index;
  reply.finish_reason = reason;
  reply.finish_reason_text = word;
  reply.text = std::move(read.text);
  reply.reasoning = std::move(read.reasoning);
  reply.refusal = std::move(read.refusal);
  reply.reasoning_extra = std::move(read.reasoning_extra);
  reply.tool_calls = std::move(read.tool_calls);
  reply.logprobs = std::move(read.logprobs);
  reply.details = std::move(read.details);
  return is_error;
}

class OpenAi final : public Wire {
 public:
  void append_path(Operation operation, std::string_view, std::string& out) const override
  {
    switch (operation) {
      case Operation::chat: out += "/chat/completions"; break;
      case Operation::embed: out += "/embeddings"; break;
      case Operation::list_models: out += "/models"; break;
      case Operation::generate: break;
    }
  }

  void encode(const ChatRequest& request, const Preset& preset, Delivery delivery, std::string& out)
      const override
  {
    const auto& parameters = request.parameters;
    RequestWriter json(out, parameters);
    json.text_member("model", request.model, "the model's name");
    json.key("messages").begin_array();
    for (const auto& message : request.messages)
      write_openai_message(json, message, preset);
    json.end_array()
        .member_if("temperature", parameters.temperature)
        .member_if(preset.max_tokens_name, parameters.max_tokens)
        .member_if("top_p", parameters.top_p)
        .member_if("presence_penalty", parameters.presence_penalty)
        .member_if("frequency_penalty", parameters.frequency_penalty)
        .member_if(preset.seed_name, parameters.seed);
    if (preset.has_samplers)
      json.member_if("top_k", parameters.top_k).member_if("min_p", parameters.min_p);
    json.stop_member("stop");
    if (parameters.logprobs) {
      json.member("logprobs", true);
      if (*parameters.logprobs > 0)
        json.member("top_logprobs", *parameters.logprobs);
    }
    write_thinking(json, parameters, preset);
    write_openai_tools(json, parameters, preset);
    write_answer_form(json, parameters);
    write_handling(json, parameters);
    json.member("stream", is_streamed(delivery));  // some servers stream by default
    const bool has_options =
        is_streamed(delivery) && delivery != Delivery::streamed_without_options;
    if (has_options && preset.has_stream_options)
      json.key("stream_options").begin_object().member("include_usage", true).end_object();
    json.finish();
  }

  void encode(const EmbedRequest& request, std::string& out) const override
  {
    RequestWriter json(out, request.parameters);
    write_embed_fields(json, request);
    json.finish();
  }

  Reply decode(std::string& body, json::Reader& reader) const override
  {
    Reply reply;
    bool is_again = false, is_error = false;
    auto lowest_index = std::numeric_limits<std::int64_t>::max();
    json::read_object(reader, body, [&](json::Object answer) {
      if (std::exchange(is_again, true))
        reply = Reply();
      is_error = false;
      lowest_index = std::numeric_limits<std::int64_t>::max();
      for (auto field : answer) {
        const auto key = reader.key(field);
        json::Value value = field.value();
        if (key == "choices" && json::is_array(value)) {
          lowest_index = std::numeric_limits<std::int64_t>::max();
          for (json::Value choice : value.get_array())
            is_error |= read_choice(choice, reader, reply, lowest_index);
        } else if (key == "error") {
          is_error |= provider::is_error(value);
        } else if (key == "base_resp") {
          is_error |= is_refused(value);
        } else if (key == "usage") {
          read_usage(value, reply.usage);
        } else if (key == "timings") {
          read_timings(value, reply.timings);
        } else if (key == "model") {
          reply.model = json::text_if(value).value_or("");
        } else if (key == "id") {
          reply.id = json::text_if(value).value_or("");
        }
      }
    });
    if (is_error)
      throw Error(hidden_error(body)).with_partial_text(reply.text);
    if (lowest_index == std::numeric_limits<std::int64_t>::max())
      throw Error(ErrorKind::bad_response, "the answer has no choices[].message");
    settle_tool_calls(reply);
    return reply;
  }

  std::unique_ptr<DeltaDecoder> deltas() const override { return openai_deltas(); }

  Embeddings decode_embeddings(std::string& body) const override
  {
    return read_openai_embeddings(body);
  }

  ModelPage decode_models(std::string& body) const override
  {
    return read_names(body, {.list = "data", .name = "id", .after = "after"});
  }
};

}  // namespace

const Wire& openai_wire() noexcept
{
  static const OpenAi wire;
  return wire;
}

}  // namespace asyncllm::provider
