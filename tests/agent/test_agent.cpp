#include <asyncllm/asyncllm.hpp>
#include <asyncllm/testing/scripted_server.hpp>
#include <asyncllm/testing/server_thread.hpp>

#include "error_of.hpp"
#include "on_loop.hpp"
#include "served.hpp"
#include "test.hpp"

#include <asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

using namespace asyncllm;
using support::fails_with;
using support::Served;
using testing::Answer;
using testing::ScriptedServer;
using Json = nlohmann::json;

namespace {

// The value of "Threads:" in this process' status; 0 where there is no /proc.
int threads()
{
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (int count = 0; word == "Threads:" && status >> count)
      return count;
  return 0;
}

}  // namespace

TEST_CASE("an agent sends its prompt and parameters with each message", "[agent]")
{
  Served served;
  const auto agent = LlmAgent::builder("concise", served.server.spec("ollama", "gemma3:latest"))
                         .with_system_prompt("Be very concise.")
                         .with_temperature(0.7)
                         .with_max_tokens(50)
                         .build();
  const auto reply = served.run(agent.send_message_async("What is 2+2?"));
  const auto text = reply.text;
  const auto body = Json::parse(served.server.bodies().at(0));
  CHECK(text == "What is 2+2?");
  CHECK(body["model"] == "gemma3:latest");
  CHECK(
      body["messages"] ==
      Json::parse(
          R"([{"role":"system","content":"Be very concise."},{"role":"user","content":"What is 2+2?"}])"));
  CHECK(body["options"] == Json::parse(R"({"temperature":0.7,"num_predict":50})"));
}

TEST_CASE(
    "a call's options win over the agent's, the agent's own setters over its defaults", "[agent]")
{
  Served served;
  const auto agent = LlmAgent::builder("a", served.server.spec("openai", "m"))
                         .with_options(RequestOptions().temperature(0.1).seed(5).max_tokens(9))
                         .with_temperature(0.2)
                         .build();
  served.run(agent.send_message_async("x"));
  served.run(agent.send_message_async("x", RequestOptions().temperature(0.3)));
  const auto first = Json::parse(served.server.bodies().at(0));
  const auto second = Json::parse(served.server.bodies().at(1));
  CHECK(first["temperature"] == 0.2);
  CHECK(first["seed"] == 5);
  CHECK(first["max_tokens"] == 9);
  CHECK(second["temperature"] == 0.3);
  CHECK(second["seed"] == 5);
}

TEST_CASE("sends are independent: no message sees another's history", "[agent]")
{
  Served served;
  const auto agent = LlmAgent::builder("a", served.server.spec("openai", "m")).build();
  for (const auto* question : {"one", "two"})
    served.run(agent.send_message_async(question));
  const auto bodies = served.server.bodies();
  REQUIRE(bodies.size() == 2);
  CHECK(Json::parse(bodies[1])["messages"].size() == 1);
}

TEST_CASE("a given conversation follows the system prompt", "[agent]")
{
  Served served;
  const auto agent =
      LlmAgent::builder("a", served.server.spec("openai", "m")).with_system_prompt("S").build();
  const auto conversation = Messages().user("a").assistant("b").user("c");
  served.run(agent.send_messages_async(conversation));
  auto stream = agent.stream_messages(conversation);
  served.run(stream.collect());
  const auto bodies = served.server.bodies();
  REQUIRE(bodies.size() == 2);
  for (const auto& body : bodies) {
    const auto asked = Json::parse(body);
    std::string order;
    for (const auto& message : asked["messages"])
      order += message["content"].get<std::string>();
    CHECK(order == "Sabc");
  }
}

TEST_CASE("twenty sends at once are served at once, on one thread", "[agent]")
{
  std::vector<std::string> texts;
  Served served;
  // Long enough that the twentieth arrives before the first is answered, on a busy machine too.
  served.server.always(Answer::echo().after(std::chrono::seconds(1)));
  const auto agent = LlmAgent::builder("a", served.server.spec("ollama", "m")).build();
  std::vector<asio::awaitable<Reply>> tasks;
  for (int i = 0; i < 20; ++i)
    tasks.push_back(agent.send_message_async(std::to_string(i)));
  const auto replies = served.run(gather(std::move(tasks)));
  for (const auto& reply : replies)
    texts.push_back(reply.text);
  const auto most_threads = threads();
  const auto stats = served.server.stats();
  CHECK(stats.max_in_flight == 20);
  CHECK(most_threads <= 1);
  REQUIRE(texts.size() == 20);
  for (int i = 0; i < 20; ++i)
    CHECK(texts[static_cast<std::size_t>(i)] == std::to_string(i));
}

TEST_CASE("one bad question fails only its own result in a gather", "[agent]")
{
  Served served;
  const auto agent = LlmAgent::builder("a", served.server.spec("ollama", "m")).build();
  std::vector<asio::awaitable<Reply>> tasks;
  for (const auto* question : {"good", "", "also good"})
    tasks.push_back(agent.send_message_async(question));
  const auto outcomes = served.run(gather_outcomes(std::move(tasks)));
  REQUIRE(outcomes.size() == 3);
  CHECK(outcomes[0]->text == "good");
  CHECK(outcomes[2]->text == "also good");
  REQUIRE(outcomes[1].error_as<Error>());
  CHECK(outcomes[1].error_as<Error>()->kind() == ErrorKind::invalid_argument);
}

TEST_CASE("an agent may die while its send is in flight", "[agent]")
{
  Served served;
  std::optional<LlmAgent> agent = LlmAgent::builder("a", served.server.spec("ollama", "m")).build();
  auto send = agent->send_message_async("still here");
  agent.reset();
  const auto reply = served.run(std::move(send));
  const auto text = reply.text;
  CHECK(text == "still here");
}

TEST_CASE("with_timeout ends a send as a timeout and the server sees the client go", "[agent]")
{
  Served served;
  served.server.always(Answer::echo().after(std::chrono::hours(1)));
  const auto agent = LlmAgent::builder("a", served.server.spec("ollama", "m")).build();
  auto send = with_timeout(agent.send_message_async("x"), std::chrono::milliseconds(20));
  const auto error = served.error_of(std::move(send));
  const auto aborted = served.run(
      served.server.until([](const ScriptedServer::Stats& now) { return now.aborted == 1; }));
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::timeout);
  CHECK(aborted);
}

TEST_CASE("a blocking send needs no loop", "[agent]")
{
  testing::ServerThread server;
  server.push(Answer::text("Hello."));
  server.push(Answer::error(404, "model 'm' not found"));
  const auto agent = LlmAgent::builder("a", server.spec("ollama", "m")).build();
  CHECK(agent.send_message("Hi").text == "Hello.");
  CHECK(fails_with(ErrorKind::model_not_found, "ollama pull m", [&] { agent.send_message("Hi"); }));
}

TEST_CASE("build() refuses by name what cannot work", "[agent]")
{
  const auto build = [](LlmAgent::Builder builder) { return [=] { builder.build(); }; };
  const auto kind = ErrorKind::invalid_argument;
  const auto start = [] { return LlmAgent::builder("bad", "ollama::m"); };
  CHECK_NOTHROW(start().build());
  CHECK(fails_with(
      kind,
      "cannot build the agent \"bad\": with_temperature(9)",
      build(start().with_temperature(9))));
  CHECK(fails_with(kind, "with_max_tokens(0)", build(start().with_max_tokens(0))));
  CHECK(fails_with(
      kind, "with_options: top_p(2)", build(start().with_options(RequestOptions().top_p(2)))));
  CHECK(fails_with(kind, "did you mean \"ollama\"", build(LlmAgent::builder("bad", "olama::m"))));
  CHECK(fails_with(kind, "no \"::\"", build(LlmAgent::builder("bad", "gemma3"))));
  CHECK(fails_with(
      kind,
      "must begin with http",
      build(LlmAgent::builder("bad", "openai::m").with_base_url("127.0.0.1:8080"))));
  CHECK(fails_with(kind, "control character", build(start().with_api_key("a\r\nX: b"))));
}

TEST_CASE("an Ollama server may be named without a scheme", "[agent]")
{
  testing::ServerThread server;
  server.always(Answer::text("Hello."));
  const auto address = server.url().substr(server.url().find("://") + 3);
  const auto by_spec = LlmAgent::builder("a", "ollama@" + address + "::m").build();
  CHECK(by_spec.send_message("Hi").text == "Hello.");
  const auto by_url = LlmAgent::builder("a", "ollama::m").with_base_url(address).build();
  CHECK(by_url.send_message("Hi").text == "Hello.");
}

TEST_CASE("what a call sets for itself goes before what the agent has prepared", "[agent]")
{
  std::vector<Json> bodies;
  Served served;
  const auto agent = LlmAgent::builder("a", served.server.spec("openai", "m"))
                         .with_system_prompt("<the place of asyncllm's question>")
                         .build();
  const auto usual = LlmAgent::builder("b", served.server.spec("openai", "m"))
                         .with_system_prompt("S")
                         .with_temperature(0.5)
                         .with_options(RequestOptions().seed(1))
                         .build();
  const auto text = served.run(agent.send_message_async("odd prompt")).text;
  (void)served.run(usual.send_message_async("as built"));
  const auto own = RequestOptions().temperature(1).header("x-a", "b");
  (void)served.run(usual.send_message_async("own", own));
  auto stream = usual.stream_message("streamed");
  (void)served.run(stream.collect());
  for (const auto& body : served.server.bodies())
    bodies.push_back(Json::parse(body));
  CHECK(text == "odd prompt");
  REQUIRE(bodies.size() == 4);
  CHECK(bodies[0]["messages"][1]["content"] == "odd prompt");
  CHECK(bodies[1]["messages"][0]["content"] == "S");
  CHECK(bodies[1]["messages"][1]["content"] == "as built");
  CHECK(bodies[1]["temperature"] == 0.5);
  CHECK(bodies[2]["temperature"] == 1);
  CHECK(bodies[2]["seed"] == 1);
  CHECK(bodies[2]["messages"][1]["content"] == "own");
  CHECK(bodies[3]["stream"] == true);
  CHECK(bodies[3]["messages"][1]["content"] == "streamed");
}

TEST_CASE("build() refuses what the provider does not take", "[agent]")
{
  const auto build = [](double temperature) {
    LlmAgent::builder("a", "anthropic@http://127.0.0.1:1::claude")
        .with_temperature(temperature)
        .build();
  };
  CHECK_NOTHROW(build(1));
  CHECK(support::fails_with(
      ErrorKind::invalid_argument, "with_temperature(1.5): must be between 0 and 1", [&] {
        build(1.5);
      }));
}

TEST_CASE("an agent tells its name, its model and where it asks", "[agent]")
{
  const auto agent = LlmAgent::builder("n", "openai@http://127.0.0.1:8080/v1::m")
                         .with_base_url("http://localhost:1/v2/")
                         .build();
  CHECK(agent.name() == "n");
  CHECK(agent.model().model == "m");
  CHECK(agent.client().base_url() == "http://localhost:1/v2");
}

TEST_CASE("an agent that was moved from still works", "[agent]")
{
  testing::ServerThread server;
  server.always(Answer::text("Hello."));
  auto agent = LlmAgent::builder("a", server.spec("ollama", "m")).build();
  const auto other = std::move(agent);
  CHECK(agent.name() == "a");
  CHECK(agent.send_message("Hi").text == "Hello.");
  CHECK(other.send_message("Hi").text == "Hello.");
}

TEST_CASE("agents made from one client share its bound and its connections", "[agent]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    ScriptedServer server(loop.get_executor());
    server.always(Answer::echo().after(std::chrono::milliseconds(2)));
    const Client client(ClientOptions("ollama").base_url(server.url()).max_in_flight(2));
    const auto brief =
        LlmAgent::builder("brief", client, "a").with_system_prompt("Be brief.").build();
    const auto long_winded = LlmAgent::builder("long", client, "b").with_temperature(1).build();
    std::vector<asio::awaitable<Reply>> calls;
    for (int i = 0; i < 10; ++i) {
      calls.push_back(brief.send_message_async("x"));
      calls.push_back(long_winded.send_message_async("y"));
    }
    co_await gather(std::move(calls));
    CHECK(server.stats().max_in_flight == 2);
    CHECK(server.stats().connections == 2);
    const auto first = Json::parse(server.bodies().at(0));
    const auto second = Json::parse(server.bodies().at(1));
    CHECK(first["model"] == "a");
    CHECK(first["messages"].size() == 2);
    CHECK(second["model"] == "b");
    CHECK(second["messages"].size() == 1);
    CHECK(brief.model().provider == "ollama");
    CHECK(brief.model().base_url == server.url());
    CHECK(brief.client().base_url() == client.base_url());
    server.stop();
  });
}

TEST_CASE("an agent that was given a client takes no options of a client", "[agent]")
{
  const Client client(ClientOptions("ollama").base_url("http://127.0.0.1:1"));
  const auto build = [&](auto set) {
    return [&client, set] {
      auto builder = LlmAgent::builder("a", client, "m");
      set(builder);
      builder.build();
    };
  };
  using Builder = LlmAgent::Builder;
  CHECK(fails_with(ErrorKind::invalid_argument, "with_base_url", build([](Builder& builder) {
                     builder.with_base_url("http://x");
                   })));
  CHECK(fails_with(ErrorKind::invalid_argument, "with_max_in_flight", build([](Builder& builder) {
                     builder.with_max_in_flight(3);
                   })));
  CHECK(fails_with(ErrorKind::invalid_argument, "with_temperature", build([](Builder& builder) {
                     builder.with_temperature(9);
                   })));
  CHECK_NOTHROW(build([](Builder&) {})());
  CHECK(fails_with(ErrorKind::invalid_argument, "name of the model", [&] {
    LlmAgent::builder("a", client, "").build();
  }));
}

TEST_CASE("the tools of a call replace those of the agent", "[agent]")
{
  Served served;
  const auto agent = LlmAgent::builder("a", served.server.spec("openai", "m"))
                         .with_options(RequestOptions().tool({"one", "", ""}).verbosity("low"))
                         .build();
  served.run(agent.send_message_async("x"));
  served.run(agent.send_message_async("x", RequestOptions().tool({"two", "", ""})));
  const auto names = [&](std::size_t number) {
    std::vector<std::string> all;
    const auto body = Json::parse(served.server.bodies().at(number));
    for (const auto& tool : body["tools"])
      all.push_back(tool["function"]["name"]);
    return all;
  };
  CHECK(names(0) == std::vector<std::string>{"one"});
  CHECK(names(1) == std::vector<std::string>{"two"});
  CHECK(Json::parse(served.server.bodies().at(1))["verbosity"] == "low");
}
