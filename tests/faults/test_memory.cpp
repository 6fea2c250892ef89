// Memory: how much a client takes while a server never ends, and what happens when there is none.
#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/semaphore.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/server_thread.hpp>

#include "long_input.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#if defined(__linux__)
#  include <dlfcn.h>
#  include <execinfo.h>
#  include <malloc.h>

using namespace asyncllm;
using namespace asyncllm::testing;

namespace {

// Whether Asio is starting an operation for a coroutine. That is noexcept in Asio: what it
// allocates there and does not get is std::terminate, whoever uses it.
bool is_initiating()
{
  void* frames[64];
  const int count = ::backtrace(frames, 64);
  return std::any_of(frames, frames + count, [](void* frame) {
    Dl_info about{};
    return ::dladdr(frame, &about) != 0 && about.dli_sname &&
           std::string_view(about.dli_sname).find("do_init") != std::string_view::npos;
  });
}

// Of one thread, so that servers on others do not count.
struct Counts {
  long live = 0, peak = 0, blocks = 0;
  long until_failure = -1;  // so many allocations succeed; negative: all
  bool has_failed = false, was_spared = false;

  // The failure of one allocation; those behind it succeed, as after a moment's want.
  bool must_fail()
  {
    if (until_failure < 0 || until_failure-- > 0)
      return false;
    has_failed = true;
    was_spared = is_initiating();
    return !was_spared;
  }
  void add(void* block)
  {
    ++blocks;
    live += static_cast<long>(::malloc_usable_size(block));
    peak = std::max(peak, live);
  }
  void remove(void* block)
  {
    --blocks;
    live -= static_cast<long>(::malloc_usable_size(block));
  }
};
thread_local Counts counts;

void* allocate(std::size_t size)
{
  void* const block = counts.must_fail() ? nullptr : std::malloc(std::max<std::size_t>(size, 1));
  if (!block)
    throw std::bad_alloc();
  counts.add(block);
  return block;
}

void release(void* block) noexcept
{
  if (!block)
    return;
  counts.remove(block);
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size)
{
  return allocate(size);
}
void* operator new[](std::size_t size)
{
  return allocate(size);
}
// simdjson asks so, and does not look at what it gets for its strings: spared too.
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept
{
  void* const block = std::malloc(std::max<std::size_t>(size, 1));
  if (block)
    counts.add(block);
  return block;
}
void operator delete[](void* block, const std::nothrow_t&) noexcept
{
  release(block);
}
// Catch asks so.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
  return ::operator new[](size, std::nothrow);
}
void operator delete(void* block, const std::nothrow_t&) noexcept
{
  release(block);
}
void operator delete(void* block) noexcept
{
  release(block);
}
void operator delete[](void* block) noexcept
{
  release(block);
}
void operator delete(void* block, std::size_t) noexcept
{
  release(block);
}
void operator delete[](void* block, std::size_t) noexcept
{
  release(block);
}

namespace {

// Sends `start`, then `piece` again and again until the client goes, on a thread of its own.
class EndlessServer {
 public:
  EndlessServer(std::string start, std::string piece)
      : start_(std::move(start)),
        server_(
            loop_,
            [this](std::shared_ptr<support::Peer> peer, int) { return serve(std::move(peer)); }),
        thread_([this] { loop_.run(); })
  {
    while (piece_.size() < 16'000)
      piece_ += piece;
  }
  ~EndlessServer()
  {
    loop_.stop();
    thread_.join();
  }
  std::string url() const { return server_.url(); }

 private:
  asio::awaitable<void> serve(std::shared_ptr<support::Peer> peer)
  {
    co_await peer->read_request();
    co_await peer->write(start_);
    // Bounded, in case that the client never goes: sixteen times the largest limit of the test.
    for (std::size_t sent = 0; sent < (std::size_t(16) << 20) && peer->is_open();
         sent += piece_.size())
      co_await peer->write(piece_);
    peer->close();
  }

  std::string start_, piece_;
  asio::io_context loop_;
  support::SocketServer server_;
  std::thread thread_;
};

asio::awaitable<void> ask(const Client& client, bool streamed)
{
  const auto once = RequestOptions().retries(RetryPolicy().max_retries(0));
  if (streamed) {
    auto stream = client.stream("m", Messages().user("x"), once);
    auto reply = stream.collect();
    (void)co_await std::move(reply);
  } else {
    auto chat = client.chat("m", Messages().user("x"), once);
    (void)co_await std::move(chat);
  }
}

// What came of one call on a loop of its own; null: a reply. Exceptions that leave the loop, as a
// failed allocation within Asio does, count as the call's.
std::exception_ptr outcome_of(const Client& client, bool streamed)
{
  std::exception_ptr outcome;
  try {
    asio::io_context loop;
    asio::co_spawn(
        loop, ask(client, streamed), [&](std::exception_ptr failure) { outcome = failure; });
    loop.run();
  } catch (...) {
    outcome = std::current_exception();
  }
  return outcome;
}

struct Endless {
  const char* name;
  long limit;
  std::string start, piece;
  bool streamed = false;
  const char* provider = "openai";
};

const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string sse = ok + "Content-Type: text/event-stream\r\n\r\n";

}  // namespace

TEST_CASE("what a server never ends takes less than twice its limit of memory", "[faults]")
{
  constexpr long kib = 1024, body = 900 * kib, shared_buffer = 64 * kib;
  const auto limits = Limits().body_bytes(body).event_bytes(body);
  const std::vector<Endless> inputs{
      {"status line", 8 * kib, "HTTP/1.1 200 ", "x"},
      {"header line", 256 * kib, ok + "A: ", "x"},
      {"headers", 256 * kib, ok, "Some-Name: of a value that is longer than a short string\r\n"},
      {"interim answers", 256 * kib, "", "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"},
      {"chunk extension", 4 * kib, ok + "Transfer-Encoding: chunked\r\n\r\n1;", "x"},
      {"trailers", 256 * kib, ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n"},
      {"body", body, ok + "\r\n", "x"},
      {"body of an error", body, "HTTP/1.1 500 Oh\r\n\r\n", "x"},
      {"chunks", body, ok + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
      {"event line", body, sse + "data: ", "x", true},
      {"event of many lines", body, sse, "data: xxxxxxxxxxxxxxxxxxxx\n", true},
      {"field name", body, sse, "x", true},
      {"line of Ollama's", body, ok + "\r\n", "x", true, "ollama"},
  };
  for (const auto& input : inputs) {
    EndlessServer server(input.start, input.piece);
    const Client client(ClientOptions(input.provider).base_url(server.url()).limits(limits));
    const auto before = counts.peak = counts.live;
    const auto outcome = outcome_of(client, input.streamed);
    const auto grown = counts.peak - before;
    std::cout << input.name << ": " << grown / kib << " KiB of memory, the limit is "
              << input.limit / kib << " KiB\n";
    INFO(input.name);
    REQUIRE(outcome);
    try {
      std::rethrow_exception(outcome);
    } catch (const Error& error) {
      INFO(error.what());
      CHECK(error.kind() == ErrorKind::response_too_large);
    }
    // Beside it what the loop's connections share to read into, the coroutines and the rest.
    CHECK(grown < 2 * input.limit + shared_buffer + 32 * kib);
  }
}

TEST_CASE("endless input is discarded or reaches a limit", "[faults]")
{
  constexpr std::size_t kib = 1024;
  const auto limits =
      Limits().event_bytes(64 * kib).body_bytes(64 * kib).reply_bytes(kib).tool_calls(500).logprobs(
          500);
  for (const auto& input : support::long_inputs()) {
    using enum support::ReadBy;
    if (input.read_by != stream && input.read_by != http)
      continue;  // of a body no more is read than a bound admits
    INFO(input.name);
    std::string outcome;
    const auto memory_for = [&](std::size_t size) {
      auto text = support::text_of(input, size);
      const auto before = counts.peak = counts.live;
      outcome = support::outcome_of(input, std::move(text), limits);
      return counts.peak - before;
    };
    const auto some = memory_for(128 * kib);
    const auto more = memory_for(384 * kib);
    CHECK(more < 32 * 64 * static_cast<long>(kib));
    CHECK(more - some < 64 * static_cast<long>(kib));
    if (input.is_kept)
      CHECK((outcome == "response_too_large" || outcome == "bad_response"));
    else
      CHECK(outcome == "complete");
  }
}

TEST_CASE("an allocation that fails, whichever it is, ends a call without a leak", "[faults]")
{
#  if defined(__OPTIMIZE__)  // is_initiating() looks for a function that is inlined then
  std::cout << "SKIPPED: an optimised build does not show where Asio starts an operation\n";
  return;
#  endif
  ServerThread server;
  server.always(Answer::text("one two three"));
  server.configure([](ScriptedServer& scripted) { scripted.record(false); });
  const Client client(ClientOptions("openai").base_url(server.url() + "/v1"));
  for (const bool streamed : {false, true}) {
    INFO((streamed ? "a stream" : "a whole reply"));
    REQUIRE_FALSE(outcome_of(client, streamed));  // what is made once is made now
    const auto blocks = counts.blocks;
    long failed = 0, leaks = 0, silent = 0, spared = 0, n = 0;
    for (bool reached = true; reached; ++n) {
      counts.has_failed = counts.was_spared = false;
      counts.until_failure = n;
      auto outcome = outcome_of(client, streamed);
      counts.until_failure = -1;
      reached = counts.has_failed;
      failed += outcome ? 1 : 0;
      spared += reached && counts.was_spared ? 1 : 0;
      silent += reached && !outcome && !counts.was_spared ? 1 : 0;
      outcome = nullptr;
      leaks += counts.blocks == blocks ? 0 : 1;
    }
    std::cout << (streamed ? "a stream: " : "a whole reply: ") << n - 1
              << " allocations, each failed once: " << failed << " calls failed, " << silent
              << " got over it, " << spared
              << " are Asio's when it starts an operation and were spared, " << leaks << " leaks\n";
    CHECK(n > 20);
    CHECK(leaks == 0);
    CHECK_FALSE(outcome_of(client, streamed));
  }
}

namespace {

asio::awaitable<void> take_a_turn()
{
  auto turn = asio::post(asio::use_awaitable);
  co_await std::move(turn);
}

asio::awaitable<void> share(Semaphore& semaphore)
{
  std::vector<asio::awaitable<void>> tasks;
  for (int i = 0; i < 4; ++i)
    tasks.push_back(with_semaphore(semaphore, take_a_turn()));
  auto all = gather(std::move(tasks));
  co_await std::move(all);
}

}  // namespace

TEST_CASE("an allocation that fails, whichever it is, costs no permit and no waiter", "[faults]")
{
#  if defined(__OPTIMIZE__)
  std::cout << "SKIPPED: an optimised build does not show where Asio starts an operation\n";
  return;
#  endif
  long n = 0, failed = 0;
  for (bool reached = true; reached; ++n) {
    Semaphore semaphore(1);
    bool has_ended = false;
    {
      asio::io_context loop;
      counts.has_failed = counts.was_spared = false;
      counts.until_failure = n;
      // What Asio throws out of the loop, for want of memory, does not end the others.
      for (bool runs = true, started = false; runs;)
        try {
          if (!std::exchange(started, true))
            asio::co_spawn(loop, share(semaphore), [&](const std::exception_ptr& failure) {
              has_ended = true;
              failed += failure ? 1 : 0;
            });
          loop.run();
          runs = false;
        } catch (const std::bad_alloc&) {
        }
      counts.until_failure = -1;
      reached = counts.has_failed;
    }
    INFO("allocation " << n);
    CHECK((has_ended || reached));
    CHECK(semaphore.available() == 1);
    CHECK(semaphore.waiting() == 0);
  }
  std::cout << n - 1 << " allocations, each failed once: " << failed << " tasks failed\n";
  CHECK(n > 20);
}

#endif
