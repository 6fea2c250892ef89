// Every fault of the scripted server, at every phase, on every wire and framing: the reply is whole
// or there is an error of the right kind with what came before, and the next request is fine.
#include <asyncllm/concurrency/for_each_limit.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "faults/asked.hpp"
#include "on_loop.hpp"
#include "test.hpp"

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

using namespace asyncllm;
using namespace asyncllm::testing;
using namespace std::chrono_literals;
using faults::Asked;
using faults::Wire;
using Kind = Fault::Kind;

namespace {

const std::string five_words = "one two three four five";

struct FaultyAnswer {
  Wire wire;
  Framing framing;
  Phase phase;
  Kind kind;
};

std::string name_of(const FaultyAnswer& cell)
{
  static const char* const wires[] = {"chat", "sse", "ndjson"};
  static const char* const framings[] = {"chunked", "length", "close"};
  static const char* const phases[] = {
      "accept",
      "request",
      "before_head",
      "status_line",
      "head",
      "after_head",
      "chunk_size",
      "piece",
      "between_pieces",
      "end",
      "idle"};
  static const char* const kinds[] = {"cut", "reset", "stall", "garbage", "drip"};
  return std::string(wires[static_cast<int>(cell.wire)]) + '/' +
         framings[static_cast<int>(cell.framing)] + '/' + phases[static_cast<int>(cell.phase)] +
         '/' + kinds[static_cast<int>(cell.kind)];
}

bool is_early(Phase phase)
{
  return phase == Phase::accept || phase == Phase::request;
}

std::vector<FaultyAnswer> all_cells()
{
  std::vector<FaultyAnswer> cells;
  for (const auto wire : {Wire::chat, Wire::sse, Wire::ndjson})
    for (const auto framing : {Framing::chunked, Framing::length, Framing::close})
      for (int phase = 0; phase <= static_cast<int>(Phase::idle); ++phase)
        for (const auto kind : {Kind::cut, Kind::reset, Kind::stall, Kind::garbage, Kind::drip}) {
          const auto at = static_cast<Phase>(phase);
          const bool has_phase = at != Phase::idle || framing != Framing::close;
          const bool has_rest = !is_early(at) && at != Phase::idle;
          if (has_phase && (kind != Kind::drip || has_rest))
            cells.push_back({wire, framing, at, kind});
        }
  return cells;
}

Fault fault_of(const FaultyAnswer& cell)
{
  switch (cell.kind) {
    case Kind::cut: return Fault::cut(cell.phase);
    case Kind::reset: return Fault::reset(cell.phase);
    case Kind::stall: return Fault::stall(cell.phase);
    case Kind::garbage: return Fault::garbage(cell.phase);
    case Kind::drip: break;
  }
  return Fault::drip(cell.phase);
}

using Kinds = std::vector<ErrorKind>;

// What garbage in a body, and the end of the connection behind it, may be called.
Kinds after_garbage(const FaultyAnswer& cell)
{
  // Between chunks everybody can see it.
  if (cell.framing == Framing::chunked && cell.phase != Phase::piece)
    return {ErrorKind::bad_response};
  // In a body or chunk of known length it is data, until the end comes too early.
  if (cell.wire == Wire::chat && cell.framing != Framing::close)
    return {ErrorKind::incomplete};
  // Lines that are no fields may be notices between events; alone they are no stream.
  const bool is_alone = cell.phase == Phase::after_head && cell.framing == Framing::close;
  if (cell.wire == Wire::sse && cell.phase != Phase::piece && !is_alone)
    return {ErrorKind::incomplete};
  return {ErrorKind::bad_response};
}

// The kinds of error that are right; none: the reply is complete.
Kinds expected(const FaultyAnswer& cell)
{
  const bool complete_anyway =
      cell.kind == Kind::drip || cell.phase == Phase::idle ||
      (cell.phase == Phase::end && (cell.wire != Wire::chat || cell.framing == Framing::length ||
                                    (cell.framing == Framing::close && cell.kind == Kind::cut)));
  if (complete_anyway)
    return {};
  if (cell.kind == Kind::stall)
    return {ErrorKind::timeout};
  if (cell.kind == Kind::reset && cell.phase == Phase::accept)  // perhaps seen only after connect
    return {ErrorKind::connect_failed, ErrorKind::connection_lost};
  if (cell.kind == Kind::reset)
    return {ErrorKind::connection_lost};
  if (cell.phase <= Phase::before_head)
    return {cell.kind == Kind::cut ? ErrorKind::connection_lost : ErrorKind::bad_response};
  if (cell.kind == Kind::cut) {
    // Of JSON that only the connection's end delimits nobody can tell whether it was cut.
    if (cell.wire == Wire::chat && cell.framing == Framing::close && cell.phase > Phase::head)
      return {ErrorKind::incomplete, ErrorKind::bad_response};
    return {ErrorKind::incomplete};
  }
  return cell.phase <= Phase::head ? Kinds{ErrorKind::bad_response} : after_garbage(cell);
}

// Whether the error has at least what was delivered, and nothing else.
bool is_partial(const Error& error, const std::string& delivered)
{
  const auto& partial = error.partial_text();
  return partial.starts_with(delivered) && five_words.starts_with(partial);
}

// What is wrong with the first reply, or nothing.
std::string judge(const FaultyAnswer& cell, const Asked& asked)
{
  if (!five_words.starts_with(asked.text))
    return "foreign text: " + asked.text;
  if (asked.error && faults::tells_secret(*asked.error))
    return "the error tells the API key";
  if (!asked.error && asked.text != five_words)
    return "silently truncated: " + asked.text;
  if (asked.error && cell.wire != Wire::chat && !is_partial(*asked.error, asked.text))
    return "partial_text is not what came";
  const auto kinds = expected(cell);
  const bool right =
      asked.error ? std::ranges::find(kinds, asked.error->kind()) != kinds.end() : kinds.empty();
  if (right)
    return "";
  return asked.error ? asked.error->what() : "complete, though it cannot be known";
}

asio::awaitable<std::string> run_once(FaultyAnswer cell)
{
  const auto executor = co_await asio::this_coro::executor;
  ScriptedServer server(executor);
  auto answer = Answer::text(five_words);
  answer.framing(cell.framing);
  if (is_early(cell.phase))
    server.push(fault_of(cell));
  else
    server.push(answer.fault(fault_of(cell)));
  server.always(Answer::text(five_words).framing(cell.framing));
  const auto url = server.url() + (cell.wire == Wire::ndjson ? "" : "/v1");

  const bool stalls = expected(cell) == Kinds{ErrorKind::timeout};
  const auto limit = stalls ? std::chrono::milliseconds(500) : std::chrono::milliseconds(30s);
  const auto first = co_await faults::ask(cell.wire, url, Timeouts().total(limit));
  if (const auto wrong = judge(cell, first); !wrong.empty())
    co_return name_of(cell) + ": " + wrong;
  const auto executed = server.stats().requests;
  if (executed != (is_early(cell.phase) ? 0 : 1))
    co_return name_of(cell) + ": sent " + std::to_string(executed) + " times";

  const auto next = co_await faults::ask(cell.wire, url, Timeouts().total(30s));
  if (next.error || next.text != five_words)
    co_return name_of(cell) + ", next: " + (next.error ? next.error->what() : next.text);
  if (server.stats().requests != executed + 1)
    co_return name_of(cell) + ", next: not executed exactly once";
  co_return std::string();
}

}  // namespace

TEST_CASE("every fault at every phase ends in the right reply or the right error", "[faults]")
{
  const auto cells = all_cells();
  std::vector<std::string> wrong;
  support::on_loop([&](asio::io_context&) -> asio::awaitable<void> {
    auto work =
        for_each_limit(cells, 40, run_once, [&](std::size_t, Outcome<std::string> complaint) {
          if (!complaint || !complaint->empty())
            wrong.push_back(complaint ? *complaint : complaint.error_message());
        });
    co_await std::move(work);
  });
  for (const auto& complaint : wrong) {
    INFO(complaint);
    CHECK(complaint.empty());
  }
  std::cout << cells.size() - wrong.size() << " of " << cells.size()
            << " faults as expected on the scripted server\n";
  CHECK(cells.size() == 456);
}
