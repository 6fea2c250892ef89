// Ollama's native wire: /api/chat, documented in ollama/ollama, docs/api.md.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/json/writer.hpp>
#include <asyncllm/impl/provider/embeddings.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/ollama/ollama_fields.hpp>
#include <asyncllm/impl/provider/reply/finish_reasons.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>
#include <asyncllm/impl/provider/reply/tool_calls.hpp>
#include <asyncllm/impl/provider/request/effort.hpp>
#include <asyncllm/impl/provider/request/media.hpp>
#include <asyncllm/impl/provider/request/request_fields.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include <chrono>
#include <vector>

namespace asyncllm::inline v0_1::provider {
namespace {

// Here all texts are one, and images are a separate member.
void write_parts(RequestWriter& json, const Message& message)
{
  auto text = message.text();
  std::vector<std::string> images;
  for (const auto& part : message.parts()) {
    if (const auto* const more = std::get_if<std::string>(&part)) {
      text += "\n\n" + *more;
      continue;
    }
    const auto* const image = std::get_if<Image>(&part);
    if (!image)
      throw Error(
          ErrorKind::unsupported,
          std::holds_alternative<Document>(part)
              ? "Ollama takes no documents: give their text by with_text"
              : "Ollama takes no recordings (with_audio)");
    if (image->bytes.empty())
      throw Error(
          ErrorKind::invalid_argument,
          "Ollama does not fetch images: give the bytes by with_image instead of a URL");
    images.push_back(base64_of(image->bytes));
  }
  json.text_member("content", text, "the text of a message");
  if (images.empty())
    return;
  json.key("images").begin_array();
  for (const auto& image : images)
    json.value(image);
  json.end_array();
}

void write_ollama_message(RequestWriter& json, const Message& message)
{
  const auto began = json.begin_extended();
  json.member("role", to_string(message.role()));
  write_parts(json, message);
  if (!message.reasoning().empty())
    json.text_member("thinking", message.reasoning(), "the reasoning of a message");
  if (!message.tool_calls().empty()) {
    json.key("tool_calls").begin_array();
    for (const auto& call : message.tool_calls()) {
      json.begin_object();
      if (!call.id.empty())
        json.text_member("id", call.id, "the id of a tool call");
      json.key("function").begin_object();
      json.text_member("name", call.name, "the name of a tool");
      json.json_member("arguments", call.arguments, "the arguments of a tool call");
      json.end_object().end_object();
    }
    json.end_array();
  }
  if (message.role() == Role::tool) {
    json.text_member("tool_name", message.tool_name(), "the name of a tool");
    if (!message.tool_call_id().empty())
      json.text_member("tool_call_id", message.tool_call_id(), "the id of a tool call");
  }
  json.end_extended(began, message.extra());
}

bool has_options(const Parameters& parameters)
{
  return parameters.temperature || parameters.max_tokens || parameters.top_p || parameters.top_k ||
         parameters.min_p || parameters.presence_penalty || parameters.frequency_penalty ||
         parameters.seed || parameters.context_length || !parameters.stop.empty();
}

void write_ollama_tools(RequestWriter& json, const Parameters& parameters)
{
  using Kind = ToolChoice::Kind;
  const auto kind = parameters.tool_choice ? parameters.tool_choice->kind() : Kind::automatic;
  if (kind == Kind::required || kind == Kind::tool)
    throw Error(ErrorKind::unsupported, "Ollama cannot be forced to call a tool (tool_choice)");
  if (kind == Kind::automatic)
    json.function_tools();
}

// The members after the question, on both paths.
void write_parameters(
    RequestWriter& json, const Parameters& parameters, const Preset& preset, Delivery delivery)
{
  json.member("stream", is_streamed(delivery));
  if (parameters.effort == "none")
    json.member("think", false);
  else if (!parameters.effort.empty())
    json.text_member("think", nearest_effort(parameters.effort, preset.efforts), "the effort");
  else
    json.member_if("think", parameters.think);
  if (!parameters.answer_schema.empty())
    json.json_member("format", parameters.answer_schema, "the schema of the answer");
  else if (parameters.json_mode.value_or(false))
    json.member("format", "json");
  if (parameters.logprobs)
    json.member("logprobs", true).member("top_logprobs", *parameters.logprobs);
  if (parameters.keep_alive)
    json.member("keep_alive", parameters.keep_alive->count());
  json.member_if("truncate", parameters.truncate);
  if (!has_options(parameters))
    return;
  json.key("options").begin_object();
  json.member_if("temperature", parameters.temperature)
      .member_if("num_predict", parameters.max_tokens)
      .member_if("top_p", parameters.top_p)
      .member_if("top_k", parameters.top_k)
      .member_if("min_p", parameters.min_p)
      .member_if("presence_penalty", parameters.presence_penalty)
      .member_if("frequency_penalty", parameters.frequency_penalty)
      .member_if("seed", parameters.seed)
      .member_if("num_ctx", parameters.context_length);
  json.stop_member("stop");
  json.end_object();
}

class Ollama final : public Wire {
 public:
  void append_path(Operation operation, std::string_view, std::string& out) const override
  {
    switch (operation) {
      case Operation::chat: out += "/api/chat"; break;
      case Operation::generate: out += "/api/generate"; break;
      case Operation::embed: out += "/api/embed"; break;
      case Operation::list_models: out += "/api/tags"; break;
    }
  }

  void encode(const ChatRequest& request, const Preset& preset, Delivery delivery, std::string& out)
      const override
  {
    RequestWriter json(out, request.parameters);
    json.text_member("model", request.model, "the model's name");
    json.key("messages").begin_array();
    for (const auto& message : request.messages)
      write_ollama_message(json, message);
    json.end_array();
    write_ollama_tools(json, request.parameters);
    write_parameters(json, request.parameters, preset, delivery);
    json.finish();
  }

  void encode(
      const GenerateRequest& request,
      const Preset& preset,
      Delivery delivery,
      std::string& out) const override
  {
    const auto& prompt = request.prompt;
    RequestWriter json(out, request.parameters);
    json.text_member("model", request.model, "the model's name");
    json.text_member("prompt", prompt.text(), "the prompt");
    if (!prompt.suffix().empty())
      json.text_member("suffix", prompt.suffix(), "the suffix");
    if (!prompt.system().empty())
      json.text_member("system", prompt.system(), "the system prompt");
    if (!prompt.template_text().empty())
      json.text_member("template", prompt.template_text(), "the template");
    if (prompt.is_raw())
      json.member("raw", true);
    write_parameters(json, request.parameters, preset, delivery);
    json.finish();
  }

  void encode(const EmbedRequest& request, std::string& out) const override
  {
    RequestWriter json(out, request.parameters);
    write_embed_fields(json, request);
    json.member_if("truncate", request.parameters.truncate);
    if (request.parameters.keep_alive)
      json.member("keep_alive", request.parameters.keep_alive->count());
    json.finish();
  }

  Reply decode(std::string& body, json::Reader& reader) const override
  {
    OllamaAnswer answer;
    json::read_object(
        reader, body, [&](json::Object object) { read_ollama_answer(object, reader, answer); });
    if (answer.is_error)
      throw hidden_error(body);
    if (!answer.has_content && !answer.is_done)
      throw Error(ErrorKind::bad_response, "the answer has neither a message nor done:true");
    if (!answer.is_done)
      throw Error(ErrorKind::incomplete, "the server cut the reply short: it says done:false")
          .with_partial_text(std::string(answer.text));
    Reply reply;
    reply.text = answer.text;
    reply.reasoning = answer.reasoning;
    reply.model = answer.model;
    reply.tool_calls = std::move(answer.tool_calls);
    reply.logprobs = std::move(answer.logprobs);
    reply.usage = answer.usage;
    reply.timings = answer.timings;
    reply.finish_reason_text = answer.finish_reason;
    reply.finish_reason = finish_reason(answer.finish_reason);
    settle_tool_calls(reply);
    return reply;
  }

  Framing framing() const noexcept override { return Framing::lines; }
  std::unique_ptr<DeltaDecoder> deltas() const override { return ollama_deltas(); }

  Embeddings decode_embeddings(std::string& body) const override
  {
    return read_ollama_embeddings(body);
  }

  ModelPage decode_models(std::string& body) const override
  {
    return read_names(body, {.list = "models", .name = "name", .after = ""});
  }
};

}  // namespace

const Wire& ollama_wire() noexcept
{
  static const Ollama wire;
  return wire;
}

}  // namespace asyncllm::provider
