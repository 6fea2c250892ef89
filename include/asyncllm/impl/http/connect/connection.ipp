#include <asyncllm/impl/http/connect/connection.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/bind_executor.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <cstring>
#include <memory>
#include <utility>

namespace asyncllm::inline v0_1::http {
namespace {

// Cancels what a socket waits for when there are bytes to read. The wait may end after this object.
class EarlyBytes {
 public:
  EarlyBytes(Socket& socket, const asio::any_io_executor& executor)
      : state_(std::make_shared<State>(State{&socket}))
  {
    socket.async_wait(
        Socket::wait_read,
        asio::bind_executor(executor, [state = state_](const asio::error_code& error) {
          if (error || !state->socket)
            return;
          state->have_come = true;
          cancel(*std::exchange(state->socket, nullptr));
        }));
  }
  ~EarlyBytes()
  {
    if (state_->socket)
      cancel(*std::exchange(state_->socket, nullptr));
  }
  EarlyBytes(const EarlyBytes&) = delete;
  EarlyBytes& operator=(const EarlyBytes&) = delete;

  bool have_come() const noexcept { return state_->have_come; }

 private:
  struct State {
    Socket* socket;
    bool have_come = false;
  };

  static void cancel(Socket& socket) noexcept
  {
    asio::error_code ignored;
    socket.cancel(ignored);
  }

  std::shared_ptr<State> state_;
};

bool is_not_now(const asio::error_code& error)
{
  return error == asio::error::would_block || error == asio::error::try_again;
}

}  // namespace

Connection::Connection(Socket socket) : socket_(std::move(socket))
{
  asio::error_code ignored;  // then nothing is attempted at once
  socket_.non_blocking(true, ignored);
}

asio::awaitable<void> Connection::start_tls(const TlsContext& context, asio::error_code& error)
{
  tls_ = std::make_unique<TlsStream>(socket_, context);
  buffer_.reset();  // a proxy's answer was in it
  return tls_->handshake(error);
}

asio::awaitable<void> Connection::write(std::string_view& bytes, asio::error_code& error)
{
  const auto buffer = asio::buffer(bytes.data(), bytes.size());
  std::size_t size = 0;
  if (tls_) {
    size = co_await tls_->write(buffer, error);
  } else if (!socket_.non_blocking()) {
    size = co_await asio::async_write(
        socket_, buffer, asio::redirect_error(asio::use_awaitable, error));
  } else {
    const auto executor = co_await asio::this_coro::executor;
    const EarlyBytes early(socket_, executor);
    while (!bytes.empty() && !error) {
      co_await socket_.async_wait(
          Socket::wait_write, asio::redirect_error(asio::use_awaitable, error));
      if (early.have_come()) {
        error.clear();
        co_return;
      }
      if (!error)
        bytes.remove_prefix(write_now(bytes, error));
    }
  }
  bytes.remove_prefix(size);
}

std::size_t Connection::write_now(std::string_view bytes, asio::error_code& error)
{
  if (tls_ || !socket_.non_blocking())
    return 0;
  const auto size = socket_.send(asio::buffer(bytes.data(), bytes.size()), 0, error);
  if (is_not_now(error))
    error.clear();
  return size;
}

asio::awaitable<std::size_t> Connection::read(asio::error_code& error)
{
  const auto size = tls_ ? tls_size : own_size;
  if (!buffer_)
    buffer_ = std::make_unique_for_overwrite<char[]>(size);
  received_ = {};
  const auto free = asio::buffer(buffer_.get(), size);
  if (tls_)
    return tls_->read_some(free, error);
  return socket_.async_read_some(free, asio::redirect_error(asio::use_awaitable, error));
}

void Connection::add_bulk(std::size_t size, BulkBuffer& bulk)
{
  bulk.resize(bulk_size);
  std::memcpy(bulk.data(), buffer_.get(), size);
  const auto more =
      socket_.receive(asio::buffer(bulk.data() + size, bulk.size() - size), 0, late_error_);
  if (is_not_now(late_error_))
    late_error_.clear();
  received_ = {bulk.data(), size + more};
}

bool Connection::is_quiet()
{
  if (tls_ && tls_->has_unread())
    return false;
  char byte = 0;
  asio::error_code error;
  if (socket_.non_blocking())
    socket_.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
  return is_not_now(error);
}

void Connection::close() noexcept
{
  asio::error_code ignored;
  socket_.close(ignored);
}

}  // namespace asyncllm::http
