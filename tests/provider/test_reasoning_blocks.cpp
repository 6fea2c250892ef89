// reasoning_details from the fragments of a stream: a provider refuses them, or forgets its
// reasoning, unless they come back as the blocks that they were.
#include <asyncllm/impl/json/syntax.hpp>
#include <asyncllm/impl/provider/reply/reasoning_blocks.hpp>

#include "openai_forms.hpp"
#include "test.hpp"

#include <string>
#include <vector>

using namespace asyncllm;

namespace forms = support::forms;

namespace {

std::string joined(const std::vector<std::string>& fragments)
{
  provider::ReasoningBlocks blocks;
  for (const auto& fragment : fragments)
    blocks.add(fragment);
  return blocks.text();
}

}  // namespace

TEST_CASE("fragments of reasoning_details with one index and type are one block", "[provider]")
{
  const auto detail = [](const std::string& members) {
    return forms::delta(R"("reasoning_details":[{"type":"reasoning.text",)" + members + "}]");
  };
  const auto reply = forms::streamed(
      {detail(R"("text":"Let","index":0)"),
       detail(R"("text":" me","index":0)"),
       detail(R"("text":"other","index":1)"),
       detail(R"("signature":"Et8B","index":0)"),
       forms::delta(R"("reasoning_details":[{"type":"reasoning.encrypted","data":"x","index":0}])"),
       detail(R"("text":"without an index")"),
       forms::delta("", "stop")});
  CHECK(
      reply.reasoning_extra ==
      R"([{"type":"reasoning.text","text":"Let me","index":0,"signature":"Et8B"},)"
      R"({"type":"reasoning.text","text":"other","index":1},)"
      R"({"type":"reasoning.encrypted","data":"x","index":0},)"
      R"({"type":"reasoning.text","text":"without an index"}])");
}

TEST_CASE("fragments without an index are distinguished by their ids", "[provider]")
{
  CHECK(
      joined(
          {R"({"type":"reasoning.summary","id":"rs_1","summary":"a","index":null})",
           R"({"type":"reasoning.summary","id":"rs_2","summary":"x"})",
           R"({"type":"reasoning.summary","id":"rs_1","summary":"b"})"}) ==
      R"([{"type":"reasoning.summary","id":"rs_1","summary":"ab","index":null},)"
      R"({"type":"reasoning.summary","id":"rs_2","summary":"x"}])");
}

// Gemini's thoughts for two tool calls, as OpenRouter passes them on.
TEST_CASE("blocks of one index with different ids are not mixed", "[provider]")
{
  CHECK(
      joined(
          {R"({"type":"reasoning.encrypted","data":"x","id":"tool_0","index":0})",
           R"({"type":"reasoning.encrypted","data":"y","id":"tool_1","index":0})"}) ==
      R"([{"type":"reasoning.encrypted","data":"x","id":"tool_0","index":0},)"
      R"({"type":"reasoning.encrypted","data":"y","id":"tool_1","index":0}])");
}

TEST_CASE("texts with neither index nor id are one block up to its signature", "[provider]")
{
  CHECK(
      joined(
          {R"({"type":"reasoning.text","text":"Let"})",
           R"({"type":"reasoning.text","text":" me"})",
           R"({"type":"reasoning.text","signature":"Et8B"})",
           R"({"type":"reasoning.text","text":"next"})"}) ==
      R"([{"type":"reasoning.text","text":"Let me","signature":"Et8B"},)"
      R"({"type":"reasoning.text","text":"next"}])");
  const std::string hidden = R"({"type":"reasoning.encrypted","data":"x"})";
  CHECK(joined({hidden, hidden}) == "[" + hidden + "," + hidden + "]");
}

TEST_CASE("an empty member is replaced, another one stays", "[provider]")
{
  CHECK(
      joined(
          {R"({"index":0,"type":"t","signature":null,"format":"","text":"a"})",
           R"({"index":0,"type":"t","signature":"s","format":"f","text":null})",
           R"({"index":0,"type":"t","signature":"other","n":{"a":[1.0,1e3]}})"}) ==
      R"([{"index":0,"type":"t","signature":"s","format":"f","text":"a","n":{"a":[1.0,1e3]}}])");
}

TEST_CASE("texts are escaped, other values kept to the letter", "[provider]")
{
  const std::string block =
      R"({"type":"reasoning.text","text":"\"\n\u0001 ü","a\"b":12345678901234567890123,"index":0})";
  CHECK(joined({block}) == "[" + block + "]");
  CHECK(joined({"\"text\"", "7", "null"}) == R"(["text",7,null])");
  CHECK(joined({"{}"}) == "[{}]");
  CHECK(joined({}).empty());
}

// Looking up each of 100,000 names among 100,000 others took half a minute.
TEST_CASE("a fragment of very many members is kept as it came", "[provider]")
{
  std::string many = R"({"type":"t","index":0)";
  for (int i = 0; i < 100'000; ++i)
    many += ",\"k" + std::to_string(i) + "\":1";
  many += '}';
  CHECK(joined({many, many}) == "[" + many + "," + many + "]");
  // So many in small portions make blocks of bounded size.
  std::vector<std::string> fragments;
  for (int i = 0; i < 1'000; ++i)
    fragments.push_back(R"({"type":"t","index":0,"k)" + std::to_string(i) + R"(":1})");
  const auto text = joined(fragments);
  CHECK(json::is_json(text));
  for (const auto* const name : {"\"k0\"", "\"k500\"", "\"k999\""})
    CHECK(text.find(name) != text.npos);
}
