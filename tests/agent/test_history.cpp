// Which turns of a conversation are sent. No socket.
#include <asyncllm/impl/agent/history.hpp>
#include <asyncllm/impl/agent/pairs.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

using namespace asyncllm;
using detail::History;
using support::error_of;

namespace {

Messages plain_turn(const std::string& question, const std::string& text = "answer")
{
  return Messages().user(question).assistant(text);
}

Messages turn_with_calls(const std::string& question, int rounds, int calls)
{
  auto turn = Messages().user(question);
  for (int round = 0; round < rounds; ++round) {
    std::vector<ToolCall> made;
    for (int i = 0; i < calls; ++i)
      made.push_back({"c" + std::to_string(i), "f", "{}", ""});
    turn.add(Message::assistant("", made));
    for (const auto& call : made)
      turn.add(Message::tool(call.id, "f", "result"));
  }
  return turn.assistant("end");
}

// The questions of what would be sent, without the new one.
std::string sent_by(History& history)
{
  std::string questions;
  for (const auto& message : history.view(Message::user("?")))
    if (message.role() == Role::user && message.text() != "?")
      questions += message.text();
  return questions;
}

}  // namespace

TEST_CASE("without a limit all turns are sent, and the question comes last", "[agent]")
{
  History history;
  history.commit(plain_turn("a"), 0);
  history.commit(plain_turn("b"), 0);
  const auto view = history.view(Message::user("c"));
  CHECK(view.size() == 5);
  std::string last;
  for (const auto& message : view)
    last = message.text();
  CHECK(last == "c");
  CHECK(history.messages().size() == 4);
}

TEST_CASE("the last turns are kept, and the pinned ones", "[agent]")
{
  History history;
  history.keep_turns(3);
  for (const char* question : {"a", "b", "c", "d", "e"})
    history.commit(plain_turn(question), 0);
  CHECK(sent_by(history) == "de");
  CHECK(history.messages().size() == 10);

  History pinned;
  pinned.pin(1);
  pinned.keep_turns(3);
  for (const char* question : {"a", "b", "c", "d", "e"})
    pinned.commit(plain_turn(question), 0);
  CHECK(sent_by(pinned) == "ae");
}

TEST_CASE("a budget leaves out whole turns, down to a part of it, and then waits", "[agent]")
{
  History history;
  history.keep_tokens(1000, 0.5);
  std::vector<std::size_t> left_out;
  std::int64_t total = 0;
  for (int i = 0; i < 40; ++i) {
    history.view(Message::user("?"));
    left_out.push_back(history.left_out());
    CHECK(history.estimated_tokens() <= 1000);
    total = history.estimated_tokens() + 100;
    history.commit(plain_turn("q"), total);
  }
  // 100 tokens a turn: five turns go at once, and nothing for the next turns.
  int trims = 0;
  for (std::size_t i = 1; i < left_out.size(); ++i) {
    const auto more = left_out[i] - left_out[i - 1];
    CHECK((more == 0 || more >= 5));
    trims += more > 0 ? 1 : 0;
    if (more > 0 && i + 1 < left_out.size())
      CHECK(left_out[i + 1] == left_out[i]);
  }
  CHECK(trims >= 4);
}

TEST_CASE("without counts of the server bytes are the measure", "[agent]")
{
  History history;
  history.keep_tokens(100, 0.75);
  for (int i = 0; i < 10; ++i)
    history.commit(plain_turn(std::string(60, 'q'), std::string(60, 'a')), 0);
  CHECK(sent_by(history).size() == 120);  // two turns of 34 tokens
}

TEST_CASE("the bytes of a token are learned from the server's counts", "[agent]")
{
  History history;
  history.commit(plain_turn(std::string(1000, 'q'), std::string(984, 'a')), 1000);
  CHECK(history.estimated_tokens() == 1000);
  history.commit(plain_turn(std::string(1000, 'q'), std::string(984, 'a')), 0);  // no count
  CHECK(history.estimated_tokens() == 2000);
  history.commit(plain_turn("x", "y"), 500);  // a count that fell is not believed
  CHECK(history.estimated_tokens() >= 2000);
}

TEST_CASE("the last turn is never left out, however large it is", "[agent]")
{
  History history;
  history.keep_tokens(10, 0.5);
  history.commit(plain_turn("a", std::string(4000, 'x')), 0);
  history.commit(plain_turn("b", std::string(4000, 'x')), 0);
  CHECK(sent_by(history) == "b");
}

TEST_CASE("undo removes one whole turn", "[agent]")
{
  History history;
  history.commit(plain_turn("a"), 0);
  history.commit(turn_with_calls("b", 2, 2), 0);
  CHECK(history.undo());
  CHECK(history.messages().size() == 2);
  CHECK(history.undo());
  CHECK_FALSE(history.undo());
  CHECK(history.messages().empty());
}

TEST_CASE("wrong budgets are refused", "[agent]")
{
  History history;
  for (const auto& [budget, cut_to] :
       std::vector<std::pair<std::int64_t, double>>{{0, 0.5}, {-1, 0.5}, {10, 0}, {10, 1.5}}) {
    const auto error = error_of([&] { history.keep_tokens(budget, cut_to); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::invalid_argument);
  }
}

TEST_CASE("10,000 random histories are trimmed and stay paired", "[agent]")
{
  std::mt19937 random(1);
  const auto below = [&](int limit) {
    return static_cast<int>(random() % static_cast<unsigned>(limit));
  };
  for (int run = 0; run < 10'000; ++run) {
    History history;
    if (below(2) == 0)
      history.keep_turns(static_cast<std::size_t>(2 + below(4)));
    if (below(2) == 0)
      history.keep_tokens(1 + below(400), (1 + below(100)) / 100.0);
    history.pin(static_cast<std::size_t>(below(3)));
    if (below(3) == 0)
      history.assign(
          Messages().system("S").append(turn_with_calls("saved", below(3), 1 + below(2))));
    const int turns = below(12);
    std::size_t before = 0;
    for (int i = 0; i < turns; ++i) {
      const auto view = history.view(Message::user("?"));
      CHECK_FALSE(detail::unpaired(view));
      CHECK((history.turns() == 0 || view.size() > 1));
      CHECK(history.left_out() >= before);
      before = history.left_out();
      const auto count = below(3) == 0 ? below(500) : 0;
      history.commit(turn_with_calls(std::string(1, 'q'), below(3), 1 + below(3)), count);
      if (below(8) == 0) {
        history.undo();
        before = history.left_out();
      }
    }
  }
}
