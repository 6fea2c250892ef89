// The examples chat, tools and typed_answer against a scripted server.
#include <asyncllm/testing/server_thread.hpp>

#include "examples/program.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <string>

using namespace std::chrono_literals;
using asyncllm::testing::Answer;
using asyncllm::testing::ServerThread;
using support::Program;
using ExampleJson = nlohmann::json;

namespace {

const std::string examples = ASYNCLLM_EXAMPLES;
const std::string nobody = "ollama@http://127.0.0.1:9::m";

// A name for a file that goes away.
class ScratchFile {
 public:
  ScratchFile() : path_("example-" + std::to_string(::getpid()) + ".json") {}
  ~ScratchFile() { std::remove(path_.c_str()); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("chat: answers come with the history, and are saved and loaded", "[examples]")
{
  const ScratchFile file;
  ServerThread server;
  server.push(Answer::text("Hello, Ann.")).push(Answer::text("Ann.")).push(Answer::text("Yes."));
  Program chat({examples + "/chat", server.spec("ollama", "m")});
  chat.type("I am Ann.\n");
  chat.until("Hello, Ann.\n> ");
  chat.type("Who am I?\n/save " + file.path() + "\n");
  chat.until("Ann.\n> \n> ");
  chat.rest();
  CHECK(chat.code() == 0);
  CHECK(ExampleJson::parse(server.bodies().at(1))["messages"].size() == 3);

  Program later({examples + "/chat", server.spec("ollama", "m")});
  later.type("/load " + file.path() + "\nReally?\n");
  later.until("Yes.");
  later.rest();
  CHECK(ExampleJson::parse(server.bodies().at(2))["messages"].size() == 5);
}

TEST_CASE("chat: Ctrl-C stops the answer and not the program", "[examples]")
{
  ServerThread server;
  server.push(Answer::text("one two three").pace(1h)).push(Answer::text("Fine."));
  Program chat({examples + "/chat", server.spec("ollama", "m")});
  chat.type("Count.\n");
  chat.until("one");
  chat.interrupt();
  chat.until(" [stopped]\n> ");
  CHECK(server.until([](const auto& stats) { return stats.aborted == 1; }));
  chat.type("How are you?\n");
  chat.until("Fine.\n> ");
  chat.rest();
  CHECK(chat.code() == 0);
  // The answer that was stopped is not in the history.
  CHECK(ExampleJson::parse(server.bodies().at(1))["messages"].size() == 1);
}

TEST_CASE("chat: what goes wrong is said, and the program goes on", "[examples]")
{
  Program chat({examples + "/chat", nobody});
  chat.type("Hello?\n");
  chat.until("connect_failed");
  chat.type("/load /nowhere/x\n");
  chat.until("cannot read /nowhere/x");
  chat.type("/save /nowhere/x\n");
  chat.until("cannot write /nowhere/x");
  const ScratchFile file;
  std::FILE* const garbage = std::fopen(file.path().c_str(), "w");
  std::fputs("[{\"role\":", garbage);
  std::fclose(garbage);
  chat.type("/load " + file.path() + "\nno line end");
  chat.until("the messages are not JSON");
  chat.rest();
  CHECK(chat.code() == 0);

  Program wrong({examples + "/chat", "olama::m"});
  CHECK(wrong.rest().find("did you mean \"ollama\"?") != std::string::npos);
  CHECK(wrong.code() == 1);
}

TEST_CASE("tools: the model calls the functions", "[examples]")
{
  ServerThread server;
  auto both = Answer::text("").and_tool_call("get_weather", R"({"city":"Paris","days":1})");
  server.push(both.and_tool_call("get_weather", R"({"city":"Oslo"})"));
  server.push(Answer::text("").and_tool_call("get_weather", R"({"city":"Oslo","days":1})"));
  server.push(Answer::text("21 and 12 degrees."));
  Program tools({examples + "/tools", server.spec("openai", "m")});
  CHECK(
      tools.rest() ==
      "get_weather {\"city\":\"Paris\",\"days\":1} = Paris: 21 degrees\n"
      "get_weather {\"city\":\"Oslo\"} = error: in the arguments, $.days is missing\n"
      "get_weather {\"city\":\"Oslo\",\"days\":1} = Oslo: 12 degrees\n"
      "21 and 12 degrees.\n(answer)\n");
  CHECK(tools.code() == 0);
  Program lost({examples + "/tools", nobody});
  CHECK(lost.rest().starts_with("error: connect_failed: "));
  CHECK(lost.code() == 1);
}

TEST_CASE("typed_answer: an answer is a struct, corrected once", "[examples]")
{
  ServerThread server;
  server.push(Answer::text("Sure! {\"name\""));
  server.push(
      Answer::text(R"({"name":"Ada Lovelace","born":1815,"languages":["English","French"]})"));
  Program typed({examples + "/typed_answer", server.spec("ollama", "m")});
  CHECK(typed.rest() == "Ada Lovelace, born in 1815, spoke English French\n");
  CHECK(typed.code() == 0);
  server.always(Answer::text("I do not know."));
  Program unknown({examples + "/typed_answer", server.spec("ollama", "m")});
  CHECK(unknown.rest().starts_with("error: invalid_output: "));
  CHECK(unknown.code() == 1);
}
