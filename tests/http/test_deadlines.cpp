#include <asyncllm/impl/http/exchange/deadlines.hpp>

#include "test.hpp"

#include <chrono>
#include <vector>

using asyncllm::Timeout;
using asyncllm::http::Deadlines;
using namespace std::chrono_literals;

namespace {

struct Entry final : Deadlines::Entry {
  void on_shut_down() noexcept override {}
  void on_expired() override { ++expired; }
  int expired = 0;
};

// What the owner of the deadlines does, without its threads.
void expire(Deadlines& deadlines, Deadlines::TimePoint now)
{
  std::vector<Deadlines::Due> due;
  deadlines.collect(now, due);
  for (const auto& one : due)
    if (auto* const entry = deadlines.take(one.ticket))
      entry->expire(now);
}

}  // namespace

TEST_CASE("each entry ends once when its time has come", "[http]")
{
  const Deadlines::TimePoint start{};
  Deadlines deadlines;
  Entry early, late, never;
  for (auto* entry : {&early, &late, &never})
    deadlines.add(*entry, {});
  early.set(start + 1s, Timeout::connect);
  late.set(start + 2s, Timeout::total);

  CHECK(deadlines.earliest() == start + 1s);
  expire(deadlines, start + 999ms);
  CHECK(early.expired == 0);
  expire(deadlines, start + 1s);
  expire(deadlines, start + 1500ms);
  CHECK(early.expired == 1);
  CHECK(late.expired == 0);
  CHECK(deadlines.earliest() == start + 2s);
  expire(deadlines, start + 1h);
  CHECK(late.expired == 1);
  CHECK(never.expired == 0);
  CHECK(deadlines.earliest() == Deadlines::TimePoint::max());
  for (auto* entry : {&early, &late, &never})
    deadlines.remove(*entry);
}

TEST_CASE("entries leave from any position of the list", "[http]")
{
  Deadlines deadlines;
  Entry a, b, c;
  for (auto* entry : {&a, &b, &c}) {
    deadlines.add(*entry, {});
    entry->set(Deadlines::TimePoint(), Timeout::total);
  }
  deadlines.remove(b);
  expire(deadlines, Deadlines::TimePoint());
  CHECK(b.expired == 0);
  CHECK(a.expired + c.expired == 2);
  deadlines.remove(c);
  CHECK_FALSE(deadlines.empty());
  deadlines.remove(a);
  CHECK(deadlines.empty());
}

TEST_CASE("what is due is not looked for again until its ticket is taken or given back", "[http]")
{
  const Deadlines::TimePoint now{};
  Deadlines deadlines;
  Entry entry;
  deadlines.add(entry, {});
  entry.set(now, Timeout::idle);
  std::vector<Deadlines::Due> due;
  deadlines.collect(now, due);
  deadlines.collect(now, due);
  REQUIRE(due.size() == 1);
  CHECK(deadlines.earliest() == Deadlines::TimePoint::max());
  deadlines.give_back(due.front().ticket);
  CHECK(deadlines.earliest() == now);
  CHECK(deadlines.take(due.front().ticket) == nullptr);
  deadlines.collect(now, due);
  REQUIRE(due.size() == 2);
  CHECK(deadlines.take(due.back().ticket) == &entry);
  deadlines.remove(entry);
}

TEST_CASE("an entry that has left, or got more time, does not end by an old ticket", "[http]")
{
  const Deadlines::TimePoint now{};
  Deadlines deadlines;
  Entry gone, busy;
  for (auto* entry : {&gone, &busy}) {
    deadlines.add(*entry, {});
    entry->set(now, Timeout::idle);
  }
  std::vector<Deadlines::Due> due;
  deadlines.collect(now, due);
  deadlines.remove(gone);
  busy.set(now + 1s, Timeout::idle);
  int left = 0;
  for (const auto& one : due)
    if (auto* const entry = deadlines.take(one.ticket)) {
      CHECK_FALSE(entry->expire(now));
      ++left;
    }
  CHECK(left == 1);
  CHECK(gone.expired + busy.expired == 0);
  CHECK(deadlines.earliest() == now + 1s);
  deadlines.remove(busy);
}

TEST_CASE("a limit that is off, or so long that it would overflow, never comes", "[http]")
{
  using asyncllm::http::time_after;
  const auto now = std::chrono::steady_clock::now();
  CHECK(time_after(now, 5ms) == now + 5ms);
  for (const auto duration :
       {0ms, -1ms, std::chrono::milliseconds::max(), std::chrono::milliseconds::min()})
    CHECK(time_after(now, duration) == Deadlines::TimePoint::max());
}
