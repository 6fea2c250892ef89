#include "http/deadlines.hpp"
#include "test.hpp"

#include <chrono>

using asyncllm::Clock;
using asyncllm::http::Deadlines;
using namespace std::chrono_literals;

namespace {

struct Entry final : Deadlines::Entry {
  void on_shut_down() noexcept override {}
  void on_expired() override { ++expired; }
  int expired = 0;
};

}  // namespace

TEST_CASE("each entry ends once when its time has come", "[http]")
{
  const Deadlines::TimePoint start{};
  Deadlines deadlines;
  Entry early, late, never;
  for (auto* entry : {&early, &late, &never})
    deadlines.add(*entry);
  early.set(start + 1s, Clock::connect);
  late.set(start + 2s, Clock::total);

  CHECK(deadlines.earliest() == start + 1s);
  deadlines.expire(start + 999ms);
  CHECK(early.expired == 0);
  deadlines.expire(start + 1s);
  deadlines.expire(start + 1500ms);
  CHECK(early.expired == 1);
  CHECK(late.expired == 0);
  CHECK(deadlines.earliest() == start + 2s);
  deadlines.expire(start + 1h);
  CHECK(late.expired == 1);
  CHECK(never.expired == 0);
  CHECK(deadlines.earliest() == Deadlines::TimePoint::max());
  for (auto* entry : {&early, &late, &never})
    deadlines.remove(*entry);
}

TEST_CASE("entries leave from any place of the list", "[http]")
{
  Deadlines deadlines;
  Entry a, b, c;
  for (auto* entry : {&a, &b, &c}) {
    deadlines.add(*entry);
    entry->set(Deadlines::TimePoint(), Clock::total);
  }
  deadlines.remove(b);
  deadlines.expire(Deadlines::TimePoint());
  CHECK(b.expired == 0);
  CHECK(a.expired + c.expired == 2);
  deadlines.remove(c);
  CHECK_FALSE(deadlines.empty());
  deadlines.remove(a);
  CHECK(deadlines.empty());
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
