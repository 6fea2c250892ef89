// Requests that real servers answered: the same conversation and options must give the same body.
#include <asyncllm/core/error.hpp>

#include "recordings.hpp"

#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

using namespace asyncllm;
using support::Json;
using support::text_of;

namespace {

// What belongs to single servers and goes by `extra`.
const std::set<std::string> server_specific{
    "audio",
    "cache_control",
    "content",
    "enable_thinking",
    "function_call",
    "n",
    "include_reasoning",
    "modalities",
    "models",
    "preset",
    "provider",
    "reasoning",
    "search_settings",
    "thinking",
    "transforms",
    "usage",
    "user",
    "reasoning_content",
    "venice_parameters"};

const provider::Preset& preset_of(const Json& meta)
{
  const std::map<std::string, std::string> others{{"azure-ai", "azure"}, {"llama.cpp", "llamacpp"}};
  const bool is_openai = meta["wire"] == "openai";
  std::string name = meta[is_openai ? "provider" : "wire"];
  if (const auto other = others.find(name); other != others.end())
    name = other->second;
  const auto* const found = provider::find_preset(name);
  const bool fits = found && (found->wire == provider::WireKind::openai) == is_openai;
  return fits ? *found : *provider::find_preset("openai-compatible");
}

// A request taken apart into what our interface takes. Every member that was understood is taken
// out of the body, what is left goes by `extra`.
class Request {
 public:
  Request(const Json& meta, Json body) : preset_(preset_of(meta)), body_(std::move(body))
  {
    model_ = take("model", Json("")).get<std::string>();
    is_streamed_ = take("stream", preset_.wire == provider::WireKind::ollama).get<bool>();
    body_.erase("stream_options");  // always asked for
    if (preset_.wire == provider::WireKind::ollama)
      read_ollama();
    else
      read_common(body_);
    if (preset_.wire == provider::WireKind::anthropic)
      read_anthropic();
    if (preset_.wire == provider::WireKind::openai)
      read_openai();
    for (const auto& message : take("messages", Json::array()))
      messages_.add(message_of(message));
    for (const auto& [name, value] : body_.items())
      extras.insert(name);
    if (!body_.empty())
      parameters_.extra = body_.dump();
  }

  Json encode(const provider::Wire& wire) const
  {
    std::string out;
    const auto delivery = is_streamed_ ? provider::Delivery::streamed : provider::Delivery::whole;
    if (prompt_)
      wire.encode(GenerateRequest{model_, *prompt_, parameters_}, preset_, delivery, out);
    else
      wire.encode(ChatRequest{model_, messages_, parameters_}, preset_, delivery, out);
    return Json::parse(out);
  }

  std::set<std::string> extras;

 private:
  Json take(const char* name, Json otherwise = Json()) { return take(body_, name, otherwise); }
  static Json take(Json& object, const char* name, Json otherwise = Json())
  {
    const auto found = object.find(name);
    if (found == object.end())
      return otherwise;
    Json value = *found;
    object.erase(found);
    return value;
  }

  template <class Value>
  static void take(Json& object, const char* name, std::optional<Value>& into)
  {
    if (const auto value = take(object, name); !value.is_null())
      into = value.get<Value>();
  }

  void read_common(Json& from)
  {
    take(from, "temperature", parameters_.temperature);
    take(from, "top_p", parameters_.top_p);
    take(from, "top_k", parameters_.top_k);
    take(from, "min_p", parameters_.min_p);
    take(from, "presence_penalty", parameters_.presence_penalty);
    take(from, "frequency_penalty", parameters_.frequency_penalty);
    take(from, "seed", parameters_.seed);
    take(from, "max_tokens", parameters_.max_tokens);
    const auto stop = take(from, "stop", Json::array());
    for (const auto& text : stop.is_array() ? stop : Json::array({stop}))
      parameters_.stop.push_back(text.get<std::string>());
  }

  void read_ollama()
  {
    auto options = take("options", Json::object());
    read_common(options);
    take(options, "num_predict", parameters_.max_tokens);
    take(options, "num_ctx", parameters_.context_length);
    if (!options.empty())
      body_["options"] = options;
    take(body_, "think", parameters_.think);
    if (const auto text = take("prompt"); !text.is_null()) {
      prompt_.emplace(text.get<std::string>());
      prompt_->system(take("system", "").get<std::string>());
      prompt_->template_text(take("template", "").get<std::string>());
    }
  }

  void read_openai()
  {
    take(body_, "max_completion_tokens", parameters_.max_tokens);
    take(body_, "random_seed", parameters_.seed);
    parameters_.effort = take("reasoning_effort", "").get<std::string>();
    if (take("logprobs", false).get<bool>())
      parameters_.logprobs = take("top_logprobs", 0).get<int>();
    using Style = provider::ThinkStyle;
    if (preset_.think == Style::reasoning_object && body_.contains("reasoning")) {
      take(body_["reasoning"], "enabled", parameters_.think);
      parameters_.effort = take(body_["reasoning"], "effort", "").get<std::string>();
      drop_if_empty("reasoning");
    }
    if (preset_.think == Style::thinking_type && body_.contains("thinking")) {
      parameters_.think = take(body_["thinking"], "type") == "enabled";
      drop_if_empty("thinking");
    }
  }

  void read_anthropic()
  {
    for (const auto& text : take("stop_sequences", Json::array()))
      parameters_.stop.push_back(text.get<std::string>());
    const auto system = take("system", Json::array());
    if (system.is_string())
      messages_.system(system);
    else
      for (auto block : system) {
        const auto text = take(block, "text").get<std::string>();
        messages_.add(with_extra(Message::system(text), block));
      }
    if (!body_.contains("thinking"))
      return;
    auto& thinking = body_["thinking"];
    parameters_.think = take(thinking, "type") != "disabled";
    take(thinking, "budget_tokens", parameters_.thinking_budget);
    drop_if_empty("thinking");
  }

  void drop_if_empty(const char* name)
  {
    if (body_[name].empty())
      body_.erase(name);
  }

  Message with_extra(Message message, Json rest)
  {
    rest.erase("type");
    for (const auto& [name, value] : rest.items())
      extras.insert(name);
    return rest.empty() ? message : message.with_extra(rest.dump());
  }

  Message message_of(Json json)
  {
    const auto role = take(json, "role").get<std::string>();
    auto content = take(json, "content", "");
    std::string text;
    Json blocks = Json::array(), rest = json;
    std::vector<Part> parts;
    const bool is_odd = content.is_array() && content.back().value("type", "") == "image_url" &&
                        content.back()["image_url"].is_string();
    if (is_odd) {
      rest["content"] = content;  // a picture's URL that is no object
    } else if (content.is_array() && preset_.name == "mistral" && role == "assistant") {
      rest["content"] = content;  // thinking in parts: nobody else has that
    } else if (content.is_array()) {
      for (auto& part : content)
        if (part["type"] == "image_url")
          parts.push_back(Image{{}, {}, part["image_url"]["url"]});
        else if (part["type"] == "thinking")
          blocks.push_back(part);
        else if (text.empty()) {
          text = take(part, "text").get<std::string>();
          part.erase("type");
          rest.update(part);
        } else {
          parts.push_back(part["text"].get<std::string>());
        }
    } else {
      text = content.get<std::string>();
    }
    const auto reasoning = [&](const char* name) {
      return take(rest, name, "").get<std::string>();
    };
    Message message(
        role == "system"      ? Role::system
        : role == "assistant" ? Role::assistant
                              : Role::user,
        text);
    for (const auto& part : parts)
      if (const auto* const more = std::get_if<std::string>(&part))
        message.with_text(*more);
      else
        message.with_image_url(std::get<Image>(part).url);
    if (preset_.wire == provider::WireKind::ollama) {
      message.with_reasoning(reasoning("thinking"));
      rest.erase("tool_calls");  // an empty list
    } else if (!preset_.history_reasoning.empty()) {
      message.with_reasoning(reasoning(std::string(preset_.history_reasoning).c_str()));
    }
    if (!blocks.empty())
      message.with_reasoning("", blocks.dump());
    return with_extra(message, rest);
  }

  const provider::Preset& preset_;
  Json body_;
  std::string model_;
  bool is_streamed_ = false;
  Messages messages_;
  std::optional<Prompt> prompt_;
  Parameters parameters_;
};

// One way to write what has several.
Json normal(Json body)
{
  const auto rename = [&](const char* from, const char* to) {
    if (body.contains(from)) {
      body[to] = body[from];
      body.erase(from);
    }
  };
  const auto one_text = [](Json& content) {
    if (content.is_array() && content.size() == 1 && content[0].value("type", "text") == "text" &&
        content[0].size() == (content[0].contains("type") ? 2U : 1U))
      content = Json(content[0]["text"]);
  };
  rename("max_completion_tokens", "max_tokens");
  if (body.contains("stop") && body["stop"].is_string())
    body["stop"] = Json::array({body["stop"]});
  for (auto* const name : {"system", "template"})
    if (body.contains(name) && body[name] == "")
      body.erase(name);
  if (body.contains("system"))
    one_text(body["system"]);
  if (body.value("stream", false) == false)
    body.erase("stream");
  body.erase("stream_options");
  if (body.value("top_logprobs", 1) == 0)
    body.erase("top_logprobs");
  if (body.contains("options") && body["options"].empty())
    body.erase("options");
  for (auto& message : body["messages"]) {
    one_text(message["content"]);
    if (message.contains("tool_calls") && message["tool_calls"].empty())
      message.erase("tool_calls");
  }
  return body;
}

}  // namespace

TEST_CASE("our requests say what recorded requests say", "[recordings]")
{
  std::map<std::string, int> extras;
  support::for_each_recording(
      {"chat", "stream"}, "requests", [&](const Json& meta, const std::string&) -> std::string {
        const auto& body = meta["request_body"];
        if (!body.is_object())
          return "does not count";
        for (auto* const name : {"tools", "functions", "response_format", "format"})
          if (body.contains(name))
            return "does not count";  // a later issue's
        try {
          const Request request(meta, body);
          for (const auto& name : request.extras) {
            ++extras[name];
            if (!server_specific.contains(name))
              return " has no setter for " + name;
          }
          const auto got = normal(request.encode(support::wire_of(meta)));
          const auto want = normal(body);
          return got == want ? "" : " differs: " + Json::diff(want, got).dump().substr(0, 500);
        } catch (const Error& error) {
          return std::string(" threw ") + error.what();
        } catch (const Json::exception& error) {
          return std::string(" was not understood: ") + error.what();
        }
      });
  std::cout << "by extra:";
  for (const auto& [name, count] : extras)
    std::cout << ' ' << name << ' ' << count;
  std::cout << '\n';
}
