// Reasoning in the text, through a client.
#include <asyncllm/client/client.hpp>
#include <asyncllm/client/reply_stream.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "served.hpp"
#include "test.hpp"

#include <string>

using namespace asyncllm;
using support::Served;
using testing::Answer;

namespace {

const std::string tagged_text = "<think>\nLet me see.\n</think>\n\nYes.";

Client client_of(Served& served, const std::string& provider)
{
  const auto path = provider == "ollama" ? "" : "/v1";
  return Client(ClientOptions(provider).base_url(served.server.url() + path).api_key("k"));
}

}  // namespace

TEST_CASE("hosts of open models: think tags become reasoning, whole and streamed", "[client]")
{
  for (const auto* provider :
       {"ollama", "openai-compatible", "vllm", "llamacpp", "lmstudio", "together", "groq"}) {
    INFO(provider);
    Served served;
    served.server.always(Answer::text(tagged_text));
    const auto client = client_of(served, provider);
    const auto reply = served.run(client.chat("m", Messages().user("Is it?")));
    CHECK(reply.text == "Yes.");
    CHECK(reply.reasoning == "Let me see.");
    auto stream = client.stream("m", Messages().user("Is it?"));
    const auto streamed = served.run(stream.collect());
    CHECK(streamed.text == "Yes.");
    CHECK(streamed.reasoning == "Let me see.");
  }
}

TEST_CASE("other hosts, bare prompts and callers who say so keep the tags", "[client]")
{
  Served served;
  served.server.always(Answer::text(tagged_text));
  const auto messages = Messages().user("Is it?");
  CHECK(served.run(client_of(served, "openrouter").chat("m", messages)).text == tagged_text);
  const auto ollama = client_of(served, "ollama");
  CHECK(served.run(ollama.generate("m", Prompt("Is it?"))).text == tagged_text);
  const auto keep = RequestOptions().think_tags(ThinkTags::keep);
  CHECK(served.run(ollama.chat("m", messages, keep)).text == tagged_text);
  const auto split = RequestOptions().think_tags(ThinkTags::split);
  CHECK(served.run(client_of(served, "openrouter").chat("m", messages, split)).text == "Yes.");
  CHECK(served.run(ollama.generate("m", Prompt("Is it?"), split)).text == "Yes.");
}

TEST_CASE("a template that opens the tag itself", "[client]")
{
  Served served;
  served.server.always(Answer::text("Let me see.\n</think>\n\nYes."));
  const auto options = RequestOptions().think_tags(ThinkTags::split_begun);
  const auto client = client_of(served, "vllm");
  const auto reply = served.run(client.chat("m", Messages().user("Is it?"), options));
  CHECK(reply.text == "Yes.");
  CHECK(reply.reasoning == "Let me see.");
}

TEST_CASE("a stream that breaks off has all of its text, also what may have been a tag", "[client]")
{
  Served served;
  const auto body = [](const std::string& text) {
    return R"(data: {"choices":[{"index":0,"delta":{"content":")" + text + "\"}}]}\n\n";
  };
  const auto client = client_of(served, "openai-compatible");
  const auto partial_text = [&](const std::string& text) {
    served.server.push(Answer::status(200, body(text), "text/event-stream"));
    auto stream = client.stream("m", Messages().user("Is it?"));
    const auto error = served.error_of(stream.collect());
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::incomplete);
    return std::string(error->partial_text());
  };
  CHECK(partial_text(" <thi") == " <thi");
  CHECK(partial_text("<think>Hm").empty());
  CHECK(partial_text("<think>Hm</think>Yes") == "Yes");
}

TEST_CASE("the history has the text without the reasoning in it", "[client]")
{
  Served served;
  served.server.push(Answer::text(tagged_text));
  served.server.always(Answer::text("Bye."));
  const auto client = client_of(served, "openai-compatible");
  auto messages = Messages().user("Is it?");
  messages.add(Message::assistant(served.run(client.chat("m", messages)))).user("Sure?");
  (void)served.run(client.chat("m", messages));
  const auto& body = served.server.bodies().at(1);
  CHECK(body.find("Yes.") != body.npos);
  CHECK(body.find("Let me see") == body.npos);
}
