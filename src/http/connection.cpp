#include "http/connection.hpp"

#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <cerrno>

#if defined(__linux__)
#  include <sys/socket.h>
#endif

namespace asyncllm::http {
namespace {

// Asio leaves sockets open across exec; a key must not leak into child processes.
void open_socket(
    asio::ip::tcp::socket& socket, const asio::ip::tcp& protocol, asio::error_code& error)
{
#if defined(__linux__)
  const int handle = ::socket(protocol.family(), SOCK_STREAM | SOCK_CLOEXEC, protocol.protocol());
  if (handle < 0)
    error.assign(errno, asio::error::get_system_category());
  else
    socket.assign(protocol, handle, error);
#else
  socket.open(protocol, error);
#endif
}

}  // namespace

asio::awaitable<void> Connection::connect(asio::ip::tcp::endpoint endpoint, asio::error_code& error)
{
  close();
  open_socket(socket_, endpoint.protocol(), error);
  if (error)
    co_return;
  asio::error_code ignored;  // both options are improvements, not needs
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  co_await socket_.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<void> Connection::start_tls(
    const TlsContext& context, const std::string& host, asio::error_code& error)
{
  tls_ = std::make_unique<TlsStream>(socket_, context, host);
  return tls_->handshake(error);
}

asio::awaitable<std::size_t> Connection::write(std::string_view bytes, asio::error_code& error)
{
  ++requests;
  const auto buffer = asio::buffer(bytes.data(), bytes.size());
  if (tls_)
    return tls_->write(buffer, error);
  return asio::async_write(socket_, buffer, asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<std::size_t> Connection::read(asio::error_code& error)
{
  if (buffer_.empty())
    buffer_.resize(buffer_size);
  begin_ = end_ = 0;
  const auto free = asio::buffer(buffer_);
  if (tls_)
    return tls_->read_some(free, error);
  return socket_.async_read_some(free, asio::redirect_error(asio::use_awaitable, error));
}

bool Connection::is_quiet()
{
  char byte = 0;
  asio::error_code error;
  socket_.non_blocking(true, error);
  if (!error)
    socket_.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
  return error == asio::error::would_block || error == asio::error::try_again;
}

void Connection::close() noexcept
{
  asio::error_code ignored;
  socket_.close(ignored);
}

}  // namespace asyncllm::http
