#include <asyncllm/impl/provider/endpoint.hpp>
#include <asyncllm/impl/provider/request/request_template.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include "error_of.hpp"
#include "stream_reader.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace asyncllm;
using support::error_of;
using support::fails_with;
using Json = nlohmann::json;

namespace {

Json responses_body(const ChatRequest& request, const char* preset = "openai-responses-compatible")
{
  std::string out;
  const auto& wire = provider::responses_wire();
  wire.encode(request, *provider::find_preset(preset), provider::Delivery::whole, out);
  return Json::parse(out);
}

Json input_of(const Messages& messages)
{
  return responses_body({"m", messages, {}})["input"];
}

Reply responses_reply(std::string body)
{
  return provider::responses_wire().decode(body);
}

// A whole reply with these items.
std::string response_with(const std::string& items, const std::string& more = "")
{
  return R"({"id":"resp_1","object":"response","status":"completed","model":"gpt","output":[)" +
         items + "]" + more + "}";
}

std::string message_with(const std::string& text)
{
  return R"({"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text",)"
         R"("text":")" +
         text + R"(","annotations":[]}]})";
}

const std::string call_item =
    R"({"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{\"a\":1}"})";

std::string reasoning_item(const std::string& more)
{
  return R"({"type":"reasoning","id":"rs_1")" + more + "}";
}

// An event of a stream.
std::string said(const std::string& type, const std::string& fields)
{
  return "data: {\"type\":\"response." + type + "\"," + fields + "}\n\n";
}

std::string item_done(int index, const std::string& item)
{
  return said(
      "output_item.done", "\"output_index\":" + std::to_string(index) + ",\"item\":" + item);
}

std::string text_piece(int index, const std::string& piece)
{
  return said(
      "output_text.delta",
      "\"output_index\":" + std::to_string(index) + R"(,"content_index":0,"delta":")" + piece +
          '"');
}

const std::string completed =
    said("completed", R"("response":{"id":"resp_1","status":"completed","output":[]})");

auto read_responses(const std::string& body)
{
  return support::read_stream_of(provider::responses_wire(), body);
}

Error stream_error(const std::string& body)
{
  const auto error = error_of([&] { read_responses(body); });
  REQUIRE(error);
  return *error;
}

// The request that follows a reply with these items.
Json sent_back(const std::string& items, const std::string& more = "")
{
  const auto reply = responses_reply(response_with(items, more));
  return input_of(Messages().user("U").add(Message::assistant(reply)))[1];
}

}  // namespace

TEST_CASE("Responses: the whole of a request", "[provider]")
{
  ChatRequest request{"gpt-5.4", Messages().system("Be brief.").user("Hi"), {}};
  CHECK(responses_body(request) == Json::parse(R"({"model":"gpt-5.4","instructions":"Be brief.",
        "input":[{"type":"message","role":"user","content":"Hi"}],"store":false,"stream":false})"));
  auto& parameters = request.parameters;
  parameters.temperature = 0.5;
  parameters.max_tokens = 50;
  parameters.top_p = 0.9;
  parameters.top_k = 5;
  parameters.seed = 1;
  parameters.tools.push_back(ToolDefinition("f", "It does.", R"({"type":"object"})"));
  parameters.tool_choice = ToolChoice::tool("f");
  parameters.parallel_tools = false;
  parameters.answer_schema = R"({"type":"object"})";
  parameters.answer_name = "answer";
  parameters.verbosity = "low";
  parameters.effort = "low";
  parameters.think = true;
  parameters.logprobs = 2;
  parameters.cache_key = "k";
  parameters.service_tier = "flex";
  parameters.store = true;
  parameters.extra = R"({"reasoning":{"summary":"detailed"},"user":"u"})";
  CHECK(
      responses_body(request, "openai-responses") ==
      Json::parse(R"({"model":"gpt-5.4","instructions":"Be brief.",
        "input":[{"type":"message","role":"user","content":"Hi"}],
        "temperature":0.5,"max_output_tokens":50,"top_p":0.9,
        "tools":[{"type":"function","name":"f","description":"It does.",
                  "parameters":{"type":"object"},"strict":false}],
        "tool_choice":{"type":"function","name":"f"},"parallel_tool_calls":false,
        "text":{"format":{"type":"json_schema","name":"answer","strict":true,
                          "schema":{"type":"object"}},"verbosity":"low"},
        "reasoning":{"effort":"low","summary":"detailed"},
        "include":["reasoning.encrypted_content","message.output_text.logprobs"],
        "top_logprobs":2,"prompt_cache_key":"k","service_tier":"flex","store":true,
        "stream":false,"user":"u"})"));
}

TEST_CASE("Responses: reasoning is asked for in the way of the host", "[provider]")
{
  ChatRequest request{"gpt-5.4", Messages().user("Hi"), {}};
  const auto of = [&](const char* preset, const char* name) {
    return responses_body(request, preset).value(name, Json());
  };
  CHECK(of("openai-responses-compatible", "include").is_null());
  CHECK(of("openai-responses", "include") == Json({"reasoning.encrypted_content"}));
  CHECK(of("openai-responses", "reasoning").is_null());
  request.parameters.think = true;
  CHECK(of("openai-responses", "reasoning") == Json({{"effort", "medium"}, {"summary", "auto"}}));
  CHECK(of("openai-responses-compatible", "reasoning") == Json({{"effort", "medium"}}));
  request.parameters.think = false;
  CHECK(of("openai-responses", "reasoning") == Json({{"effort", "none"}}));
  // OpenAI refuses to encrypt the reasoning of a model that has none.
  for (const auto* const model : {"gpt-4o", "openai/gpt-4.1-mini", "ft:gpt-4o:x", "gpt-5-chat"}) {
    request.model = model;
    CHECK(of("openai-responses", "include").is_null());
  }
}

TEST_CASE("Responses: what the API does not have", "[provider]")
{
  ChatRequest request{"m", Messages().user("U"), {}};
  request.parameters.stop = {"END"};
  CHECK(fails_with(ErrorKind::unsupported, "stop", [&] { responses_body(request); }));
  CHECK(fails_with(ErrorKind::unsupported, "bare prompts", [] {
    std::string out;
    provider::responses_wire().encode(
        GenerateRequest{"m", Prompt("x"), {}},
        *provider::find_preset("openai-responses"),
        provider::Delivery::whole,
        out);
  }));
}

TEST_CASE("Responses: a forced tool alone for a host without named choices", "[provider]")
{
  ChatRequest request{"m", Messages().user("U"), {}};
  request.parameters.tools = {ToolDefinition("f", "F"), ToolDefinition("g", "G", "", true)};
  request.parameters.tool_choice = ToolChoice::tool("g");
  const auto body = responses_body(request, "llamacpp-responses");
  CHECK(body["tool_choice"] == "required");
  REQUIRE(body["tools"].size() == 1);
  CHECK(body["tools"][0]["name"] == "g");
  CHECK(body["tools"][0]["strict"] == true);
}

TEST_CASE("Responses: messages, pictures, calls and results are items", "[provider]")
{
  Messages messages;
  messages.add(Message::user("What is it?")
                   .with_image("\x01\x02\x03", "image/png")
                   .with_image_url("https://h/x.png")
                   .with_text("And this?"));
  messages.add(Message::assistant("Wait.", {{"c1", "look", R"({"a":1})", ""}}));
  messages.add(Message::tool("c1", "look", "red"));
  messages.system("Be kind.");
  messages.add(Message::user("U").with_extra(R"({"id":"x"})"));
  CHECK(input_of(messages) == Json::parse(R"([
    {"type":"message","role":"user","content":[{"type":"input_text","text":"What is it?"},
      {"type":"input_image","image_url":"data:image/png;base64,AQID"},
      {"type":"input_image","image_url":"https://h/x.png"},
      {"type":"input_text","text":"And this?"}]},
    {"type":"message","role":"assistant","content":"Wait."},
    {"type":"function_call","call_id":"c1","name":"look","arguments":"{\"a\":1}"},
    {"type":"function_call_output","call_id":"c1","output":"red"},
    {"type":"message","role":"system","content":"Be kind."},
    {"type":"message","role":"user","content":"U","id":"x"}])"));
}

TEST_CASE("Responses: a request that was prepared is the same request", "[provider]")
{
  const auto& preset = *provider::find_preset("openai-responses");
  const auto made = provider::RequestTemplate::make(
      provider::responses_wire(),
      {"m", Messages().system("S"), {}},
      preset,
      provider::Delivery::whole);
  REQUIRE(made);
  std::string body;
  made->write("\"Hi\"", false, body);
  CHECK(
      Json::parse(body) ==
      responses_body({"m", Messages().system("S").user("\"Hi\""), {}}, "openai-responses"));
}

TEST_CASE("Responses: a whole reply is read item by item", "[provider]")
{
  const auto reply = responses_reply(response_with(
      reasoning_item(R"(,"summary":[{"type":"summary_text","text":"Hm."}],)"
                     R"("content":[{"type":"reasoning_text","text":" So."}])") +
          R"(,{"type":"web_search_call","id":"ws_1","status":"completed"},)" +
          R"({"type":"message","role":"assistant","content":[)"
          R"({"type":"output_text","text":"Hi","annotations":[{"type":"url_citation"}],)"
          R"("logprobs":[{"token":"Hi","logprob":-0.5,"top_logprobs":[]}]},)"
          R"({"type":"output_text","text":" there","annotations":[],"refusal":null},)"
          R"({"type":"new_part","text":"?"}]},)" +
          call_item,
      R"(,"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":3,)"
      R"("cache_write_tokens":2},"output_tokens":5,)"
      R"("output_tokens_details":{"reasoning_tokens":4}},"error":null)"));
  CHECK(reply.text == "Hi there");
  CHECK(reply.reasoning == "Hm. So.");
  CHECK(reply.details->annotations == R"([{"type":"url_citation"}])");
  CHECK(reply.logprobs.size() == 1);
  REQUIRE(reply.tool_calls.size() == 1);
  CHECK(reply.tool_calls[0].id == "call_1");
  CHECK(reply.tool_calls[0].name == "f");
  CHECK(reply.tool_calls[0].arguments == R"({"a":1})");
  CHECK(reply.finish_reason == FinishReason::tool_calls);
  CHECK(reply.finish_reason_text == "completed");
  CHECK(reply.usage.input_tokens == 10);
  CHECK(reply.usage.cached_input_tokens == 3);
  CHECK(reply.usage.cache_write_tokens == 2);
  CHECK(reply.usage.output_tokens == 5);
  CHECK(reply.usage.reasoning_tokens == 4);
  CHECK(reply.id == "resp_1");
  CHECK(reply.model == "gpt");
}

TEST_CASE("Responses: why a reply ended", "[provider]")
{
  const auto reply_of = [](const std::string& status, const std::string& items) {
    return responses_reply(R"({"status":)" + status + R"(,"output":[)" + items + "]}");
  };
  const std::string cut_at = R"("incomplete","incomplete_details":{"reason":")";
  const std::string refusal =
      R"({"type":"message","content":[{"type":"refusal","refusal":"No."}]})";
  CHECK(reply_of(R"("completed")", message_with("x")).finish_reason == FinishReason::stop);
  CHECK(reply_of(R"("completed")", refusal).finish_reason == FinishReason::refusal);
  CHECK(reply_of(R"("completed")", refusal).refusal == "No.");
  const auto cut = reply_of(cut_at + R"(max_output_tokens"})", message_with("x"));
  CHECK(cut.finish_reason == FinishReason::length);
  CHECK(cut.finish_reason_text == "max_output_tokens");
  CHECK(
      reply_of(cut_at + R"(content_filter"})", message_with("x")).finish_reason ==
      FinishReason::content_filter);
  CHECK(reply_of(R"("incomplete")", message_with("x")).finish_reason == FinishReason::unknown);
  CHECK(reply_of("null", message_with("x")).finish_reason == FinishReason::unknown);
}

TEST_CASE("Responses: what is no reply is an error", "[provider]")
{
  const auto failed = error_of([] {
    responses_reply(
        R"({"status":"failed","error":{"code":"rate_limit_exceeded","message":"Slow down"},)"
        R"("output":[)" +
        message_with("Hi") + "]}");
  });
  REQUIRE(failed);
  CHECK(failed->kind() == ErrorKind::rate_limited);
  CHECK(failed->server_message() == "Slow down");
  CHECK(failed->partial_text() == "Hi");
  for (const std::string status : {"failed", "cancelled", "queued", "in_progress"})
    CHECK(fails_with(ErrorKind::incomplete, status, [&] {
      responses_reply(R"({"status":")" + status + R"(","error":null,"output":[]})");
    }));
  CHECK(fails_with(ErrorKind::bad_response, "no output", [] { responses_reply("{}"); }));
  CHECK(fails_with(ErrorKind::bad_response, "", [] { responses_reply(response_with("1")); }));
  CHECK(fails_with(ErrorKind::incomplete, "not JSON", [] {
    responses_reply(
        response_with(R"({"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\""})"));
  }));
}

TEST_CASE("Responses: errors of HTTP in the forms of the hosts", "[provider]")
{
  const auto error_with = [](int status, const char* body) {
    return provider::responses_wire().decode_error({status, "", {}}, body);
  };
  const auto xai =
      error_with(400, R"({"code":"invalid-argument","error":"Model not found: grok-none"})");
  CHECK(xai.kind() == ErrorKind::model_not_found);
  CHECK(xai.server_message() == "Model not found: grok-none");
  CHECK(xai.server_code() == "invalid-argument");
  CHECK(error_with(400, R"({"detail":"no such thing"})").server_message() == "no such thing");
  const auto stale = error_with(
      400,
      R"({"error":{"message":"The encrypted content could not be verified.",)"
      R"("type":"invalid_request_error","param":null,"code":"invalid_encrypted_content"}})");
  CHECK(stale.kind() == ErrorKind::bad_request);
  CHECK(std::string(stale.what()).find("reasoning of an earlier turn") != std::string::npos);
}

TEST_CASE("Responses: a turn goes back as it came", "[provider]")
{
  const auto open =
      reasoning_item(R"(,"summary":[],"content":[{"type":"reasoning_text","text":"so"}])");
  const auto items = open + ',' + message_with("Wait.") + ',' + call_item;
  const auto reply = responses_reply(response_with(items));
  CHECK(reply.details->native.wire == "responses");
  const auto input = input_of(
      Messages().user("U").add(Message::assistant(reply)).add(Message::tool("call_1", "f", "red")));
  REQUIRE(input.size() == 5);
  CHECK(input[1] == Json::parse(open));
  CHECK(input[2] == Json::parse(message_with("Wait.")));
  CHECK(input[3] == Json::parse(call_item));
  CHECK(input[4]["type"] == "function_call_output");

  const auto phase =
      R"({"type":"message","role":"assistant","phase":"commentary","content":[{"type":)"
      R"("output_text","text":"x"}]})";
  CHECK(sent_back(phase) == Json::parse(phase));
  CHECK(responses_reply(response_with(message_with("x"))).details->native.json.empty());

  ChatRequest request{"m", Messages().add(Message::assistant("x")), {}};
  auto wrong = Message::assistant("x");
  wrong.with_native(NativeTurn("responses", "{}"));
  request.messages = Messages().add(wrong);
  CHECK(fails_with(ErrorKind::invalid_argument, "JSON array", [&] { responses_body(request); }));
  wrong.with_native(NativeTurn("anthropic", "[1]"));
  CHECK(input_of(Messages().add(wrong))[0]["content"] == "x");
}

TEST_CASE("Responses: nothing stands between two calls for a host that refuses that", "[provider]")
{
  const std::string other =
      R"({"type":"function_call","call_id":"c2","name":"g","arguments":"{}"})";
  const auto reply =
      responses_reply(response_with(call_item + ',' + message_with("Wait.") + ',' + other));
  const ChatRequest request{"m", Messages().user("U").add(Message::assistant(reply)), {}};
  const auto call = Json::parse(call_item), text = Json::parse(message_with("Wait.")),
             last = Json::parse(other);
  const auto sent = [&](const char* preset) {
    auto input = responses_body(request, preset)["input"];
    input.erase(0);
    return input;
  };
  CHECK(sent("deepseek-responses") == Json({text, call, last}));
  CHECK(sent("openai-responses-compatible") == Json({call, text, last}));
}

TEST_CASE("Responses: encrypted reasoning goes back without ids, hidden one stays away")
{
  const std::string encrypted = R"(,"summary":[],"encrypted_content":"gAAA")";
  const auto kept = responses_reply(response_with(reasoning_item(encrypted) + ',' + call_item));
  auto call = Json::parse(call_item);
  call.erase("id");
  CHECK(
      Json::parse(kept.details->native.json) ==
      Json(
          {{{"type", "reasoning"}, {"summary", Json::array()}, {"encrypted_content", "gAAA"}},
           call}));
  const auto dropped =
      responses_reply(response_with(reasoning_item(R"(,"summary":[])") + ',' + call_item));
  CHECK(Json::parse(dropped.details->native.json) == Json::array({call}));

  // What the server keeps it finds by its ids.
  const auto stored = responses_reply(
      response_with(reasoning_item(R"(,"summary":[])") + ',' + call_item, R"(,"store":true)"));
  CHECK(
      Json::parse(stored.details->native.json) ==
      Json({Json::parse(reasoning_item(R"(,"summary":[])")), Json::parse(call_item)}));
}

TEST_CASE("Responses: reasoning that nothing follows, or without a summary", "[provider]")
{
  const std::string text = R"(,"content":[{"type":"reasoning_text","text":"so"}])";
  const auto turn = [](const std::string& items, const std::string& status) {
    return responses_reply(
               R"({"status":")" + status + R"(","output":[)" + items + "]" +
               R"(,"incomplete_details":{"reason":"max_output_tokens"}})")
        .details->native.json;
  };
  const auto without_summary =
      Json::parse(turn(reasoning_item(text) + ',' + call_item, "completed"));
  CHECK(without_summary[0]["summary"] == Json::array());
  CHECK(turn(reasoning_item(text), "incomplete").empty());
  CHECK(turn(message_with("x") + ',' + reasoning_item(text), "incomplete").empty());
  // The call was cut: it is not among the calls, and does not go back.
  const std::string cut_call =
      R"({"type":"function_call","call_id":"c2","name":"f","arguments":"{\"a","status":"incomplete"})";
  const auto whole_call =
      Json::parse(turn(call_item + ',' + reasoning_item(text) + ',' + cut_call, "incomplete"));
  CHECK(whole_call == Json::array({Json::parse(call_item)}));
}

TEST_CASE("Responses stream: texts, reasoning and calls with the usage of the end", "[provider]")
{
  const auto items = reasoning_item(R"(,"summary":[{"type":"summary_text","text":"Hm."}],)"
                                    R"("encrypted_content":"g")") +
                     ',' + message_with("Hi there") + ',' + call_item;
  const auto result = read_responses(
      said("created", R"("response":{"id":"resp_0","model":"gpt","status":"in_progress"})") +
      said("output_item.added", R"("output_index":0,"item":{"type":"reasoning","id":"a"})") +
      said("reasoning_summary_text.delta", R"("output_index":0,"summary_index":0,"delta":"Hm")") +
      said("reasoning_summary_text.delta", R"("output_index":0,"summary_index":0,"delta":".")") +
      said("output_item.added", R"("output_index":1,"item":{"type":"message","id":"b"})") +
      text_piece(1, "Hi") + said("something.new", R"("output_index":1,"error":{"message":"x"})") +
      text_piece(1, " there") + item_done(1, message_with("Hi there")) +
      said(
          "output_item.added",
          R"("output_index":2,"item":{"type":"function_call","id":"c","call_id":"call_1","name":"f"})") +
      said("function_call_arguments.delta", R"("output_index":2,"item_id":"d","delta":"{\"a\"")") +
      said("function_call_arguments.delta", R"("output_index":2,"item_id":"e","delta":":1}")") +
      said(
          "completed",
          R"("response":{"id":"resp_1","status":"completed","output":[)" + items +
              R"(],"usage":{"input_tokens":9,"output_tokens":6}})") +
      "data: [DONE]\n\n");
  CHECK(result.is_complete);
  CHECK(result.deltas == "Hi there");
  CHECK(result.reply.text == "Hi there");
  CHECK(result.reply.reasoning == "Hm.");
  REQUIRE(result.reply.tool_calls.size() == 1);
  CHECK(result.reply.tool_calls[0].id == "call_1");
  CHECK(result.reply.tool_calls[0].arguments == R"({"a":1})");
  CHECK(result.reply.finish_reason == FinishReason::tool_calls);
  CHECK(result.reply.usage.input_tokens == 9);
  CHECK(result.reply.id == "resp_1");
  CHECK(result.reply.model == "gpt");
  CHECK(
      result.reply.details->native.json ==
      responses_reply(response_with(items)).details->native.json);
}

TEST_CASE("Responses stream: what comes without pieces, and only at the end", "[provider]")
{
  CHECK(read_responses(item_done(0, message_with("Hi")) + completed).deltas == "Hi");
  CHECK(
      read_responses(text_piece(0, "H") + item_done(0, message_with("Hi")) + completed).deltas ==
      "Hi");
  const auto call = read_responses(item_done(0, call_item) + completed).reply;
  REQUIRE(call.tool_calls.size() == 1);
  CHECK(call.tool_calls[0].arguments == R"({"a":1})");
  const auto at_end =
      read_responses(said("completed", "\"response\":" + response_with(message_with("Hi"))));
  CHECK(at_end.deltas == "Hi");
  CHECK(read_responses(text_piece(0, "Hi") + completed).reply.text == "Hi");
  CHECK(
      read_responses(said("completed", R"("response":{"output":[],"output_text":"Hi"})")).deltas ==
      "Hi");
}

TEST_CASE("Responses stream: the order is that of the output", "[provider]")
{
  const auto added = [](int index) {
    return said(
        "output_item.added",
        "\"output_index\":" + std::to_string(index) + R"(,"item":{"type":"message"})");
  };
  const auto mixed = read_responses(
      added(0) + added(1) + text_piece(1, "c") + text_piece(0, "a") + text_piece(1, "d") +
      text_piece(0, "b") + completed);
  CHECK(mixed.deltas == "abcd");
  const auto late =
      read_responses(added(1) + text_piece(1, "c") + added(0) + text_piece(0, "a") + completed);
  CHECK(late.deltas == "ca");  // what was handed on stays
  // The text of reasoning in two places, and parts that are counted in another way.
  const auto twice = read_responses(
      said("reasoning_text.delta", R"("output_index":0,"content_index":0,"delta":"so")") +
      item_done(0, reasoning_item(R"(,"summary":[{"type":"summary_text","text":"so"}])")) +
      said("output_text.delta", R"("output_index":1,"content_index":1,"delta":"H")") +
      item_done(1, message_with("Hi")) + completed);
  CHECK(twice.reasoning == "so");
  CHECK(twice.deltas == "Hi");
}

TEST_CASE("Responses stream: items without an index, or with that of another", "[provider]")
{
  const auto begun = [](const std::string& place, const std::string& item) {
    return said("output_item.added", place + "\"item\":" + item);
  };
  const auto piece = [](const std::string& type, const std::string& id, const std::string& text) {
    return said(type + ".delta", R"("item_id":")" + id + R"(","delta":")" + text + '"');
  };
  const std::string one = R"({"type":"function_call","id":"f1","call_id":"c1","name":"f")";
  const std::string two = R"({"type":"function_call","id":"f2","call_id":"c2","name":"g")";
  const std::string first = one + R"(,"arguments":"{\"a\":1}"})";
  const std::string second = two + R"(,"arguments":"{}"})";
  const auto calls_of = [](const Reply& reply) {
    std::string calls;
    for (const auto& call : reply.tool_calls)
      calls += call.id + call.name + call.arguments;
    return calls;
  };
  const auto end = said(
      "completed",
      "\"response\":" + response_with(message_with("Hi") + ',' + first + ',' + second));

  // llama.cpp: what ends does so after the others began.
  const auto unnumbered = read_responses(
      begun("", R"({"type":"message","id":"msg_1"})") + piece("output_text", "msg_1", "H") +
      begun("", one + '}') + piece("function_call_arguments", "f1", R"({\"a\")") +
      begun("", two + '}') + piece("function_call_arguments", "f2", "{}") +
      piece("function_call_arguments", "f1", ":1}") + piece("output_text", "msg_1", "i") +
      said("output_item.done", "\"item\":" + message_with("Hi")) +
      said("output_item.done", "\"item\":" + first) +
      said("output_item.done", "\"item\":" + second) + end);
  CHECK(unnumbered.deltas == "Hi");
  CHECK(calls_of(unnumbered.reply) == R"(c1f{"a":1}c2g{})");
  const auto only_ends = read_responses(
      said("output_item.done", "\"item\":" + first) +
      said("output_item.done", "\"item\":" + second) + completed);
  CHECK(calls_of(only_ends.reply) == R"(c1f{"a":1}c2g{})");

  // Ollama: the call has the index of the message, which does not end.
  const auto shared = read_responses(
      begun("\"output_index\":0,", R"({"type":"message","id":"msg_1"})") + text_piece(0, "Hi") +
      begun("\"output_index\":0,", one + '}') + item_done(0, first) +
      begun("\"output_index\":1,", two + '}') + item_done(1, second) + end);
  CHECK(shared.deltas == "Hi");
  CHECK(calls_of(shared.reply) == R"(c1f{"a":1}c2g{})");
  CHECK(Json::parse(shared.reply.details->native.json).size() == 3);
}

TEST_CASE("Responses stream: arguments of a call that contradict each other are an error")
{
  const auto piece = [](const char* text) {
    return said(
        "function_call_arguments.delta", R"("output_index":0,"delta":")" + std::string(text) + '"');
  };
  CHECK(
      read_responses(piece(R"({ \"a\":1 })") + item_done(0, call_item) + completed)
          .reply.tool_calls.size() == 1);
  const auto error = stream_error(piece(R"({\"a\":2})") + item_done(0, call_item) + completed);
  CHECK(error.kind() == ErrorKind::bad_response);
  CHECK(std::string(error.what()).find("two different arguments") != std::string::npos);
}

TEST_CASE("Responses stream: a reply that was cut", "[provider]")
{
  const auto incomplete = said(
      "incomplete",
      R"("response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}})");
  const auto cut = read_responses(
      item_done(0, message_with("Hi")) +
      said(
          "output_item.added",
          R"("output_index":1,"item":{"type":"function_call","call_id":"c","name":"f"})") +
      said("function_call_arguments.delta", R"("output_index":1,"delta":"{\"a")") + incomplete);
  CHECK(cut.is_complete);
  CHECK(cut.reply.finish_reason == FinishReason::length);
  CHECK(cut.reply.text == "Hi");
  CHECK(cut.reply.tool_calls.empty());
  CHECK_FALSE(read_responses(text_piece(0, "Hi") + "data: [DONE]\n\n").is_complete);
  CHECK_FALSE(read_responses(text_piece(0, "Hi")).is_complete);
}

TEST_CASE("Responses stream: errors in each form, with the text so far", "[provider]")
{
  const auto hi = text_piece(0, "Hi");
  for (
      const std::string& event :
      {std::string(
           R"(data: {"type":"error","error":{"code":"rate_limit_exceeded","message":"Slow down"}})"),
       std::string(
           R"(data: {"type":"error","code":"rate_limit_exceeded","message":"Slow down","param":null})"),
       std::string(R"(data: {"error":{"code":"rate_limit_exceeded","message":"Slow down"}})"),
       std::string(
           R"(data: {"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"Slow down"}}})")}) {
    INFO(event);
    const auto error = stream_error(hi + event + "\n\n");
    CHECK(error.kind() == ErrorKind::rate_limited);
    CHECK(error.server_message() == "Slow down");
    CHECK(error.server_type().empty());
    CHECK(error.partial_text() == "Hi");
  }
  const auto silent = stream_error(hi + said("failed", R"("response":{"error":null})"));
  CHECK(silent.kind() == ErrorKind::incomplete);
  CHECK(silent.partial_text() == "Hi");
  CHECK(stream_error(hi + "data: {\"type\":\n\n").kind() == ErrorKind::bad_response);
}

TEST_CASE("Responses: hosts by name and any other server", "[provider]")
{
  const auto none = [](const char*) -> char* { return nullptr; };
  const auto own = provider::resolve_endpoint({"openai-responses", "", "k"}, none);
  CHECK(own.base_url == "https://api.openai.com/v1");
  CHECK(own.preset->hides_reasoning);
  const auto other =
      provider::resolve_endpoint({"openai-responses", "http://h:1/v1/responses", ""}, none);
  CHECK(other.base_url == "http://h:1/v1");
  CHECK(other.preset->name == "openai-responses-compatible");
  for (const auto* const name :
       {"azure-responses",
        "openrouter-responses",
        "xai-responses",
        "deepseek-responses",
        "ollama-responses",
        "vllm-responses",
        "llamacpp-responses",
        "lmstudio-responses"}) {
    const auto* const preset = provider::find_preset(name);
    REQUIRE(preset);
    CHECK(&provider::wire_of(*preset) == &provider::responses_wire());
  }
}
