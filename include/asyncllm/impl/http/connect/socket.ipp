#include <asyncllm/impl/http/connect/socket.hpp>

#include <asio/ip/tcp.hpp>

#include <cerrno>

#if defined(__linux__)
#  include <sys/socket.h>
#endif

namespace asyncllm::inline v0_1::http {

void open_for(Socket& socket, const Endpoint& endpoint, asio::error_code& error)
{
  const auto protocol = endpoint.protocol();
#if defined(__linux__)
  // Asio leaves sockets open across exec; a key must not leak into child processes.
  const int handle = ::socket(protocol.family(), SOCK_STREAM | SOCK_CLOEXEC, protocol.protocol());
  if (handle < 0)
    error.assign(errno, asio::error::get_system_category());
  else
    socket.assign(protocol, handle, error);
#else
  socket.open(protocol, error);
#endif
  if (error)
    return;
  asio::error_code ignored;  // both are optional; a Unix socket has no TCP_NODELAY
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
}

}  // namespace asyncllm::http
