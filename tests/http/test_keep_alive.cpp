#include <asyncllm/impl/http/parse/keep_alive.hpp>

#include "test.hpp"

using asyncllm::HeaderList;
using asyncllm::http::idle_time;
using namespace std::chrono_literals;

TEST_CASE("a connection may stay idle as long as the server says, less a tenth", "[http]")
{
  CHECK(idle_time({{"keep-alive", "timeout=5, max=100"}}, 1) == 4500ms);
  CHECK(idle_time({{"Keep-Alive", "max=100 , Timeout = 10"}}, 1) == 9000ms);
  CHECK(idle_time({{"Keep-Alive", "timeout=\"5\""}}, 1) == 4500ms);
}

TEST_CASE("without a server's limit, or with a long one, it is a minute", "[http]")
{
  CHECK(idle_time({}, 1) == 60s);
  CHECK(idle_time({{"Keep-Alive", "timeout=86400"}}, 1) == 60s);
  CHECK(idle_time({{"Keep-Alive", ""}}, 1) == 60s);
  CHECK(idle_time({{"Keep-Alive", "timeout=soon,,max"}}, 1) == 60s);
}

TEST_CASE("a connection that is used up may not stay at all", "[http]")
{
  CHECK(idle_time({{"Keep-Alive", "timeout=5, max=100"}}, 99));
  CHECK_FALSE(idle_time({{"Keep-Alive", "timeout=5, max=100"}}, 100));
  CHECK_FALSE(idle_time({{"Keep-Alive", "timeout=0"}}, 1));
}
