// Reasoning in the text, between <think> and </think>.
#include <asyncllm/impl/provider/reply/streamed_reply.hpp>
#include <asyncllm/impl/provider/reply/think_splitter.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include "openai_forms.hpp"
#include "test.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace asyncllm;

namespace {

struct SplitText {
  std::string reasoning, text;
  bool operator==(const SplitText&) const = default;
};

SplitText split_in(const std::vector<std::string_view>& pieces, ThinkTags tags)
{
  provider::ThinkSplitter splitter(tags);
  SplitText all;
  const auto take = [&](const provider::ThinkSplitter::Split& split) {
    CHECK((split.reasoning.empty() || all.text.empty()));  // reasoning never follows text
    all.reasoning += split.reasoning;
    all.text += split.text;
  };
  for (const auto piece : pieces)
    take(splitter.feed(piece));
  take(splitter.finish());
  return all;
}

// However the text is cut, the result is the same.
SplitText split_text(std::string_view text, ThinkTags tags = ThinkTags::split)
{
  const auto whole = split_in({text}, tags);
  for (std::size_t i = 0; i <= text.size(); ++i)
    for (std::size_t j = i; j <= text.size(); ++j)
      if (split_in({text.substr(0, i), text.substr(i, j - i), text.substr(j)}, tags) != whole)
        FAIL(std::string(text) << " differs when it is cut at " << i << " and " << j);
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < text.size(); ++i)
    bytes.push_back(text.substr(i, 1));
  CHECK((split_in(bytes, tags) == whole));
  return whole;
}

void check_split(
    std::string_view text,
    const std::string& reasoning,
    const std::string& answer,
    ThinkTags tags = ThinkTags::split)
{
  INFO(std::string(text));
  const auto all = split_text(text, tags);
  CHECK(all.reasoning == reasoning);
  CHECK(all.text == answer);
}

}  // namespace

TEST_CASE("a text that begins with think tags is reasoning and text", "[provider]")
{
  check_split("<think>Hm.</think>Yes.", "Hm.", "Yes.");
  check_split("\n<think>\nHm.\n\nOr so.\n</think>\n\nYes.\n", "Hm.\n\nOr so.", "Yes.\n");
  check_split("<think>\n\n</think>\n\nYes.", "", "Yes.");  // Qwen, with thinking off
  check_split("<think>a < b </ c </thin d</think>Yes.", "a < b </ c </thin d", "Yes.");
  check_split("<think></think>", "", "");
}

TEST_CASE("a text that does not begin with a think tag is not changed", "[provider]")
{
  for (const auto* text :
       {"Yes.",
        "",
        " \n Yes. ",
        "<thinking>Hm.</thinking>Yes.",
        "<thin",
        "  <",
        "Use <think> and </think>.",
        "Hm.</think>Yes."})
    check_split(text, "", text);
}

TEST_CASE("think tags that are not closed, or not alone", "[provider]")
{
  check_split("<think>Hm. </thi", "Hm. </thi", "");
  check_split("<think>Hm. \n", "Hm.", "");
  check_split("<think>", "", "");
  check_split("<think>a</think>b<think>c</think>", "a", "b<think>c</think>");
  check_split("<think>a</think>  </think>b", "a", "</think>b");
}

TEST_CASE("a text that begins within the reasoning", "[provider]")
{
  constexpr auto begun = ThinkTags::split_begun;
  check_split("\nHm.\n</think>\n\nYes.", "Hm.", "Yes.", begun);
  check_split("<think>Hm.</think>Yes.", "Hm.", "Yes.", begun);
  check_split("</think>Yes.", "", "Yes.", begun);
  check_split("<thi", "<thi", "", begun);
}

TEST_CASE("tags are kept where they are not asked for", "[provider]")
{
  check_split("<think>Hm.</think>Yes.", "", "<think>Hm.</think>Yes.", ThinkTags::keep);
}

TEST_CASE("space without an end is passed on", "[provider]")
{
  const std::string space(1000, ' ');
  const auto before = split_in({space, "<think>a</think>b"}, ThinkTags::split);
  CHECK(before.text == space + "<think>a</think>b");
  const auto within = split_in({"<think>a", space, "b</think>c"}, ThinkTags::split);
  CHECK(within.reasoning == "a" + space + "b");
  CHECK(within.text == "c");
}

TEST_CASE("a streamed reply delivers the reasoning apart", "[provider]")
{
  provider::StreamedReply reply(provider::ReplyBounds(), ThinkTags::split);
  std::string log;
  const auto take = [&] {
    while (const auto delta = reply.next())
      if (delta->kind == Delta::Kind::text)
        log += "t(" + std::string(delta->text) + ")";
      else if (delta->kind == Delta::Kind::reasoning)
        log += "r(" + std::string(delta->text) + ")";
  };
  for (const auto* piece : {"<thi", "nk>\nLet me", " see.", "\n</", "think>\n", "\nYes", "."}) {
    reply.add_text(piece);
    take();
  }
  reply.set_finish(FinishReason::stop, "stop");
  take();
  reply.complete();
  CHECK(log == "r(Let me)r( see.)t(Yes)t(.)");
  CHECK(reply.reply().text == "Yes.");
  CHECK(reply.reply().reasoning == "Let me see.");
}

TEST_CASE("a reply whose tag never came has all its text", "[provider]")
{
  provider::StreamedReply reply(provider::ReplyBounds(), ThinkTags::split);
  reply.add_text(" <thi");
  reply.set_finish(FinishReason::stop, "stop");
  const auto delta = reply.next();
  REQUIRE(delta);
  CHECK(delta->text == " <thi");
  CHECK(reply.reply().text == " <thi");
}

TEST_CASE("a message at the end that repeats a text with think tags adds nothing", "[provider]")
{
  provider::StreamedReply reply(provider::ReplyBounds(), ThinkTags::split);
  reply.add_text("<think>Hm.</think>");
  reply.add_text("Yes.");
  CHECK(reply.has_text("<think>Hm.</think>Yes."));
  CHECK_FALSE(reply.has_text("Yes. And more."));
}

TEST_CASE("half of a surrogate pair within think tags waits for the other", "[provider]")
{
  const auto deltas = provider::find_preset("openai-compatible");
  const auto decoder = provider::wire_of(*deltas).deltas();
  provider::StreamedReply reply(provider::ReplyBounds(), ThinkTags::split);
  for (const auto* text : {R"(<think>a\ud83d)", R"(\ude00</think>)", R"(b\ud83d)"}) {
    const auto event =
        R"({"choices":[{"index":0,"delta":{"content":")" + std::string(text) + "\"}}]}";
    decoder->feed({"message", event, ""}, reply);
  }
  decoder->feed({"message", "[DONE]", ""}, reply);
  CHECK(reply.reply().reasoning == "a\xf0\x9f\x98\x80");
  CHECK(reply.reply().text == "b\xef\xbf\xbd");
}
