#include <asyncllm/impl/provider/wires.hpp>

#include "error_of.hpp"
#include "stream_reader.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <string>

using namespace asyncllm;
using support::error_of;
using support::fails_with;
using Json = nlohmann::json;

namespace {

Json anthropic_body(
    const ChatRequest& request, provider::Delivery delivery = provider::Delivery::whole)
{
  std::string out;
  const auto& wire = provider::anthropic_wire();
  wire.encode(request, *provider::find_preset("anthropic"), delivery, out);
  return Json::parse(out);
}

Reply anthropic_reply(std::string body)
{
  return provider::anthropic_wire().decode(body);
}

// `data` is JSON, in one line or several.
std::string event(const char* data)
{
  return "event: x\ndata: " + Json::parse(data).dump() + "\n\n";
}

auto read(const std::string& body)
{
  return support::read_stream_of(provider::anthropic_wire(), body);
}

const std::string start = event(
    R"({"type":"message_start","message":{"id":"msg_1","model":"claude","content":[],
        "usage":{"input_tokens":9,"output_tokens":1,"cache_read_input_tokens":4}}})");
const std::string stop = event(R"({"type":"message_stop"})");

std::string finish(const std::string& reason)
{
  return event((R"({"type":"message_delta","delta":{"stop_reason":")" + reason +
                R"("},"usage":{"output_tokens":6}})")
                   .c_str());
}

std::string block(int index, const std::string& content)
{
  return event((R"({"type":"content_block_start","index":)" + std::to_string(index) +
                R"(,"content_block":)" + content + "}")
                   .c_str());
}

std::string piece(int index, const std::string& delta)
{
  return event((R"({"type":"content_block_delta","index":)" + std::to_string(index) +
                R"(,"delta":)" + delta + "}")
                   .c_str());
}

}  // namespace

TEST_CASE("Anthropic: instructions stand beside the messages, a limit is always sent", "[provider]")
{
  const ChatRequest request{"claude", Messages().system("Be brief.").user("Hi"), {}};
  CHECK(
      anthropic_body(request) ==
      Json::parse(R"({"model":"claude","max_tokens":4096,"system":"Be brief.",
        "messages":[{"role":"user","content":"Hi"}],"stream":false})"));
  CHECK(anthropic_body(request, provider::Delivery::streamed)["stream"] == true);

  ChatRequest two{"claude", Messages().system("A").user("Hi").system("B"), {}};
  CHECK(
      anthropic_body(two)["system"] ==
      Json::parse(R"([{"type":"text","text":"A"},{"type":"text","text":"B"}])"));
}

TEST_CASE("Anthropic: parameters are sent by its names, what it does not know is not", "[provider]")
{
  ChatRequest request{"m", Messages().user("U"), {}};
  auto& parameters = request.parameters;
  parameters.temperature = 0.5;
  parameters.max_tokens = 50;
  parameters.top_p = 0.9;
  parameters.top_k = 5;
  parameters.min_p = 0.1;
  parameters.seed = 1;
  parameters.presence_penalty = 1;
  parameters.stop = {"END"};
  CHECK(
      anthropic_body(request) ==
      Json::parse(R"({"model":"m","max_tokens":50,"temperature":0.5,"top_p":0.9,
        "top_k":5,"stop_sequences":["END"],"messages":[{"role":"user","content":"U"}],"stream":false})"));
  parameters.logprobs = 1;
  CHECK(fails_with(ErrorKind::unsupported, "logprobs", [&] { anthropic_body(request); }));
}

TEST_CASE(
    "Anthropic: thinking is adaptive, bounded or off, and leaves room to answer", "[provider]")
{
  ChatRequest request{"m", Messages().user("U"), {}};
  request.parameters.think = true;
  CHECK(anthropic_body(request)["thinking"] == Json::parse(R"({"type":"adaptive"})"));
  request.parameters.thinking_budget = 8000;
  CHECK(
      anthropic_body(request)["thinking"] ==
      Json::parse(R"({"type":"enabled","budget_tokens":8000})"));
  CHECK(anthropic_body(request)["max_tokens"] == 12096);
  request.parameters.think = false;
  CHECK(anthropic_body(request)["thinking"] == Json::parse(R"({"type":"disabled"})"));
  request.parameters.effort = "low";
  CHECK(anthropic_body(request)["output_config"] == Json::parse(R"({"effort":"low"})"));
}

TEST_CASE("Anthropic: pictures, tool calls, results and signed thinking are blocks", "[provider]")
{
  ChatRequest request{"m", {}, {}};
  request.messages.add(Message::user("What is it?")
                           .with_image("\x01\x02\x03", "image/png")
                           .with_image_url("https://h/x.png")
                           .with_text("And this?"));
  auto turn = Message::assistant("Wait.", {{"t1", "look", R"({"a":1})", ""}});
  turn.with_reasoning("so", R"([{"type":"thinking","thinking":"so","signature":"s"}])");
  request.messages.add(turn);
  request.messages.add(Message::tool("t1", "look", "red"));
  CHECK(anthropic_body(request)["messages"] == Json::parse(R"([
    {"role":"user","content":[{"type":"text","text":"What is it?"},
      {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AQID"}},
      {"type":"image","source":{"type":"url","url":"https://h/x.png"}},
      {"type":"text","text":"And this?"}]},
    {"role":"assistant","content":[{"type":"thinking","thinking":"so","signature":"s"},
      {"type":"text","text":"Wait."},
      {"type":"tool_use","id":"t1","name":"look","input":{"a":1}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"red"}]}])"));
}

TEST_CASE("Anthropic: what is extra of a message goes into its text's block", "[provider]")
{
  ChatRequest request{"m", {}, {}};
  auto message = Message::user("U");
  message.with_extra(R"({"cache_control":{"type":"ephemeral"}})");
  request.messages.add(message);
  CHECK(
      anthropic_body(request)["messages"][0]["content"] ==
      Json::parse(R"([{"type":"text","text":"U","cache_control":{"type":"ephemeral"}}])"));
  message.with_extra("[1]");
  request.messages = Messages().add(message);
  CHECK(fails_with(ErrorKind::invalid_argument, "JSON object", [&] { anthropic_body(request); }));
}

TEST_CASE("Anthropic: a whole reply is read block by block", "[provider]")
{
  const auto reply =
      anthropic_reply(R"({"id":"msg_1","type":"message","role":"assistant","model":"claude",
    "content":[{"type":"thinking","thinking":"Hm.","signature":"sig"},
      {"type":"redacted_thinking","data":"xyz"},
      {"type":"text","text":"Hi"},{"type":"server_tool_use","id":"s","name":"web","input":{}},
      {"type":"text","text":" there"},
      {"type":"tool_use","id":"t1","name":"f","input":{"a":[1,2]}}],
    "stop_reason":"tool_use","stop_sequence":null,
    "usage":{"input_tokens":10,"cache_read_input_tokens":3,"output_tokens":5,
             "output_tokens_details":{"thinking_tokens":2}}})");
  CHECK(reply.text == "Hi there");
  CHECK(reply.reasoning == "Hm.");
  CHECK(
      Json::parse(reply.reasoning_extra) ==
      Json::parse(R"([{"type":"thinking","thinking":"Hm.","signature":"sig"},
                      {"type":"redacted_thinking","data":"xyz"}])"));
  REQUIRE(reply.tool_calls.size() == 1);
  CHECK(reply.tool_calls[0].id == "t1");
  CHECK(Json::parse(reply.tool_calls[0].arguments) == Json::parse(R"({"a":[1,2]})"));
  CHECK(reply.finish_reason == FinishReason::tool_calls);
  CHECK(reply.finish_reason_text == "tool_use");
  CHECK(reply.usage.input_tokens == 13);
  CHECK(reply.usage.cached_input_tokens == 3);
  CHECK(reply.usage.output_tokens == 5);
  CHECK(reply.usage.reasoning_tokens == 2);
  CHECK(reply.id == "msg_1");
  CHECK(reply.model == "claude");
}

TEST_CASE("Anthropic: an error inside a 200 and foreign JSON are errors", "[provider]")
{
  const auto hidden = error_of([] {
    anthropic_reply(
        R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");
  });
  REQUIRE(hidden);
  CHECK(hidden->kind() == ErrorKind::overloaded);
  CHECK(hidden->server_message() == "Overloaded");
  CHECK(fails_with(ErrorKind::bad_response, "no content", [] { anthropic_reply("{}"); }));
}

TEST_CASE("Anthropic stream: blocks make a reply with usage of both events", "[provider]")
{
  const auto result = read(
      start + event(R"({"type":"ping"})") +
      block(0, R"({"type":"thinking","thinking":"","signature":""})") +
      piece(0, R"({"type":"thinking_delta","thinking":"Hm"})") +
      piece(0, R"({"type":"thinking_delta","thinking":"."})") +
      piece(0, R"({"type":"signature_delta","signature":"sig"})") +
      event(R"({"type":"content_block_stop","index":0})") +
      block(1, R"({"type":"text","text":""})") + piece(1, R"({"type":"text_delta","text":"Hi"})") +
      event(R"({"type":"something_new","index":1})") +
      piece(1, R"({"type":"text_delta","text":" there"})") + finish("end_turn") + stop);
  CHECK(result.is_complete);
  CHECK(result.deltas == "Hi there");
  CHECK(result.reply.text == "Hi there");
  CHECK(result.reply.reasoning == "Hm.");
  CHECK(
      Json::parse(result.reply.reasoning_extra) ==
      Json::parse(R"([{"type":"thinking","thinking":"Hm.","signature":"sig"}])"));
  CHECK(result.reply.finish_reason == FinishReason::stop);
  CHECK(result.reply.usage.input_tokens == 13);
  CHECK(result.reply.usage.cached_input_tokens == 4);
  CHECK(result.reply.usage.output_tokens == 6);
  CHECK(result.reply.id == "msg_1");
}

// Some gateways leave out the message_stop behind the stop_reason.
TEST_CASE("Anthropic stream: it is complete by its stop_reason", "[provider]")
{
  const auto text = start + block(0, R"({"type":"text","text":"Hi"})");
  CHECK_FALSE(read(text).is_complete);
  CHECK(read(text + finish("end_turn")).is_complete);
  CHECK_FALSE(read(text + "data: [DONE]\n\n").is_complete);
  const auto whole = read(text + finish("end_turn") + stop + "event: data\ndata: [DONE]\n\n");
  CHECK(whole.is_complete);
  CHECK(whole.reply.text == "Hi");
}

TEST_CASE("Anthropic stream: tool calls from pieces, without arguments, and cut", "[provider]")
{
  const auto call = start + block(0, R"({"type":"tool_use","id":"t","name":"f","input":{}})");
  const auto whole = read(
      call + piece(0, R"({"type":"input_json_delta","partial_json":"{\"a\""})") +
      block(1, R"({"type":"tool_use","id":"u","name":"g"})") +
      piece(0, R"({"type":"input_json_delta","partial_json":":1}"})") + finish("tool_use") + stop);
  REQUIRE(whole.reply.tool_calls.size() == 2);
  CHECK(whole.reply.tool_calls[0].arguments == R"({"a":1})");
  CHECK(whole.reply.tool_calls[1].name == "g");
  CHECK(whole.reply.tool_calls[1].arguments == "{}");
  CHECK(whole.reply.finish_reason == FinishReason::tool_calls);

  CHECK(read(call + finish("max_tokens") + stop).reply.tool_calls.empty());
  const auto cut = read(
      call + piece(0, R"({"type":"input_json_delta","partial_json":"{\"a\""})") +
      finish("max_tokens") + stop);
  CHECK(cut.reply.tool_calls.empty());
  CHECK(cut.reply.finish_reason == FinishReason::length);
}

TEST_CASE("Anthropic stream: a call's empty start may be written with white space", "[provider]")
{
  const auto result = support::read_stream<stream::SseDecoder>(
      "data: "
      "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\","
      "\"id\":\"a\",\"name\":\"f\",\"input\":{ }}}\n\n"
      "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
      "\"input_json_delta\",\"partial_json\":\"{\\\"x\\\":1}\"}}\n\n"
      "data: {\"type\":\"message_stop\"}\n\n",
      0,
      provider::anthropic_deltas());
  REQUIRE(result.reply.tool_calls.size() == 1);
  CHECK(result.reply.tool_calls[0].arguments == R"({"x":1})");
}

TEST_CASE("Anthropic: the last call of a reply that was cut is not handed on", "[provider]")
{
  const std::string body =
      R"({"type":"message","stop_reason":"max_tokens","content":[
      {"type":"tool_use","id":"a","name":"f","input":{"x":1}},
      {"type":"tool_use","id":"b","name":"f","input":{}}]})";
  const auto reply = anthropic_reply(body);
  REQUIRE(reply.tool_calls.size() == 1);
  CHECK(reply.tool_calls[0].id == "a");
}

TEST_CASE("Anthropic stream: an error event throws with the text so far", "[provider]")
{
  const auto error = error_of([] {
    read(
        start + block(0, R"({"type":"text","text":"Hi"})") +
        event(R"({"type":"error","error":{"type":"rate_limit_error","message":"Slow down"}})"));
  });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::rate_limited);
  CHECK(error->partial_text() == "Hi");
  CHECK(error->server_message() == "Slow down");
}
