// Ollama's native wire: /api/chat, documented in ollama/ollama, docs/api.md.
#include <asyncllm/core/error.hpp>

#include "json/reader.hpp"
#include "json/writer.hpp"
#include "provider/errors.hpp"
#include "provider/ollama_fields.hpp"
#include "provider/reply_fields.hpp"
#include "provider/request_fields.hpp"
#include "provider/wires.hpp"

#include <chrono>

namespace asyncllm::provider {
namespace {

void write_message(json::Writer& json, const Message& message)
{
  json.begin_object()
      .member("role", to_string(message.role()))
      .member("content", checked(message.text(), "the text of a message"));
  if (!message.tool_calls().empty()) {
    json.key("tool_calls").begin_array();
    for (const auto& call : message.tool_calls()) {
      json.begin_object();
      if (!call.id.empty())
        json.member("id", call.id);
      json.key("function")
          .begin_object()
          .member("name", call.name)
          .key("arguments")
          .raw(call.arguments)  // an object on this wire
          .end_object()
          .end_object();
    }
    json.end_array();
  }
  if (message.role() == Role::tool) {
    json.member("tool_name", message.tool_name());
    if (!message.tool_call_id().empty())
      json.member("tool_call_id", message.tool_call_id());
  }
  json.end_object();
}

void write_options(json::Writer& json, const Parameters& parameters)
{
  std::string text;
  json::Writer options(text);
  options.begin_object()
      .member_if("temperature", parameters.temperature)
      .member_if("num_predict", parameters.max_tokens)
      .member_if("top_p", parameters.top_p)
      .member_if("top_k", parameters.top_k)
      .member_if("min_p", parameters.min_p)
      .member_if("presence_penalty", parameters.presence_penalty)
      .member_if("frequency_penalty", parameters.frequency_penalty)
      .member_if("seed", parameters.seed)
      .member_if("num_ctx", parameters.context_length);
  if (!parameters.stop.empty()) {
    options.key("stop").begin_array();
    for (const auto& stop : parameters.stop)
      options.value(checked(stop, "a stop text"));
    options.end_array();
  }
  options.end_object();
  if (text != "{}")
    json.key("options").raw(text);
}

class Ollama final : public Wire {
 public:
  std::string_view chat_path() const override { return "/api/chat"; }
  std::string_view models_path() const override { return "/api/tags"; }

  void encode(
      const ChatRequest& request, const Preset&, Delivery delivery, std::string& out) const override
  {
    const auto begin = out.size();
    const auto& parameters = request.parameters;
    json::Writer json(out);
    json.begin_object().member("model", checked(request.model, "the model's name"));
    json.key("messages").begin_array();
    for (const auto& message : request.messages)
      write_message(json, message);
    json.end_array().member("stream", delivery == Delivery::streamed);
    if (parameters.keep_alive)
      json.member("keep_alive", parameters.keep_alive->count());
    json.member_if("truncate", parameters.truncate);
    write_options(json, parameters);
    json.end_object();
    if (!parameters.extra.empty())
      merge_extra(out, begin, parameters.extra);
  }

  Reply decode(std::string& body) const override
  {
    OllamaAnswer answer;
    json::read_object(body, [&](json::Object object) { answer = read_ollama_answer(object); });
    auto& reply = answer.reply;
    if (answer.is_error)
      throw hidden_error(body);
    if (!answer.has_content && !answer.is_done)
      throw Error(ErrorKind::bad_response, "the answer has neither a message nor done:true");
    if (!answer.is_done)
      throw Error(ErrorKind::incomplete, "the server broke the answer off: it says done:false")
          .with_partial_text(reply.text);
    reply.finish_reason = finish_reason(reply.finish_reason_text);
    if (!reply.tool_calls.empty() && reply.finish_reason == FinishReason::stop)
      reply.finish_reason = FinishReason::tool_calls;  // this server has no word of its own for it
    return std::move(reply);
  }

  std::unique_ptr<DeltaDecoder> deltas() const override { return ollama_deltas(); }

  std::vector<std::string> decode_models(std::string& body) const override
  {
    return read_names(body, "models", "name");
  }
};

}  // namespace

const Wire& ollama_wire() noexcept
{
  static const Ollama wire;
  return wire;
}

}  // namespace asyncllm::provider
