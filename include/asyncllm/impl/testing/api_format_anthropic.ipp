// Anthropic messages: named SSE events, no [DONE].
#include <asyncllm/impl/testing/api_format.hpp>

#include <nlohmann/json.hpp>

namespace asyncllm::inline v0_1::testing {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::string event(const char* type, const ordered_json& fields)
{
  ordered_json data{{"type", type}};
  data.update(fields);
  return "event: " + std::string(type) + "\ndata: " + dumped(data) + "\n\n";
}

const char* error_type(int status)
{
  switch (status) {
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 529: return "overloaded_error";
    default: return status < 500 ? "invalid_request_error" : "api_error";
  }
}

class AnthropicFormat : public ApiFormat {
 public:
  std::string complaint(const json& body) const override
  {
    std::string text = complaint_about(body, true);
    if (text.empty() && !body.contains("max_tokens"))
      text = "max_tokens: Field required";
    return text;
  }

  Call read(const json& body) const override
  {
    Call call = read_call(body, false);
    const auto system = body.find("system");
    call.prompt_words += system != body.end() ? count_words(text_of(*system)) : 0;
    return call;
  }

  std::string whole(const Said& said) const override
  {
    ordered_json blocks = ordered_json::array();
    if (said.tools.empty() || !said.text().empty())
      blocks.push_back(ordered_json{{"type", "text"}, {"text", said.text()}});
    for (std::size_t i = 0; i < said.tools.size(); ++i)
      blocks.push_back(tool_block(said, i, ordered_json::parse(said.tools[i].second)));
    ordered_json body = message_of(said, blocks, said.output_tokens);
    body["stop_reason"] = said.finish_or("end_turn", "tool_use");
    return dumped(body);
  }

  std::string opening(const Said& said) const override
  {
    const ordered_json message = message_of(said, ordered_json::array(), 0);
    const ordered_json block{{"type", "text"}, {"text", ""}};
    return event("message_start", ordered_json{{"message", message}}) +
           event("content_block_start", ordered_json{{"index", 0}, {"content_block", block}});
  }

  std::string piece(const Said& said, std::size_t index) const override
  {
    const ordered_json delta{{"type", "text_delta"}, {"text", said.pieces[index]}};
    return event("content_block_delta", ordered_json{{"index", 0}, {"delta", delta}});
  }

  std::string closing(const Said& said) const override
  {
    const ordered_json delta{
        {"stop_reason", said.finish_or("end_turn", "tool_use")}, {"stop_sequence", nullptr}};
    const ordered_json usage{{"output_tokens", said.output_tokens}};
    std::string tools;
    for (std::size_t i = 0; i < said.tools.size(); ++i)
      tools += tool_events(said, i);
    return event("content_block_stop", ordered_json{{"index", 0}}) + tools +
           event("message_delta", ordered_json{{"delta", delta}, {"usage", usage}}) +
           event("message_stop", ordered_json::object());
  }

  std::string error(int code, std::string_view message) const override
  {
    const ordered_json error{{"type", error_type(code)}, {"message", message}};
    return dumped(ordered_json{{"type", "error"}, {"error", error}});
  }

  std::string missing_model(std::string_view model) const override
  {
    return error(404, "model: " + std::string(model));
  }

  std::string listing(const std::vector<std::string>& models) const override
  {
    return openai_format().listing(models);
  }

  std::string_view whole_type() const override { return "application/json"; }
  std::string_view stream_type() const override { return "text/event-stream; charset=utf-8"; }
  std::string_view request_id_header() const override { return "request-id"; }

 private:
  static ordered_json tool_block(const Said& said, std::size_t index, const ordered_json& input)
  {
    return ordered_json{
        {"type", "tool_use"},
        {"id", said.tool_id(index)},
        {"name", said.tools[index].first},
        {"input", input}};
  }

  static std::string tool_events(const Said& said, std::size_t index)
  {
    const auto block = tool_block(said, index, ordered_json::object());
    const ordered_json delta{
        {"type", "input_json_delta"}, {"partial_json", said.tools[index].second}};
    const auto at = index + 1;  // behind the text's block
    return event("content_block_start", ordered_json{{"index", at}, {"content_block", block}}) +
           event("content_block_delta", ordered_json{{"index", at}, {"delta", delta}}) +
           event("content_block_stop", ordered_json{{"index", at}});
  }

  static ordered_json message_of(
      const Said& said, const ordered_json& content, std::int64_t output_tokens)
  {
    const ordered_json usage{{"input_tokens", said.input_tokens}, {"output_tokens", output_tokens}};
    return ordered_json{
        {"id", "msg_scripted_" + std::to_string(said.number)},
        {"type", "message"},
        {"role", "assistant"},
        {"model", said.call.model},
        {"content", content},
        {"stop_reason", nullptr},
        {"stop_sequence", nullptr},
        {"usage", usage}};
  }
};

}  // namespace

const ApiFormat& anthropic_format()
{
  static const AnthropicFormat format;
  return format;
}

}  // namespace asyncllm::testing
