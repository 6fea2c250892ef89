// Answers with a syntax error at each place where one can stand: an error or the right reply,
// in every build. What a damaged text that is JSON all the same means, nlohmann/json says.
#include "error_of.hpp"
#include "mutations.hpp"
#include "provider/errors.hpp"
#include "provider/wires.hpp"
#include "stream_reader.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace asyncllm;
using Json = nlohmann::json;

namespace {

/// The parts of a reply that are compared.
struct Essence {
  std::string text, finish;
  std::int64_t input_tokens = 0;
  std::vector<std::string> calls;  // name and arguments, where there are any
  bool operator==(const Essence&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Essence& essence)
{
  out << essence.text << '|' << essence.finish << '|' << essence.input_tokens;
  for (const auto& call : essence.calls)
    out << '|' << call;
  return out;
}

Essence essence_of(const Reply& reply)
{
  Essence seen{reply.text, reply.finish_reason_text, reply.usage.input_tokens, {}};
  for (const auto& call : reply.tool_calls)
    if (call.arguments != "{}")
      seen.calls.push_back(call.name + Json::parse(call.arguments).dump());
  return seen;
}

// The second opinion: members of other types than expected are as good as absent.
std::string text_at(const Json& object, const char* name)
{
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() && found->is_string()
             ? found->get<std::string>()
             : std::string();
}

const Json& member(const Json& object, const char* name)
{
  static const Json none;
  return object.is_object() && object.contains(name) ? object[name] : none;
}

const Json& first(const Json& array)
{
  static const Json none;
  return array.is_array() && !array.empty() ? array.front() : none;
}

std::int64_t number_at(const Json& object, const char* name)
{
  const auto& value = member(object, name);
  return value.is_number() ? value.get<std::int64_t>() : 0;
}

void add_calls(const Json& calls, Essence& seen)
{
  for (const auto& call : calls) {
    const auto& function = member(call, "function");
    const auto& arguments = member(function, "arguments");
    const auto text = arguments.is_string() ? arguments.get<std::string>() : arguments.dump();
    const auto name = text_at(function, "name");
    if (!name.empty() && text.starts_with("{\"") && Json::accept(text))
      seen.calls.push_back(name + Json::parse(text).dump());
  }
}

Essence openai_reply(const Json& json)
{
  const auto& choice = first(member(json, "choices"));
  const auto& message = member(choice, "message");
  Essence seen{
      text_at(message, "content"),
      text_at(choice, "finish_reason"),
      number_at(member(json, "usage"), "prompt_tokens"),
      {}};
  add_calls(member(message, "tool_calls"), seen);
  return seen;
}

Essence ollama_reply(const Json& json)
{
  const auto& message = member(json, "message");
  Essence seen{
      text_at(message, "content"),
      text_at(json, "done_reason"),
      number_at(json, "prompt_eval_count"),
      {}};
  add_calls(member(message, "tool_calls"), seen);
  return seen;
}

Essence anthropic_reply(const Json& json)
{
  Essence seen{
      {}, text_at(json, "stop_reason"), number_at(member(json, "usage"), "input_tokens"), {}};
  for (const auto& block : member(json, "content"))
    if (const auto type = text_at(block, "type"); type == "text")
      seen.text += text_at(block, "text");
    else if (type == "tool_use" && member(block, "input").is_object())
      seen.calls.push_back(text_at(block, "name") + block["input"].dump());
  return seen;
}

struct Sample {
  const provider::Wire& wire;
  std::string json;
  Essence (*expected)(const Json&);
};

std::vector<Sample> replies()
{
  return {
      {provider::openai_wire(),
       R"({"id":"c","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",)"
       R"("content":"hi \u00e9","tool_calls":[{"id":"a","type":"function","function":{"name":"f",)"
       R"("arguments":"{\"x\":[1,{}]}"}}]},"logprobs":null,"finish_reason":"stop"}],)"
       R"("usage":{"prompt_tokens":3,"completion_tokens":1,"more":{"x":[1]}},"other":[{"a":1}]})",
       &openai_reply},
      {provider::ollama_wire(),
       R"({"model":"m","created_at":"t","message":{"role":"assistant","content":"hi",)"
       R"("tool_calls":[{"function":{"index":0,"name":"f","arguments":{"x":[1,{}]}}}]},)"
       R"("done":true,"done_reason":"stop","context":[1,2,{"a":[]}],"prompt_eval_count":3})",
       &ollama_reply},
      {provider::anthropic_wire(),
       R"({"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text",)"
       R"("text":"hi","citations":[{"a":1}]},{"type":"tool_use","id":"t","name":"f",)"
       R"("input":{"x":[1,{}]}}],"stop_reason":"end_turn","stop_sequence":null,)"
       R"("usage":{"input_tokens":3,"output_tokens":1,"server":{"x":[1]}}})",
       &anthropic_reply},
  };
}

// What became of all mutations of a text.
struct Tally {
  int errors = 0, same = 0;
};

/// Reads each mutation of `sample`. What is read from a text that is JSON must be what `expected`
/// says of it. Any other text is an error, or its damage is in a part that is not read.
template <class Read, class Expected>
Tally check_mutations(const std::string& sample, Read read, Expected expected)
{
  Tally tally;
  support::for_each_mutation(sample, [&](const std::string& text) {
    INFO(text);
    std::optional<decltype(read(text))> seen;
    const auto error = support::error_of([&] { seen = read(text); });
    if (error) {
      ++tally.errors;
      CHECK_FALSE(std::string(error->what()).empty());
      return;
    }
    REQUIRE(seen);
    ++tally.same;
    const auto json = Json::parse(text, nullptr, false);
    if (!json.is_discarded())
      CHECK(*seen == expected(json));
  });
  return tally;
}

}  // namespace

TEST_CASE("a syntax error anywhere in a whole reply is an error or does no harm", "[provider]")
{
  for (const auto& sample : replies()) {
    const auto read = [&](std::string text) { return essence_of(sample.wire.decode(text)); };
    CHECK(read(sample.json).calls.size() == 1);
    const auto tally = check_mutations(sample.json, read, sample.expected);
    CHECK(tally.errors > 500);
    CHECK(tally.same > 100);
  }
}

TEST_CASE("a syntax error anywhere in a stream is an error or does no harm", "[provider]")
{
  const auto openai = [](const std::string& event) {
    return R"(data: {"choices":[{"delta":{"content":"be"}}]})"
           "\n\ndata: " +
           event +
           "\n\n"
           R"(data: {"choices":[{"delta":{"content":"hind"},"finish_reason":"stop"}]})"
           "\n\ndata: [DONE]\n\n";
  };
  const auto ollama = [](const std::string& event) {
    return "{\"message\":{\"content\":\"be\"}}\n" + event +
           "\n{\"message\":{\"content\":\"hind\"},\"done\":true,\"done_reason\":\"stop\"}\n";
  };
  const auto anthropic = [](const std::string& event) {
    return R"(data: {"type":"message_start","message":{"id":"m"}})"
           "\n\n"
           R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"be"}})"
           "\n\ndata: " +
           event +
           "\n\n"
           R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hind"}})"
           "\n\n"
           R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}})"
           "\n\ndata: {\"type\":\"message_stop\"}\n\n";
  };
  struct Stream {
    const provider::Wire& wire;
    std::string (*around)(const std::string&);
    std::string event;
    std::string (*text)(const Json&);
  };
  const Stream streams[] = {
      {provider::openai_wire(),
       openai,
       R"({"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"X"},)"
       R"("logprobs":null,"finish_reason":null}],"other":[{"a":1}]})",
       [](const Json& json) {
         return text_at(member(first(member(json, "choices")), "delta"), "content");
       }},
      {provider::ollama_wire(),
       ollama,
       R"({"model":"m","message":{"role":"assistant","content":"X","images":null},"other":[{}],)"
       R"("done":false})",
       [](const Json& json) { return text_at(member(json, "message"), "content"); }},
      {provider::anthropic_wire(),
       anthropic,
       R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"X",)"
       R"("more":[1]},"other":[{"a":1}]})",
       [](const Json& json) {
         const auto& delta = member(json, "delta");
         const bool is_text = text_at(json, "type") == "content_block_delta" &&
                              text_at(delta, "type") == "text_delta";
         return is_text ? text_at(delta, "text") : std::string();
       }},
  };
  for (const auto& [wire, around, event, text] : streams) {
    const auto read = [&, &its_wire = wire, its_around = around](const std::string& changed) {
      const auto result = support::read_stream_of(its_wire, its_around(changed));
      if (!result.is_complete)
        throw Error(ErrorKind::incomplete, "the stream broke off");
      CHECK(result.deltas == result.reply.text);
      return result.reply.text;
    };
    CHECK(read(event) == "beXhind");
    const auto tally = check_mutations(event, read, [its_text = text](const Json& json) {
      return "be" + its_text(json) + "hind";
    });
    CHECK(tally.errors > 200);
    CHECK(tally.same > 50);
  }
}

TEST_CASE("a syntax error anywhere in a list of models or in vectors does no harm", "[provider]")
{
  const auto names = [](const char* list, const char* name) {
    return [=](const Json& json) {
      std::vector<std::string> all;
      for (const auto& item : member(json, list))
        if (item.is_object() && item.contains(name))
          all.push_back(text_at(item, name));
      return all;
    };
  };
  const std::string data =
      R"({"object":"list","data":[{"id":"a","n":[1]},{"id":"b"}],"x":{"y":[]}})";
  const std::string tags = R"({"models":[{"name":"a","details":{"x":[1]}},{"name":"b"}],"x":[{}]})";
  check_mutations(
      data,
      [](std::string text) { return provider::openai_wire().decode_models(text); },
      names("data", "id"));
  check_mutations(
      data,
      [](std::string text) { return provider::anthropic_wire().decode_models(text); },
      names("data", "id"));
  check_mutations(
      tags,
      [](std::string text) { return provider::ollama_wire().decode_models(text); },
      names("models", "name"));

  const auto vector = [](const Json& json) {
    std::vector<float> numbers;
    for (const auto& number : json)
      numbers.push_back(number.get<float>());
    return numbers;
  };
  check_mutations(
      R"({"object":"list","data":[{"index":0,"embedding":[1,-2.5e1]}],"model":"m","x":[{"y":1}]})",
      [](std::string text) { return provider::openai_wire().decode_embeddings(text).vectors; },
      [&](const Json& json) {
        std::vector<std::vector<float>> all;
        for (const auto& item : member(json, "data"))
          all.push_back(vector(member(item, "embedding")));
        return all;
      });
  check_mutations(
      R"({"model":"m","embeddings":[[1,-2.5e1],[3]],"prompt_eval_count":1,"x":[{"y":1}]})",
      [](std::string text) { return provider::ollama_wire().decode_embeddings(text).vectors; },
      [&](const Json& json) {
        std::vector<std::vector<float>> all;
        for (const auto& item : member(json, "embeddings"))
          all.push_back(vector(item));
        return all;
      });
}

TEST_CASE("a syntax error anywhere in an error's body leaves it an error", "[provider]")
{
  const std::string bodies[] = {
      R"({"error":{"message":"no","type":"t","param":null,"code":"c","details":[{"x":1}]}})",
      R"({"error":"no"})",
      R"({"type":"error","error":{"type":"not_found_error","message":"no"},"request_id":"r"})",
  };
  for (const auto& body : bodies)
    support::for_each_mutation(body, [&](const std::string& text) {
      INFO(text);
      const auto error = provider::error_from_answer({404, "Not Found", {}}, text);
      CHECK(error.http_status() == 404);
      for (const auto* const wire :
           {&provider::openai_wire(), &provider::ollama_wire(), &provider::anthropic_wire()}) {
        auto copy = text;
        CHECK(support::error_of([&] { wire->decode(copy); }));
      }
    });
}
