#include <asyncllm/impl/http/connect/happy_eyeballs.hpp>

#include "black_hole.hpp"
#include "on_loop.hpp"
#include "test.hpp"

#include <asio/co_spawn.hpp>
#include <asio/ip/tcp.hpp>

#include <optional>
#include <string>

using asio::ip::tcp;
using asyncllm::http::Endpoint;
using asyncllm::http::Endpoints;
using asyncllm::http::HappyEyeballs;
using asyncllm::http::interleaved;

namespace {

Endpoint at(const char* address, unsigned short port = 1)
{
  return tcp::endpoint(asio::ip::make_address(address), port);
}

tcp::endpoint nobody(asio::io_context& loop)
{
  return tcp::acceptor(loop, {asio::ip::address_v4::loopback(), 0}).local_endpoint();
}

struct Attempted {
  bool connected = false;
  asio::error_code error;
};

asio::awaitable<Attempted> try_all(Endpoints endpoints)
{
  Attempted result;
  HappyEyeballs attempts(co_await asio::this_coro::executor);
  const auto socket = co_await attempts.run(std::move(endpoints), result.error);
  result.connected = socket.has_value();
  co_return result;
}

}  // namespace

TEST_CASE("addresses of both families take turns, each family in its order", "[http]")
{
  const auto a6 = at("2001:db8::1"), b6 = at("2001:db8::2"), c6 = at("2001:db8::3");
  const auto a4 = at("192.0.2.1"), b4 = at("192.0.2.2");
  CHECK((interleaved({a6, b6, c6, a4, b4}) == Endpoints{a6, a4, b6, b4, c6}));
  CHECK((interleaved({a4, a6, b6}) == Endpoints{a4, a6, b6}));
  CHECK((interleaved({a4, b4}) == Endpoints{a4, b4}));
  CHECK(interleaved({}).empty());
}

TEST_CASE("an address that refuses is followed by the next one at once", "[http]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    tcp::acceptor server(loop, {asio::ip::address_v4::loopback(), 0});
    Endpoints endpoints(20, nobody(loop));
    endpoints.push_back(server.local_endpoint());
    const auto result = co_await try_all(endpoints);
    CHECK(result.connected);
    CHECK_FALSE(result.error);
  });
}

TEST_CASE("a dead address first costs no more than the head start", "[http]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    const support::BlackHole dead(loop);
    tcp::acceptor server(loop, {asio::ip::address_v4::loopback(), 0});
    Endpoints endpoints{dead.endpoint(), server.local_endpoint()};
    const auto result = co_await try_all(endpoints);  // without the second: minutes
    CHECK(result.connected);
  });
}

TEST_CASE("when all addresses fail the error is the first one's", "[http]")
{
  support::on_loop([](asio::io_context& loop) -> asio::awaitable<void> {
    Endpoints endpoints{nobody(loop), at("255.255.255.255")};
    const auto result = co_await try_all(endpoints);
    CHECK_FALSE(result.connected);
    CHECK(result.error == asio::error::connection_refused);
    const Endpoints no_addresses;
    const auto none = co_await try_all(no_addresses);
    CHECK_FALSE(none.connected);
    CHECK(none.error);
  });
}

TEST_CASE("attempts that are cancelled end, and start no further one", "[http]")
{
  asio::io_context loop;
  std::optional<support::BlackHole> dead(loop);
  tcp::acceptor server(loop, {asio::ip::address_v4::loopback(), 0});
  std::optional<HappyEyeballs> attempts(loop.get_executor());
  asio::error_code error;
  bool connected = true;
  const auto run = [&]() -> asio::awaitable<void> {
    Endpoints endpoints{dead->endpoint(), server.local_endpoint()};
    const auto socket = co_await attempts->run(endpoints, error);
    connected = socket.has_value();
  };
  asio::co_spawn(loop, run(), [](std::exception_ptr) {});
  loop.poll();  // the first attempt is under way
  attempts->cancel();
  dead.reset();
  loop.run();
  CHECK_FALSE(connected);
  CHECK(error == asio::error::operation_aborted);
}
