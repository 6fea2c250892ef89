// Requests of the Responses API that real servers answered: the same conversation, with the turns
// of the model in their native form and the results of its calls, must give the same input.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/core/base64.hpp>

#include "recordings.hpp"
#include "test.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

using namespace asyncllm;
using support::Json;

namespace {

struct Counts {
  int results = 0, reasoning = 0;
};

// Items into the messages that a caller would have.
class ItemReader {
 public:
  Messages read(const Json& input, Counts& counts)
  {
    if (input.is_string())
      return Messages().user(input);
    for (const auto& item : input)
      add(item, counts);
    end_turn();
    return std::move(messages_);
  }

 private:
  void add(const Json& item, Counts& counts)
  {
    const auto type = item.value("type", "message");
    const auto role = item.value("role", "");
    if (type == "function_call_output") {
      end_turn();
      messages_.add(result_of(item));
      ++counts.results;
    } else if (type == "message" && role != "assistant") {
      end_turn();
      messages_.add(message_of(item, role));
    } else {  // of the model, or for the server's own tools
      turn_.push_back(item);
      counts.reasoning += type == "reasoning" ? 1 : 0;
    }
  }

  void end_turn()
  {
    if (turn_.empty())
      return;
    messages_.add(Message::assistant("").with_native({"responses", turn_.dump()}));
    turn_ = Json::array();
  }

  static Message result_of(const Json& item)
  {
    const auto& output = item["output"];
    auto message = Message::tool(item["call_id"], "", output.is_string() ? output : Json(""));
    if (output.is_array())
      for (const auto& part : output)
        message.with_part(part_of(part));
    return with_extra(std::move(message), item, {"type", "call_id", "output"});
  }

  static Message message_of(const Json& item, const std::string& role)
  {
    const auto& content = item["content"];
    Message message(
        role == "system"      ? Role::system
        : role == "developer" ? Role::developer
                              : Role::user,
        content.is_string() ? content : Json(""));
    if (has_marks(content))  // for the provider's cache
      return with_extra(std::move(message), item, {"type", "role"});
    if (content.is_array())
      for (const auto& part : content)
        message.with_part(part_of(part));
    return with_extra(std::move(message), item, {"type", "role", "content"});
  }

  static bool has_marks(const Json& content)
  {
    return content.is_array() && std::ranges::any_of(content, [](const Json& part) {
             return part.contains("prompt_cache_breakpoint") || part.contains("cache_control");
           });
  }

  static Message with_extra(Message message, Json rest, std::initializer_list<const char*> known)
  {
    for (const auto* name : known)
      rest.erase(name);
    return rest.empty() ? message : message.with_extra(rest.dump());
  }

  static std::pair<std::string, std::string> bytes_and_type(const std::string& url)
  {
    const auto comma = url.find(',');
    const auto bytes = detail::from_base64(std::string_view(url).substr(comma + 1));
    return {bytes.value(), url.substr(5, url.find(';') - 5)};
  }

  static Part part_of(const Json& part)
  {
    const auto type = part["type"].get<std::string>();
    if (type == "input_text")
      return part["text"].get<std::string>();
    if (type == "input_image") {
      const auto url = part["image_url"].get<std::string>();
      if (!url.starts_with("data:"))
        return Image{{}, {}, url};
      auto [bytes, mime_type] = bytes_and_type(url);
      return Image{std::move(bytes), std::move(mime_type), {}};
    }
    if (part.contains("file_url"))
      return Document{{}, {}, {}, part["file_url"]};
    auto [bytes, mime_type] = bytes_and_type(part["file_data"]);
    return Document{std::move(bytes), std::move(mime_type), part["filename"], {}};
  }

  Messages messages_;
  Json turn_ = Json::array();
};

// One way to write what has several.
Json normal_input(const Json& body)
{
  auto input = body["input"];
  if (input.is_string())
    input = Json::array({{{"role", "user"}, {"content", input}}});
  for (auto& item : input) {
    if (item.value("type", "message") != "message" || item.value("role", "") == "assistant")
      continue;
    item["type"] = "message";
    if (item["content"].is_string())
      item["content"] = Json::array({{{"type", "input_text"}, {"text", item["content"]}}});
    for (auto& part : item["content"])
      if (part["type"] == "input_image" && part.value("detail", "auto") == "auto")
        part.erase("detail");
  }
  auto instructions = body.value("instructions", Json());
  const bool has_prompt = instructions.is_null() && input.size() > 1 &&
                          input[0].value("role", "") == "system" && input[0]["content"].size() == 1;
  if (has_prompt) {
    instructions = input[0]["content"][0]["text"];
    input.erase(input.begin());
  }
  return {{"instructions", std::move(instructions)}, {"input", std::move(input)}};
}

// Files that the provider keeps, which only `extra` can name.
bool has_stored_file(const Json& body)
{
  return body.dump().find("\"file_id\"") != std::string::npos;
}

std::string unlike(const Json& body, Counts& counts)
{
  const auto& preset = *provider::find_preset("openai-responses");
  auto messages = ItemReader().read(body["input"], counts);
  if (const auto prompt = body.value("instructions", Json()); prompt.is_string())
    messages.prepend(Message::system(prompt));
  std::string out;
  const ChatRequest request{"gpt-5", std::move(messages), {}};
  provider::responses_wire().encode(request, preset, provider::Delivery::whole, out);
  const auto want = normal_input(body), got = normal_input(Json::parse(out));
  return got == want ? "" : " differs: " + Json::diff(want, got).dump().substr(0, 500);
}

}  // namespace

TEST_CASE("our requests say what recorded requests of responses say", "[recordings]")
{
  Counts counts;
  support::for_each_recording(
      {"chat", "stream", "error"},
      "requests of responses",
      [&](const Json& meta, const std::string&) -> std::string {
        const auto body = meta.value("request_body", Json());
        if (!body.is_object() || !body.contains("input") || has_stored_file(body))
          return "does not count";
        try {
          return unlike(body, counts);
        } catch (const std::exception& error) {
          return std::string(" threw ") + error.what();
        }
      },
      "responses");
  std::cout << "with " << counts.results << " results of calls and " << counts.reasoning
            << " reasoning items\n";
}
