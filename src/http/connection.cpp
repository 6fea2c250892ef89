#include "http/connection.hpp"

#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

namespace asyncllm::http {

asio::awaitable<void> Connection::start_tls(const TlsContext& context, asio::error_code& error)
{
  tls_ = std::make_unique<TlsStream>(socket_, context);
  return tls_->handshake(error);
}

asio::awaitable<std::size_t> Connection::write(std::string_view bytes, asio::error_code& error)
{
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
  if (tls_ && tls_->has_unread())
    return false;
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
