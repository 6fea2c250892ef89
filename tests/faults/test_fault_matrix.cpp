// The shared fault matrix: a server that does in each of its cells one thing wrong in one place.
#include "child_process.hpp"
#include "faults/asked.hpp"
#include "faults/descriptors.hpp"
#include "on_loop.hpp"
#include "raw_http.hpp"
#include "shared_data.hpp"
#include "test.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using asyncllm::ErrorKind;
using asyncllm::Timeouts;
using faults::Asked;
using faults::Wire;
using nlohmann::json;

namespace {

constexpr auto time_limit = 1500ms;
constexpr auto lax = 1000ms;  // for a machine that does other things too
const std::string full_text = "w0 w1 w2 w3 w4 w5 ";

// Cells that may end otherwise than the matrix says, and why.
struct Exception {
  std::string_view kind, reason;
  std::vector<std::string_view> cells;
};

const std::vector<Exception> exceptions{
    {"connection_lost",
     "the server does not stall here: it closes as soon as it finds a byte of the request",
     {"/chat/chunked/accept/stall",
      "/sse/chunked/accept/stall",
      "/nd/chunked/accept/stall",
      "/chat/chunked/req_headers/stall",
      "/chat/cl/req_headers/stall",
      "/chat/close/req_headers/stall",
      "/sse/chunked/req_headers/stall",
      "/sse/cl/req_headers/stall",
      "/sse/close/req_headers/stall",
      "/nd/chunked/req_headers/stall",
      "/nd/cl/req_headers/stall",
      "/nd/close/req_headers/stall"}},
    {"connect_failed",
     "the reset may come before the connection is seen to be made",
     {"/chat/chunked/accept/rst", "/sse/chunked/accept/rst", "/nd/chunked/accept/rst"}},
    {"incomplete",
     "the garbage lies within a body or chunk of known length, which ends before its time: both "
     "are "
     "true",
     {"/chat/chunked/chunk_data/garbage",
      "/chat/cl/after_headers/garbage",
      "/chat/cl/chunk_data/garbage",
      "/chat/cl/between/garbage"}},
    {"incomplete",
     "lines that are no fields are to be ignored in a stream of events; that it ends too early is "
     "seen",
     {"/sse/cl/after_headers/garbage",
      "/sse/cl/between/garbage",
      "/sse/close/after_headers/garbage",
      "/sse/close/between/garbage"}},
    {"bad_response",
     "JSON that is cut off by the end of the connection is told from wrong JSON only by its text",
     {"/chat/close/after_headers/fin", "/chat/close/chunk_data/fin", "/chat/close/between/fin"}},
};

bool is_excepted(std::string_view cell, std::string_view kind)
{
  return std::ranges::any_of(exceptions, [&](const Exception& one) {
    return one.kind == kind && std::ranges::find(one.cells, cell) != one.cells.end();
  });
}

class FaultServer {
 public:
  explicit FaultServer(const std::filesystem::path& program)
  {
    for (int tries = 0; tries < 10 && !process_; ++tries) {
      port_ = free_ports();
      process_ = std::make_unique<support::ChildProcess>(
          std::vector<std::string>{"python3", program.string(), std::to_string(port_)});
      if (!is_up())
        process_.reset();
    }
    if (!process_)
      throw std::runtime_error("the fault server does not start");
  }

  std::string url(int offset = 0) const
  {
    return "http://127.0.0.1:" + std::to_string(port_ + offset);
  }

  /// How many connections it has, this one aside, and how many requests it has read without these.
  struct Stats {
    int open, requests;
  };
  Stats stats()
  {
    Stats stats{};
    support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
      support::RawClient client(loop, url());
      const auto response = co_await client.exchange(support::get("/stats"));
      const auto numbers = json::parse(response.body);
      stats = {numbers["open"].get<int>() - 1, numbers["requests"].get<int>() - ++asked_};
    });
    return stats;
  }

 private:
  static int free_ports()  // four in a row
  {
    asio::io_context loop;
    const asio::ip::tcp::acceptor first(loop, {asio::ip::address_v4::loopback(), 0});
    return std::min<int>(first.local_endpoint().port(), 65'000);
  }

  bool is_up()
  {
    for (int i = 0; i < 500 && !process_->has_ended(); ++i) {
      asio::io_context loop;
      asio::ip::tcp::socket socket(loop);
      asio::error_code error;
      const auto port = static_cast<unsigned short>(port_ + 3);  // the last that it opens
      socket.connect({asio::ip::address_v4::loopback(), port}, error);
      if (!error)
        return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  int port_ = 0;
  int asked_ = 0;
  std::unique_ptr<support::ChildProcess> process_;
};

struct Cell {
  std::string name, wire, phase, action, result;
  int max_ms = 0;
};

struct CellOutcome {
  std::string complaint, next_complaint;
  bool excepted = false, truncated = false;
  std::chrono::milliseconds overrun{0};
};

std::string name_of(const Asked& asked)
{
  return asked.error ? std::string(to_string(asked.error->kind())) : "complete";
}

// The error kinds by the names of the matrix (architecture.md, "kinds").
std::string expected_kind(const std::string& result)
{
  const auto error = result.substr(result.find(':') + 1);
  if (error == "reset" || error == "closed_before_response")
    return "connection_lost";
  if (error == "bad_body" || error == "bad_json")
    return "bad_response";
  return error;
}

Wire wire_of(const Cell& cell)
{
  return cell.wire == "chat" ? Wire::chat : cell.wire == "sse" ? Wire::sse : Wire::ndjson;
}

std::string judge(const Cell& cell, const Asked& asked)
{
  const bool prefix = full_text.starts_with(asked.text);
  if (!prefix)
    return "foreign text: " + asked.text;
  if (asked.error && faults::tells_secret(*asked.error))
    return "the error tells the API key";
  if (!asked.error && asked.text != full_text)
    return "silently truncated: " + asked.text;
  if (asked.error && wire_of(cell) != Wire::chat &&
      !(asked.error->partial_text().starts_with(asked.text) &&
        full_text.starts_with(asked.error->partial_text())))
    return "partial_text is not what came";
  const auto limit = std::chrono::milliseconds(cell.max_ms) + lax;
  if (asked.took > limit)
    return "took " + std::to_string(asked.took.count()) + " ms";
  if (cell.result == "either" || name_of(asked) == expected_kind(cell.result))
    return "";
  if (is_excepted(cell.name, name_of(asked)))
    return "";
  return name_of(asked) + " instead of " + cell.result +
         (asked.error ? std::string(" (") + asked.error->what() + ")" : "");
}

// Until the server has closed the connection that it keeps.
void wait_until_idle_fault(FaultServer& server, const Cell& cell)
{
  if (cell.action != "stall")
    for (int i = 0; i < 500 && server.stats().open > 0; ++i)
      std::this_thread::sleep_for(10ms);
}

CellOutcome run(FaultServer& server, const Cell& cell)
{
  const std::map<std::string, int> ports{{"fin", 1}, {"rst", 2}, {"stall", 3}};
  const int offset = cell.phase == "accept" ? ports.at(cell.action) : 0;
  const bool idle = cell.phase == "idle";
  const bool kept = idle || cell.phase == "after_done";
  CellOutcome outcome;
  support::on_loop([&](asio::io_context&) -> asio::awaitable<void> {
    const auto timeouts = Timeouts().connect(time_limit).total(time_limit);
    const int before = idle ? server.stats().requests : 0;
    const auto asked =
        co_await faults::ask(wire_of(cell), server.url(offset) + cell.name, timeouts);
    outcome.complaint = judge(cell, asked);
    outcome.excepted = is_excepted(cell.name, name_of(asked));
    outcome.truncated = !asked.error && asked.text != full_text;
    if (asked.error && asked.error->kind() == ErrorKind::timeout)
      outcome.overrun = asked.took - time_limit;

    if (kept)
      wait_until_idle_fault(server, cell);
    const auto first_slash = cell.name.find('/', 1);
    const auto framing = cell.name.substr(0, cell.name.find('/', first_slash + 1));
    const auto next = co_await faults::ask(
        wire_of(cell), server.url() + framing + "/ok/ok", Timeouts().total(10s));
    if (next.error || next.text != full_text)
      outcome.next_complaint = next.error ? next.error->what() : "the text " + next.text;
    else if (idle && server.stats().requests != before + 2)
      outcome.next_complaint = "it was not executed exactly once";
  });
  return outcome;
}

}  // namespace

TEST_CASE("every cell of the shared fault matrix ends as it should", "[faults]")
{
  const auto matrix = support::shared_data("fault_matrix.json");
  if (!matrix)
    return;
  const auto program = matrix->parent_path().parent_path() / "tools" / "fault_server.py";
  if (!std::filesystem::exists(program) || std::system("python3 -c '' 2>/dev/null") != 0) {
    std::cout << "SKIPPED: there is no fault server here\n";
    return;
  }
  std::vector<Cell> cells;
  const auto document = json::parse(support::read_file(*matrix));
  for (const auto& cell : document["cells"])
    cells.push_back(
        {cell["path"],
         cell["wire"],
         cell["phase"],
         cell["action"],
         cell["expect"]["result"],
         cell["expect"]["max_ms"]});
  REQUIRE(cells.size() >= 333);
  // Those that count the server's requests run alone, first; the others wait mostly.
  const auto others = std::stable_partition(cells.begin(), cells.end(), [](const Cell& cell) {
    return cell.phase == "idle" || cell.phase == "after_done";
  });
  const auto alone = static_cast<std::size_t>(others - cells.begin());

  FaultServer server(program);
  const auto descriptors = faults::open_descriptors();
  std::vector<CellOutcome> outcomes(cells.size());
  for (std::size_t i = 0; i < alone; ++i)
    outcomes[i] = run(server, cells[i]);
  std::atomic<std::size_t> next{alone};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&] {
      for (auto at = next++; at < cells.size(); at = next++)
        outcomes[at] = run(server, cells[at]);
    });
  for (auto& thread : threads)
    thread.join();

  std::size_t right = 0, excepted = 0, truncated = 0, hurt = 0;
  std::chrono::milliseconds overrun{0};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto& outcome = outcomes[i];
    right += outcome.complaint.empty() && !outcome.excepted;
    excepted += outcome.complaint.empty() && outcome.excepted;
    truncated += outcome.truncated;
    hurt += !outcome.next_complaint.empty();
    overrun = std::max(overrun, outcome.overrun);
    INFO(cells[i].name);
    CHECK(outcome.complaint == "");
    CHECK(outcome.next_complaint == "");
  }
  std::cout << right << " of " << cells.size() << " cells as expected, " << excepted
            << " otherwise for a reason given here, " << cells.size() - right - excepted
            << " wrong, " << truncated << " silent truncations, " << hurt
            << " failures of the next request, a timeout of " << time_limit.count()
            << " ms overrun by " << overrun.count() << " ms at most\n";
  CHECK(overrun < lax);
  CHECK(faults::open_descriptors() == descriptors);
}
