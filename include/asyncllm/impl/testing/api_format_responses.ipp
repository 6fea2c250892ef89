// OpenAI's Responses: named SSE events with numbers, no [DONE].
#include <asyncllm/impl/testing/api_format.hpp>

#include <nlohmann/json.hpp>

namespace asyncllm::inline v0_1::testing {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// Numbers the events of one answer.
class ResponseEvents {
 public:
  explicit ResponseEvents(std::size_t first) : number_(first) {}

  void add(const std::string& type, const ordered_json& fields)
  {
    ordered_json data{{"type", type}, {"sequence_number", number_++}};
    data.update(fields);
    text_ += "event: " + type + "\ndata: " + dumped(data) + "\n\n";
  }
  const std::string& text() const noexcept { return text_; }

 private:
  std::size_t number_;
  std::string text_;
};

std::string complaint_about_input(const json& input)
{
  if (input.is_string())
    return std::string();
  if (!input.is_array())
    return "input must be a string or an array";
  for (const json& item : input)
    if (string_field(item, "role").empty() && string_field(item, "type").empty())
      return "every item of the input must be an object with a role or a type";
  return std::string();
}

class ResponsesFormat : public ApiFormat {
 public:
  std::string complaint(const json& body) const override
  {
    std::string text = complaint_about(body, false);
    if (text.empty() && !body.contains("input"))
      text = "input is required";
    return text.empty() ? complaint_about_input(body["input"]) : text;
  }

  Call read(const json& body) const override
  {
    Call call;
    call.model = string_field(body, "model");
    call.stream = flag_field(body, "stream", false);
    call.prompt_words = count_words(string_field(body, "instructions"));
    const auto input = body.find("input");
    if (input == body.end())
      return call;
    if (input->is_string())
      call.prompt = input->get<std::string>();
    else if (input->is_array())
      for (const json& item : *input) {
        const auto content = item.find("content");
        const std::string text = content != item.end() ? text_of(*content) : std::string();
        call.prompt_words += count_words(text);
        if (string_field(item, "role") == "user")
          call.prompt = text;
      }
    if (input->is_string())
      call.prompt_words += count_words(call.prompt);
    return call;
  }

  std::string whole(const Said& said) const override { return dumped(response_of(said, true)); }

  std::string opening(const Said& said) const override
  {
    ResponseEvents events(0);
    const auto response = response_of(said, false);
    events.add("response.created", {{"response", response}});
    events.add("response.in_progress", {{"response", response}});
    if (has_message(said)) {
      events.add(
          "response.output_item.added", {{"output_index", 0}, {"item", message_of(said, false)}});
      events.add("response.content_part.added", part_fields(said, {{"part", part_of("")}}));
    }
    return events.text();
  }

  std::string piece(const Said& said, std::size_t index) const override
  {
    ResponseEvents events(first_piece + index);
    events.add(
        "response.output_text.delta",
        part_fields(said, {{"delta", said.pieces[index]}, {"logprobs", ordered_json::array()}}));
    return events.text();
  }

  std::string closing(const Said& said) const override
  {
    ResponseEvents events(has_message(said) ? first_piece + said.pieces.size() : 2);
    if (has_message(said)) {
      const auto text = said.text();
      events.add(
          "response.output_text.done",
          part_fields(said, {{"text", text}, {"logprobs", ordered_json::array()}}));
      events.add("response.content_part.done", part_fields(said, {{"part", part_of(text)}}));
      events.add(
          "response.output_item.done", {{"output_index", 0}, {"item", message_of(said, true)}});
    }
    for (std::size_t i = 0; i < said.tools.size(); ++i)
      add_call(events, said, i);
    events.add(
        is_cut(said) ? "response.incomplete" : "response.completed",
        {{"response", response_of(said, true)}});
    return events.text();
  }

  std::string error(int code, std::string_view message) const override
  {
    return openai_format().error(code, message);
  }

  std::string missing_model(std::string_view model) const override
  {
    return openai_format().missing_model(model);
  }

  std::string listing(const std::vector<std::string>& models) const override
  {
    return openai_format().listing(models);
  }

  std::string_view whole_type() const override { return "application/json"; }
  std::string_view stream_type() const override { return "text/event-stream; charset=utf-8"; }
  std::string_view request_id_header() const override { return "x-request-id"; }

 private:
  static constexpr std::size_t first_piece = 4;  // behind the events of the opening

  static bool has_message(const Said& said) { return said.tools.empty() || !said.pieces.empty(); }

  // A scripted finish reason is why the response is incomplete.
  static bool is_cut(const Said& said)
  {
    const auto& reason = said.finish_reason;
    return reason && *reason != "completed" && *reason != "stop";
  }

  static std::string id_of(const char* prefix, const Said& said)
  {
    return std::string(prefix) + "_scripted_" + std::to_string(said.number);
  }

  static ordered_json part_fields(const Said& said, const ordered_json& more)
  {
    ordered_json fields{{"item_id", id_of("msg", said)}, {"output_index", 0}, {"content_index", 0}};
    fields.update(more);
    return fields;
  }

  static ordered_json part_of(const std::string& text)
  {
    return ordered_json{
        {"type", "output_text"},
        {"text", text},
        {"annotations", ordered_json::array()},
        {"logprobs", ordered_json::array()}};
  }

  static ordered_json message_of(const Said& said, bool is_done)
  {
    ordered_json content = ordered_json::array();
    if (is_done)
      content.push_back(part_of(said.text()));
    return ordered_json{
        {"id", id_of("msg", said)},
        {"type", "message"},
        {"status", is_done ? "completed" : "in_progress"},
        {"role", "assistant"},
        {"content", content}};
  }

  static ordered_json call_of(const Said& said, std::size_t index, bool is_done)
  {
    const auto& [name, arguments] = said.tools[index];
    return ordered_json{
        {"id", id_of("fc", said) + '_' + std::to_string(index)},
        {"type", "function_call"},
        {"status", is_done ? "completed" : "in_progress"},
        {"call_id", said.tool_id(index)},
        {"name", name},
        {"arguments", is_done ? arguments : std::string()}};
  }

  // The arguments come in two pieces.
  static void add_call(ResponseEvents& events, const Said& said, std::size_t index)
  {
    const auto& arguments = said.tools[index].second;
    const auto at = index + (has_message(said) ? 1 : 0);
    const auto call = call_of(said, index, true);
    const auto fields = [&](const char* name, const std::string& text) {
      return ordered_json{{"item_id", call["id"]}, {"output_index", at}, {name, text}};
    };
    const auto half = arguments.size() / 2;
    events.add(
        "response.output_item.added",
        {{"output_index", at}, {"item", call_of(said, index, false)}});
    for (const auto& piece : {arguments.substr(0, half), arguments.substr(half)})
      events.add("response.function_call_arguments.delta", fields("delta", piece));
    events.add("response.function_call_arguments.done", fields("arguments", arguments));
    events.add("response.output_item.done", {{"output_index", at}, {"item", call}});
  }

  static ordered_json output_of(const Said& said)
  {
    ordered_json output = ordered_json::array();
    if (has_message(said))
      output.push_back(message_of(said, true));
    for (std::size_t i = 0; i < said.tools.size(); ++i)
      output.push_back(call_of(said, i, true));
    return output;
  }

  static ordered_json response_of(const Said& said, bool is_done)
  {
    const auto age = std::chrono::floor<std::chrono::seconds>(said.asked_at.time_since_epoch());
    ordered_json response{
        {"id", id_of("resp", said)},
        {"object", "response"},
        {"created_at", age.count()},
        {"status",
         !is_done       ? "in_progress"
         : is_cut(said) ? "incomplete"
                        : "completed"},
        {"error", nullptr},
        {"incomplete_details", nullptr},
        {"instructions", nullptr},
        {"model", said.call.model},
        {"output", is_done ? output_of(said) : ordered_json::array()},
        {"parallel_tool_calls", true},
        {"previous_response_id", nullptr},
        {"store", false},
        {"tool_choice", "auto"},
        {"tools", ordered_json::array()},
        {"usage", nullptr}};
    if (is_done && is_cut(said))
      response["incomplete_details"] = {{"reason", *said.finish_reason}};
    if (is_done)
      response["usage"] = {
          {"input_tokens", said.input_tokens},
          {"input_tokens_details", {{"cached_tokens", 0}}},
          {"output_tokens", said.output_tokens},
          {"output_tokens_details", {{"reasoning_tokens", 0}}},
          {"total_tokens", said.input_tokens + said.output_tokens}};
    return response;
  }
};

}  // namespace

const ApiFormat& responses_format()
{
  static const ResponsesFormat format;
  return format;
}

}  // namespace asyncllm::testing
