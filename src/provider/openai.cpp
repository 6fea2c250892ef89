// OpenAI's chat completions, as OpenAI and the many compatible servers speak them.
#include <asyncllm/core/error.hpp>

#include "json/reader.hpp"
#include "json/writer.hpp"
#include "provider/errors.hpp"
#include "provider/openai_fields.hpp"
#include "provider/reply_fields.hpp"
#include "provider/request_fields.hpp"
#include "provider/wires.hpp"

#include <limits>

namespace asyncllm::provider {
namespace {

void write_message(json::Writer& json, const Message& message)
{
  json.begin_object().member("role", to_string(message.role()));
  if (message.text().empty() && !message.tool_calls().empty())
    json.key("content").raw("null");
  else
    json.member("content", checked(message.text(), "the text of a message"));
  if (!message.tool_calls().empty()) {
    json.key("tool_calls").begin_array();
    for (const auto& call : message.tool_calls()) {
      json.begin_object().member("id", call.id).member("type", "function");
      if (!call.extra.empty())
        json.key("extra_content").raw(call.extra);
      json.key("function")
          .begin_object()
          .member("name", call.name)
          .member("arguments", call.arguments)
          .end_object()
          .end_object();
    }
    json.end_array();
  }
  if (message.role() == Role::tool)
    json.member("tool_call_id", message.tool_call_id());
  json.end_object();
}

void read_message(json::Value message, Reply& reply)
{
  std::string thinking;
  std::string names[2];  // of the reasoning, in the order of preference
  for (auto field : message.get_object()) {
    const std::string_view key = field.unescaped_key();
    json::Value value = field.value();
    if (key == "content")
      append_content(value, reply.text, thinking);
    else if (key == "refusal")
      reply.refusal = json::text_or_null(value);
    else if (key == "reasoning_content")
      names[0] = json::text_if(value).value_or("");
    else if (key == "reasoning")
      names[1] = json::text_if(value).value_or("");
    else if (key == "tool_calls" && json::is_array(value))
      for (json::Value call : value.get_array())
        add_tool_call(call, reply.tool_calls);
  }
  for (auto* const text : {&names[0], &names[1], &thinking})
    if (reply.reasoning.empty())
      reply.reasoning = std::move(*text);
}

// Reads a choice into `reply` unless one with a lower index was read before.
void read_choice(json::Value choice, Reply& reply, std::int64_t& lowest_index)
{
  Reply read;
  std::int64_t index = 0;
  bool has_message = false;
  for (auto field : choice.get_object()) {
    const std::string_view key = field.unescaped_key();
    json::Value value = field.value();
    if (key == "index") {
      index = json::integer_if(value).value_or(0);
    } else if (key == "finish_reason") {
      read.finish_reason_text = json::text_if(value).value_or("");
    } else if (key == "message" && json::is_object(value)) {
      has_message = true;
      read_message(value, read);
    } else if (key == "usage") {
      read_usage(value, reply.usage);  // Moonshot
    }
  }
  if (!has_message || index >= lowest_index)
    return;
  lowest_index = index;
  reply.text = std::move(read.text);
  reply.reasoning = std::move(read.reasoning);
  reply.refusal = std::move(read.refusal);
  reply.tool_calls = std::move(read.tool_calls);
  reply.finish_reason_text = std::move(read.finish_reason_text);
}

class OpenAi final : public Wire {
 public:
  std::string_view chat_path() const override { return "/chat/completions"; }
  std::string_view models_path() const override { return "/models"; }

  void encode(const ChatRequest& request, const Preset& preset, Delivery delivery, std::string& out)
      const override
  {
    const auto begin = out.size();
    const auto& parameters = request.parameters;
    json::Writer json(out);
    json.begin_object().member("model", checked(request.model, "the model's name"));
    json.key("messages").begin_array();
    for (const auto& message : request.messages)
      write_message(json, message);
    json.end_array()
        .member_if("temperature", parameters.temperature)
        .member_if(preset.max_tokens_name, parameters.max_tokens)
        .member_if("top_p", parameters.top_p)
        .member_if("top_k", parameters.top_k)
        .member_if("min_p", parameters.min_p)
        .member_if("presence_penalty", parameters.presence_penalty)
        .member_if("frequency_penalty", parameters.frequency_penalty)
        .member_if("seed", parameters.seed);
    if (!parameters.stop.empty()) {
      json.key("stop").begin_array();
      for (const auto& stop : parameters.stop)
        json.value(checked(stop, "a stop text"));
      json.end_array();
    }
    if (delivery == Delivery::streamed)
      json.member("stream", true)
          .key("stream_options")
          .begin_object()
          .member("include_usage", true)
          .end_object();
    json.end_object();
    if (!parameters.extra.empty())
      merge_extra(out, begin, parameters.extra);
  }

  Reply decode(std::string& body) const override
  {
    Reply reply;
    bool is_error = false;
    auto lowest_index = std::numeric_limits<std::int64_t>::max();
    json::read_object(body, [&](json::Object answer) {
      reply = Reply();
      lowest_index = std::numeric_limits<std::int64_t>::max();
      for (auto field : answer) {
        const std::string_view key = field.unescaped_key();
        json::Value value = field.value();
        if (key == "choices" && json::is_array(value)) {
          for (json::Value choice : value.get_array())
            read_choice(choice, reply, lowest_index);
        } else if (key == "error") {
          is_error = !value.is_null();
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
      throw hidden_error(body);
    if (lowest_index == std::numeric_limits<std::int64_t>::max())
      throw Error(ErrorKind::bad_response, "the answer has no choices[].message");
    reply.finish_reason = finish_reason(reply.finish_reason_text);
    return reply;
  }

  std::unique_ptr<DeltaDecoder> deltas() const override { return openai_deltas(); }

  std::vector<std::string> decode_models(std::string& body) const override
  {
    return read_names(body, "data", "id");
  }
};

}  // namespace

const Wire& openai_wire() noexcept
{
  static const OpenAi wire;
  return wire;
}

}  // namespace asyncllm::provider
