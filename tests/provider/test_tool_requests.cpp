// Tools, forms of answers and turns in their native form, as each wire sends them.
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/wires.hpp>
#include <asyncllm/options/request_options.hpp>

#include "error_of.hpp"
#include "stream_reader.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>

using namespace asyncllm;
using support::error_of;
using support::fails_with;
using Json = nlohmann::json;

namespace {

const std::string schema =
    R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]})";

ToolDefinition weather()
{
  return {"weather", "The weather in a city", schema};
}

Json body_of(const std::string& host, const Messages& messages, const RequestOptions& options)
{
  const ChatRequest request{"m", messages, options.parameters()};
  const auto& preset = *provider::find_preset(host);
  options.parameters().validate("with_", preset.max_temperature);
  std::string out;
  provider::wire_of(preset).encode(request, preset, provider::Delivery::whole, out);
  return Json::parse(out);
}

Json body_of(const std::string& host, const RequestOptions& options)
{
  return body_of(host, Messages().user("U"), options);
}

// One reply with two texts, signed thinking, a search of the server's own and a call.
const char* const blocks = R"([
  {"type":"thinking","thinking":"Hm","signature":"sig"},
  {"type":"text","text":"Let me "},
  {"type":"server_tool_use","id":"s1","name":"web_search","input":{"query":"x"}},
  {"type":"web_search_tool_result","tool_use_id":"s1","content":[{"url":"u"}]},
  {"type":"text","text":"look.","citations":[{"url":"u","encrypted_index":"e"}]},
  {"type":"tool_use","id":"t1","name":"weather","input":{"city":"Rome"}}])";

std::string event(const Json& data)
{
  return "data: " + data.dump() + "\n\n";
}

}  // namespace

TEST_CASE("tools are sent in each wire's form", "[provider]")
{
  auto options = RequestOptions().tool(weather()).tool(ToolDefinition("now", "", ""));
  const auto function = Json::parse(
      R"([{"type":"function","function":{"name":"weather","description":"The weather in a city",
            "parameters":)" +
      schema + R"(}},
          {"type":"function","function":{"name":"now","parameters":{"type":"object","properties":{}}}}])");
  CHECK(body_of("openai", options)["tools"] == function);
  CHECK_FALSE(body_of("openai", options).contains("tool_choice"));
  CHECK(body_of("ollama", options)["tools"] == function);
  CHECK(
      body_of("anthropic", options)["tools"] ==
      Json::parse(
          R"([{"name":"weather","description":"The weather in a city","input_schema":)" + schema +
          R"(},{"name":"now","input_schema":{"type":"object","properties":{}}}])"));
  CHECK_FALSE(body_of("anthropic", options).contains("tool_choice"));

  auto strict = weather();
  strict.strict = true;
  const auto one = RequestOptions().tool(strict);
  CHECK(body_of("openai", one)["tools"][0]["function"]["strict"] == true);
  CHECK(body_of("anthropic", one)["tools"][0]["strict"] == true);
}

TEST_CASE("a tool choice is sent, approximated or refused", "[provider]")
{
  const auto choosing = [](ToolChoice choice) {
    return RequestOptions().tool(weather()).tool({"now", "", ""}).tool_choice(std::move(choice));
  };
  const auto openai = [&](ToolChoice choice) {
    return body_of("openai", choosing(std::move(choice)))["tool_choice"];
  };
  CHECK(openai(ToolChoice::automatic()) == "auto");
  CHECK(openai(ToolChoice::none()) == "none");
  CHECK(openai(ToolChoice::required()) == "required");
  CHECK(
      openai(ToolChoice::tool("now")) ==
      Json::parse(R"({"type":"function","function":{"name":"now"}})"));

  // llama-server takes a named choice for "auto": only that tool is sent.
  const auto llamacpp = body_of("llamacpp", choosing(ToolChoice::tool("now")));
  CHECK(llamacpp["tool_choice"] == "required");
  REQUIRE(llamacpp["tools"].size() == 1);
  CHECK(llamacpp["tools"][0]["function"]["name"] == "now");

  const auto anthropic = [&](ToolChoice choice) {
    return body_of("anthropic", choosing(std::move(choice)))["tool_choice"];
  };
  CHECK(anthropic(ToolChoice::automatic()) == Json::parse(R"({"type":"auto"})"));
  CHECK(anthropic(ToolChoice::none()) == Json::parse(R"({"type":"none"})"));
  CHECK(anthropic(ToolChoice::required()) == Json::parse(R"({"type":"any"})"));
  CHECK(anthropic(ToolChoice::tool("now")) == Json::parse(R"({"type":"tool","name":"now"})"));
  CHECK(fails_with(ErrorKind::unsupported, "while the model thinks", [&] {
    body_of("anthropic", choosing(ToolChoice::required()).think(true));
  }));

  CHECK_FALSE(body_of("ollama", choosing(ToolChoice::none())).contains("tools"));
  CHECK(body_of("ollama", choosing(ToolChoice::automatic()))["tools"].size() == 2);
  for (const auto& choice : {ToolChoice::required(), ToolChoice::tool("now")})
    CHECK(fails_with(
        ErrorKind::unsupported, "tool_choice", [&] { body_of("ollama", choosing(choice)); }));
}

TEST_CASE("calls in parallel can be switched off", "[provider]")
{
  const auto options = RequestOptions().tool(weather()).parallel_tools(false);
  CHECK(body_of("openai", options)["parallel_tool_calls"] == false);
  CHECK(
      body_of("anthropic", options)["tool_choice"] ==
      Json::parse(R"({"type":"auto","disable_parallel_tool_use":true})"));
  CHECK(
      body_of(
          "anthropic", RequestOptions(options).tool_choice(ToolChoice::none()))["tool_choice"] ==
      Json::parse(R"({"type":"none"})"));
  CHECK_FALSE(
      body_of("openai", RequestOptions().parallel_tools(false)).contains("parallel_tool_calls"));
}

TEST_CASE("tools and choices that no server takes are refused by name", "[provider]")
{
  const auto refused = [](const RequestOptions& options, std::string_view words) {
    return fails_with(ErrorKind::invalid_argument, words, [&] { body_of("openai", options); });
  };
  for (const std::string name : {"", "a b", "naïve", "a.b"})
    CHECK(refused(RequestOptions().tool({name, "", ""}), "with_tool(\"" + name + "\")"));
  CHECK(refused(RequestOptions().tool({std::string(65, 'a'), "", ""}), "1 to 64"));
  CHECK_FALSE(refused(RequestOptions().tool({std::string(64, 'a'), "", ""}), "1 to 64"));
  CHECK(refused(RequestOptions().tool(weather()).tool(weather()), "two tools of that name"));
  CHECK(refused(RequestOptions().tool({"a", "", "[1]"}), "\"a\" are not a JSON object"));
  CHECK(refused(RequestOptions().tool({"a", "", "{\"a\":"}), "\"a\" are not a JSON object"));
  CHECK(refused(RequestOptions().tool({"a", "\xff", ""}), "the description of a tool"));
  CHECK(refused(RequestOptions().tool_choice(ToolChoice::required()), "there are no tools"));
  CHECK(refused(
      RequestOptions().tool(weather()).tool_choice(ToolChoice::tool("x")),
      "tool_choice(\"x\"): there is no tool of that name"));
  CHECK_FALSE(refused(RequestOptions().tool_choice(ToolChoice::none()), "tools"));
}

TEST_CASE("the form of an answer is sent in each wire's form", "[provider]")
{
  const auto options = RequestOptions().answer_schema(schema, "place");
  CHECK(
      body_of("openai", options)["response_format"] ==
      Json::parse(
          R"({"type":"json_schema","json_schema":{"name":"place","strict":true,"schema":)" +
          schema + "}}"));
  CHECK(body_of("ollama", options)["format"] == Json::parse(schema));
  CHECK(
      body_of("anthropic", RequestOptions(options).effort("low"))["output_config"] ==
      Json::parse(R"({"effort":"low","format":{"type":"json_schema","schema":)" + schema + "}}"));
  for (const auto* host : {"openai", "ollama", "anthropic"})
    CHECK(fails_with(ErrorKind::invalid_argument, "the schema of the answer is not JSON", [&] {
      body_of(host, RequestOptions().answer_schema("{"));
    }));
  CHECK(fails_with(ErrorKind::invalid_argument, "1 to 64", [&] {
    body_of("openai", RequestOptions().answer_schema(schema, "a b"));
  }));
}

TEST_CASE("what a host does with a request is asked of those that know it", "[provider]")
{
  const auto options =
      RequestOptions().verbosity("low").cache_key("k").service_tier("flex").store(false);
  const auto openai = body_of("openai", options);
  CHECK(openai["verbosity"] == "low");
  CHECK(openai["prompt_cache_key"] == "k");
  CHECK(openai["service_tier"] == "flex");
  CHECK(openai["store"] == false);
  CHECK(body_of("anthropic", options)["service_tier"] == "flex");
  for (const auto* name : {"verbosity", "prompt_cache_key", "store"}) {
    CHECK_FALSE(body_of("anthropic", options).contains(name));
    CHECK_FALSE(body_of("ollama", options).contains(name));
  }
}

TEST_CASE(
    "Anthropic: the results of one round are one message, before the user's words", "[provider]")
{
  auto messages = Messages().user("Hi");
  messages.add(Message::assistant("", {{"a", "f", "{}", ""}, {"b", "g", "{}", ""}}));
  messages.add(Message::tool("a", "f", "1")).add(Message::tool("b", "g", "2"));
  auto question = Message::user("And?");
  messages.add(question.with_image_url("https://h/x"));
  messages.assistant("Done.").user("Bye");
  messages.add(Message::tool("c", "h", "3"));
  const auto sent = body_of("anthropic", messages, RequestOptions())["messages"];
  REQUIRE(sent.size() == 6);
  CHECK(sent[2] == Json::parse(R"({"role":"user","content":[
      {"type":"tool_result","tool_use_id":"a","content":"1"},
      {"type":"tool_result","tool_use_id":"b","content":"2"},
      {"type":"text","text":"And?"},
      {"type":"image","source":{"type":"url","url":"https://h/x"}}]})"));
  CHECK(sent[4] == Json::parse(R"({"role":"user","content":"Bye"})"));
  CHECK(sent[5]["content"].size() == 1);
}

TEST_CASE("Anthropic: a turn goes back block by block, as it came", "[provider]")
{
  const auto native = Json::parse(blocks);
  std::string body = R"({"content":)" + std::string(blocks) + R"(,"stop_reason":"tool_use"})";
  const auto reply = provider::anthropic_wire().decode(body);
  CHECK(reply.text == "Let me look.");
  CHECK(reply.details->native.wire == "anthropic");
  CHECK(Json::parse(reply.details->native.json) == native);
  CHECK(Json::parse(reply.details->annotations) == native[4]["citations"]);

  auto messages = Messages().user("Hi").add(Message::assistant(reply));
  CHECK(body_of("anthropic", messages, {})["messages"][1]["content"] == native);
  // Another wire gets the text and the call.
  const auto openai = body_of("openai", messages, {})["messages"][1];
  CHECK(openai["content"] == "Let me look.");
  CHECK(openai["tool_calls"][0]["function"]["name"] == "weather");
  // What is added is not lost: the turn is written from its parts.
  auto changed = Message::assistant(reply);
  changed.with_text("More.");
  const auto more = body_of("anthropic", Messages().add(changed), {})["messages"][0]["content"];
  CHECK(more.size() == 4);
  CHECK(more[2]["text"] == "More.");
}

TEST_CASE("Anthropic stream: a turn goes back block by block, as it came", "[provider]")
{
  std::string stream = event({{"type", "message_start"}, {"message", {{"id", "m"}}}});
  const auto add = [&](int index, Json content, const std::vector<Json>& pieces) {
    stream +=
        event({{"type", "content_block_start"}, {"index", index}, {"content_block", content}});
    for (const auto& piece : pieces)
      stream += event({{"type", "content_block_delta"}, {"index", index}, {"delta", piece}});
    stream += event({{"type", "content_block_stop"}, {"index", index}});
  };
  const auto native = Json::parse(blocks);
  add(0,
      {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}},
      {{{"type", "thinking_delta"}, {"thinking", "Hm"}},
       {{"type", "signature_delta"}, {"signature", "sig"}}});
  add(1,
      {{"type", "text"}, {"text", ""}},
      {{{"type", "text_delta"}, {"text", "Let "}}, {{"type", "text_delta"}, {"text", "me "}}});
  auto search = native[2];
  search["input"] = Json::object();
  add(2,
      search,
      {{{"type", "input_json_delta"}, {"partial_json", ""}},
       {{"type", "input_json_delta"}, {"partial_json", "{\"query\":"}},
       {{"type", "input_json_delta"}, {"partial_json", "\"x\"}"}}});
  add(3, native[3], {});
  add(4,
      {{"type", "text"}, {"text", ""}, {"citations", Json::array()}},
      {{{"type", "citations_delta"}, {"citation", native[4]["citations"][0]}},
       {{"type", "text_delta"}, {"text", "look."}}});
  add(5,
      {{"type", "tool_use"}, {"id", "t1"}, {"name", "weather"}, {"input", Json::object()}},
      {{{"type", "input_json_delta"}, {"partial_json", "{\"city\":"}},
       {{"type", "input_json_delta"}, {"partial_json", "\"Rome\"}"}}});
  stream += event({{"type", "message_delta"}, {"delta", {{"stop_reason", "tool_use"}}}});
  stream += event({{"type", "message_stop"}});
  const auto result = support::read_stream_of(provider::anthropic_wire(), stream);
  CHECK(result.reply.text == "Let me look.");
  CHECK(Json::parse(result.reply.details->native.json) == native);
  CHECK(Json::parse(result.reply.details->annotations) == native[4]["citations"]);
}

TEST_CASE("Anthropic stream: a search that was cut does not go back", "[provider]")
{
  const Json search = {
      {"type", "server_tool_use"}, {"id", "s"}, {"name", "web_search"}, {"input", Json::object()}};
  const Json piece = {{"type", "input_json_delta"}, {"partial_json", "{\"query\":"}};
  const auto result = support::read_stream_of(
      provider::anthropic_wire(),
      event({{"type", "message_start"}, {"message", {{"id", "m"}}}}) +
          event({{"type", "content_block_start"}, {"index", 0}, {"content_block", search}}) +
          event({{"type", "content_block_delta"}, {"index", 0}, {"delta", piece}}) +
          event({{"type", "message_delta"}, {"delta", {{"stop_reason", "max_tokens"}}}}) +
          event({{"type", "message_stop"}}));
  CHECK(result.reply.finish_reason == FinishReason::length);
  CHECK(result.reply.details->native.json.empty());
}

TEST_CASE(
    "Anthropic: plain text has no native form, a call that was cut is not in it", "[provider]")
{
  std::string plain = R"({"content":[{"type":"text","text":"a"}],"stop_reason":"end_turn"})";
  CHECK(provider::anthropic_wire().decode(plain).details->native.wire.empty());
  std::string cut = R"({"content":[{"type":"thinking","thinking":"x","signature":"s"},
      {"type":"tool_use","id":"t","name":"f","input":{}}],"stop_reason":"max_tokens"})";
  const auto reply = provider::anthropic_wire().decode(cut);
  CHECK(reply.tool_calls.empty());
  CHECK(Json::parse(reply.details->native.json).size() == 1);
}

TEST_CASE("Anthropic: cached tokens are a part of the input", "[provider]")
{
  std::string body = R"({"content":[{"type":"text","text":"a"}],"stop_reason":"end_turn",
      "usage":{"input_tokens":5,"cache_read_input_tokens":30,"cache_creation_input_tokens":7,
               "output_tokens":2}})";
  const auto usage = provider::anthropic_wire().decode(body).usage;
  CHECK(usage.input_tokens == 42);
  CHECK(usage.cached_input_tokens == 30);
  CHECK(usage.cache_write_tokens == 7);
  CHECK(usage.output_tokens == 2);
}

TEST_CASE("OpenAI: annotations are kept as they came, whole and streamed", "[provider]")
{
  const std::string one = R"({"type":"url_citation","url_citation":{"url":"u","start_index":1}})";
  std::string body = R"({"choices":[{"message":{"content":"a","annotations":[)" + one +
                     R"(]},"finish_reason":"stop"}]})";
  const auto& wire = provider::openai_wire();
  CHECK(wire.decode(body).details->annotations == '[' + one + ']');
  const auto result = support::read_stream_of(
      wire,
      R"(data: {"choices":[{"index":0,"delta":{"content":"a","annotations":[)" + one + "]}}]}\n\n" +
          R"(data: {"choices":[{"index":0,"delta":{"annotations":[)" + one +
          R"(]},"finish_reason":"stop"}]})" + "\n\ndata: [DONE]\n\n");
  CHECK(result.reply.details->annotations == '[' + one + ',' + one + ']');
}

TEST_CASE("a refused option is named in the advice", "[provider]")
{
  const auto what = [](const std::string& message) {
    const Json body = {{"error", {{"message", message}}}};
    return std::string(provider::error_from_answer({400, "", {}}, body.dump()).what());
  };
  CHECK(
      what("Unsupported value: 'temperature' does not support 0.5 with this model.")
          .find("leave out temperature") != std::string::npos);
  CHECK(what("`top_p` is deprecated for this model").find("leave out top_p") != std::string::npos);
  CHECK(
      what("Function tools with reasoning_effort are not supported in /v1/chat/completions")
          .find("effort(\"none\")") != std::string::npos);
  CHECK(
      what("Function tools with reasoning_effort are not supported. Please use /v1/responses.")
          .find("use openai-responses::MODEL, or set effort(\"none\")") != std::string::npos);
  CHECK(
      what("This model is only supported in v1/responses and not in v1/chat/completions.")
          .find("use openai-responses::MODEL") != std::string::npos);
  CHECK(what("temperature: must be at most 2").find("leave out") == std::string::npos);
}
