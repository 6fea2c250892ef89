// Ollama cuts a prompt that is too long, and says nothing.
#include <asyncllm/client/client.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "served.hpp"
#include "test.hpp"

#include <string>
#include <utility>

using namespace asyncllm;
using support::Served;
using testing::Answer;
using testing::ScriptedServer;

namespace {

enum class Way { whole, streamed, prepared, bare };

// Whether a reply to a prompt of so many bytes, of which the server read so many tokens, says that
// it may be cut.
bool may_be_cut(
    std::size_t bytes,
    int tokens,
    const RequestOptions& options = RequestOptions(),
    Way way = Way::whole,
    const std::string& provider = "ollama")
{
  Reply reply;
  Served served;
  served.server.always(Answer::text("Hello.").usage(tokens, 2));
  const auto url = served.server.url() + (provider == "ollama" ? "" : "/v1");
  const Client client(ClientOptions(provider).base_url(url));
  const std::string half(bytes / 2, 'x');
  if (way == Way::streamed) {
    auto stream = client.stream("m", Messages().system(half).user(half), options);
    reply = served.run(stream.collect());
  } else if (way == Way::prepared) {
    const auto chat = client.prepare("m", Messages().system(half), options);
    reply = served.run(client.chat(chat, half));
  } else if (way == Way::bare) {
    reply = served.run(client.generate("m", Prompt(half).system(half), options));
  } else {
    auto message = Message::user(half).with_text(half);
    reply = served.run(client.chat("m", Messages().add(std::move(message)), options));
  }
  CHECK(reply.usage.input_tokens == tokens);
  return reply.prompt_may_be_cut;
}

}  // namespace

TEST_CASE("a prompt of which a server read far too little may be cut", "[client]")
{
  for (const auto way : {Way::whole, Way::streamed, Way::prepared, Way::bare}) {
    CHECK(may_be_cut(40'000, 2'051, RequestOptions(), way));
    CHECK_FALSE(may_be_cut(40'000, 8'000, RequestOptions(), way));
  }
  CHECK_FALSE(may_be_cut(1'000, 26));  // a few words may be anything
  CHECK_FALSE(may_be_cut(40'000, 0));  // nothing was counted
}

TEST_CASE("a prompt that fills the context may be cut", "[client]")
{
  const auto options = RequestOptions().context_length(1'024);
  for (const auto way : {Way::whole, Way::streamed, Way::prepared, Way::bare}) {
    CHECK(may_be_cut(4'000, 1'024, options, way));
    CHECK_FALSE(may_be_cut(4'000, 1'000, options, way));
  }
}

TEST_CASE("a prompt that must not be cut is whole, and so are those of other wires", "[client]")
{
  const auto options = RequestOptions().context_length(1'024).truncate(false);
  CHECK_FALSE(may_be_cut(40'000, 1'024, options));
  CHECK_FALSE(may_be_cut(40'000, 1'024, RequestOptions(), Way::whole, "openai"));
}

TEST_CASE("pictures are no text that could be cut", "[client]")
{
  Served served;
  served.server.always(Answer::text("A cat.").usage(300, 2));
  const Client client(ClientOptions("ollama").base_url(served.server.url()));
  auto message = Message::user("What is this?").with_image(std::string(50'000, 'x'), "image/png");
  const auto reply = served.run(client.chat("m", Messages().add(std::move(message))));
  CHECK_FALSE(reply.prompt_may_be_cut);
}
