// OpenAI chat completions: SSE streams that end with [DONE], errors that are an object.
#include <asyncllm/impl/testing/api_format.hpp>

#include <nlohmann/json.hpp>

namespace asyncllm::inline v0_1::testing {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::string event(const ordered_json& data)
{
  return "data: " + dumped(data) + "\n\n";
}

struct ErrorWords {
  const char* type;
  const char* code;  // nullptr: null
};

ErrorWords words_for(int status)
{
  switch (status) {
    case 401: return {"invalid_request_error", "invalid_api_key"};
    case 429: return {"requests", "rate_limit_exceeded"};
    default: return {status < 500 ? "invalid_request_error" : "server_error", nullptr};
  }
}

std::string error_body(std::string_view message, const char* type, const char* code)
{
  const ordered_json code_value = code != nullptr ? ordered_json(code) : ordered_json();
  const ordered_json error{
      {"message", message}, {"type", type}, {"param", nullptr}, {"code", code_value}};
  return dumped(ordered_json{{"error", error}});
}

class OpenAiFormat : public ApiFormat {
 public:
  std::string complaint(const json& body) const override { return complaint_about(body, true); }

  Call read(const json& body) const override
  {
    Call call = read_call(body, false);
    const auto options = body.find("stream_options");
    call.include_usage = options != body.end() && options->is_object() &&
                         flag_field(*options, "include_usage", false);
    return call;
  }

  std::string whole(const Said& said) const override
  {
    ordered_json body = frame_of(said, "chat.completion");
    ordered_json message{{"role", "assistant"}, {"content", said.text()}, {"refusal", nullptr}};
    for (std::size_t i = 0; i < said.tools.size(); ++i)
      message["tool_calls"].push_back(ordered_json{
          {"id", said.tool_id(i)},
          {"type", "function"},
          {"function", {{"name", said.tools[i].first}, {"arguments", said.tools[i].second}}}});
    body["choices"] = ordered_json::array({ordered_json{
        {"index", 0},
        {"message", message},
        {"logprobs", nullptr},
        {"finish_reason", said.finish_or("stop", "tool_calls")}}});
    body["usage"] = usage_of(said);
    return dumped(body);
  }

  std::string opening(const Said& said) const override
  {
    const ordered_json delta{{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}};
    return chunk(said, delta, nullptr);
  }

  std::string piece(const Said& said, std::size_t index) const override
  {
    return chunk(said, ordered_json{{"content", said.pieces[index]}}, nullptr);
  }

  std::string closing(const Said& said) const override
  {
    std::string text;
    for (std::size_t i = 0; i < said.tools.size(); ++i)
      text += tool_chunks(said, i);
    text += chunk(said, ordered_json::object(), said.finish_or("stop", "tool_calls"));
    if (said.call.include_usage) {
      ordered_json last = frame_of(said, "chat.completion.chunk");
      last["choices"] = ordered_json::array();
      last["usage"] = usage_of(said);
      text += event(last);
    }
    return text + "data: [DONE]\n\n";
  }

  std::string error(int code, std::string_view message) const override
  {
    const ErrorWords words = words_for(code);
    return error_body(message, words.type, words.code);
  }

  std::string missing_model(std::string_view model) const override
  {
    const std::string message =
        "The model `" + std::string(model) + "` does not exist or you do not have access to it.";
    return error_body(message, "invalid_request_error", "model_not_found");
  }

  std::string listing(const std::vector<std::string>& models) const override
  {
    ordered_json list = ordered_json::array();
    for (const std::string& model : models) {
      list.push_back(ordered_json{
          {"id", model}, {"object", "model"}, {"created", 1767225600}, {"owned_by", "scripted"}});
    }
    return dumped(ordered_json{{"object", "list"}, {"data", std::move(list)}});
  }

  std::string_view whole_type() const override { return "application/json"; }
  std::string_view stream_type() const override { return "text/event-stream; charset=utf-8"; }
  std::string_view request_id_header() const override { return "x-request-id"; }

 private:
  static ordered_json frame_of(const Said& said, const char* object)
  {
    const auto age = std::chrono::floor<std::chrono::seconds>(said.asked_at.time_since_epoch());
    ordered_json frame;
    frame["id"] = "chatcmpl-scripted-" + std::to_string(said.number);
    frame["object"] = object;
    frame["created"] = age.count();
    frame["model"] = said.call.model;
    return frame;
  }

  static std::string chunk(const Said& said, const ordered_json& delta, const ordered_json& reason)
  {
    ordered_json frame = frame_of(said, "chat.completion.chunk");
    frame["choices"] = ordered_json::array({ordered_json{
        {"index", 0}, {"delta", delta}, {"logprobs", nullptr}, {"finish_reason", reason}}});
    if (said.call.include_usage)
      frame["usage"] = nullptr;
    return event(frame);
  }

  // The name first, then the arguments in two pieces, as OpenAI does.
  static std::string tool_chunks(const Said& said, std::size_t index)
  {
    const auto& [name, arguments] = said.tools[index];
    const auto piece = [&](ordered_json call) {
      call["index"] = index;
      ordered_json delta;
      delta["tool_calls"].push_back(std::move(call));
      return chunk(said, delta, nullptr);
    };
    const auto of_arguments = [&](std::size_t from, std::size_t count) {
      return piece({{"function", {{"arguments", arguments.substr(from, count)}}}});
    };
    const auto half = arguments.size() / 2;
    return piece(
               {{"id", said.tool_id(index)},
                {"type", "function"},
                {"function", {{"name", name}, {"arguments", ""}}}}) +
           of_arguments(0, half) + of_arguments(half, arguments.npos);
  }

  static ordered_json usage_of(const Said& said)
  {
    return ordered_json{
        {"prompt_tokens", said.input_tokens},
        {"completion_tokens", said.output_tokens},
        {"total_tokens", said.input_tokens + said.output_tokens}};
  }
};

}  // namespace

const ApiFormat& openai_format()
{
  static const OpenAiFormat format;
  return format;
}

}  // namespace asyncllm::testing
