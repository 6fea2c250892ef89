#include <asyncllm/impl/http/connect/pool.hpp>

#include "test.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/write.hpp>

#include <chrono>
#include <memory>

#if defined(__linux__)
#  include <fcntl.h>
#endif

using namespace asyncllm::http;
using namespace std::chrono_literals;
using Peer = asio::local::stream_protocol::socket;

namespace {

// A connection that may stay idle for so long, and its other end.
std::unique_ptr<Connection> connection_to(Peer& peer, std::chrono::seconds idle_time = 1h)
{
  Peer own(peer.get_executor());
  asio::local::connect_pair(own, peer);
  auto connection = std::make_unique<Connection>(Socket(std::move(own)));
  connection->idle_until = std::chrono::steady_clock::now() + idle_time;
  return connection;
}

}  // namespace

TEST_CASE("the connection used last is used first, each key has its own", "[http]")
{
  asio::io_context loop;
  Peer a(loop), b(loop), c(loop);
  Pool pool;
  auto first = connection_to(a), second = connection_to(b), other = connection_to(c);
  const auto* const older = first.get();
  const auto* const newer = second.get();
  pool.put("key", std::move(first));
  pool.put("key", std::move(second));
  pool.put("other", std::move(other));
  const auto taken = pool.take("key"), next = pool.take("key");
  CHECK(taken.get() == newer);
  CHECK(next.get() == older);
  CHECK_FALSE(pool.take("key"));
  CHECK_FALSE(pool.take("nobody's"));
  CHECK(pool.take("other"));
}

TEST_CASE("a connection that is closed, too old or not quiet is dropped", "[http]")
{
  asio::io_context loop;
  Peer good(loop), closed(loop), old(loop), loud(loop);
  Pool pool;
  pool.put("key", connection_to(good));
  pool.put("key", connection_to(closed));
  pool.put("key", connection_to(loud));
  pool.put("key", connection_to(old, -1s));
  closed.close();
  asio::write(loud, asio::buffer("HTTP/1.1 408 Request Timeout", 28));
  CHECK(pool.take("key"));
  CHECK_FALSE(pool.take("key"));
}

TEST_CASE("calls to one server drop the old connections to all", "[http]")
{
  asio::io_context loop;
  Peer old(loop), other(loop), last(loop);
  Pool pool;
  pool.put("old", connection_to(old, 60s));
  pool.put("other", connection_to(other));
  CHECK(pool.size() == 2);
  pool.put("last", connection_to(last), std::chrono::steady_clock::now() + 61s);
  CHECK(pool.size() == 2);
  CHECK(pool.take("other"));
  CHECK(pool.take("last"));
}

TEST_CASE("over the bounds the connection that waited longest is closed", "[http]")
{
  asio::io_context loop;
  Pool pool(Pool::Bounds{2, 3});
  Peer a(loop), b(loop), c(loop), d(loop), e(loop);
  auto now = std::chrono::steady_clock::now();
  const auto put = [&](const char* key, Peer& peer) {
    pool.put(key, connection_to(peer), now += 1ms);
  };
  const auto is_closed = [](Peer& peer) {
    peer.non_blocking(true);
    char byte = 0;
    asio::error_code error;
    peer.receive(asio::buffer(&byte, 1), 0, error);
    return error == asio::error::eof;
  };
  put("first", a);
  put("second", b);
  put("second", c);
  CHECK(pool.size() == 3);
  put("second", d);
  CHECK(is_closed(b));
  put("third", e);
  CHECK(is_closed(a));
  CHECK(pool.size() == 3);
  for (auto* const peer : {&c, &d, &e})
    CHECK_FALSE(is_closed(*peer));
}

TEST_CASE("sockets have TCP_NODELAY and SO_KEEPALIVE, and are not inherited", "[http]")
{
  asio::io_context loop;
  Socket socket(loop);
  asio::error_code error;
  open_for(socket, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 1), error);
  CHECK_FALSE(error);
  asio::ip::tcp::no_delay no_delay;
  asio::socket_base::keep_alive keep_alive;
  socket.get_option(no_delay);
  socket.get_option(keep_alive);
  CHECK(no_delay.value());
  CHECK(keep_alive.value());
#if defined(__linux__)
  CHECK((::fcntl(socket.native_handle(), F_GETFD) & FD_CLOEXEC) != 0);
#endif
}
