#include "socket_server.hpp"

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <vector>

namespace support {

asio::awaitable<bool> Peer::read_request()
{
  asio::error_code error;
  auto buffer = asio::dynamic_buffer(received_);
  auto size = co_await asio::async_read_until(
      socket_, buffer, "\r\n\r\n", asio::redirect_error(asio::use_awaitable, error));
  if (error)
    co_return false;
  const auto at = received_.find("Content-Length:");
  if (at < size)
    size += std::stoul(received_.substr(at + 15));
  while (received_.size() < size && !error) {
    char piece[64 * 1024];
    const auto free = asio::buffer(piece);
    const auto got =
        co_await socket_.async_read_some(free, asio::redirect_error(asio::use_awaitable, error));
    received_.append(piece, got);
  }
  last_request_ = received_.substr(0, size);
  received_.erase(0, size);
  co_return !error;
}

asio::awaitable<void> Peer::write(std::string text)
{
  asio::error_code ignored;
  const auto buffer = asio::buffer(text);
  co_await asio::async_write(socket_, buffer, asio::redirect_error(asio::use_awaitable, ignored));
}

void Peer::shut_down()
{
  asio::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void Peer::reset()
{
  socket_.set_option(asio::socket_base::linger(true, 0));
  socket_.close();
}

struct SocketServer::State {
  State(asio::io_context& loop, Serve its_serve)
      : acceptor(loop, {asio::ip::address_v4::loopback(), 0}), serve(std::move(its_serve))
  {}
  asio::ip::tcp::acceptor acceptor;
  Serve serve;
  std::vector<std::weak_ptr<Peer>> peers;
  int connections = 0;
};

SocketServer::SocketServer(asio::io_context& loop, Serve serve)
    : state_(std::make_shared<State>(loop, std::move(serve)))
{
  asio::co_spawn(loop, accept(state_), asio::detached);
}

SocketServer::~SocketServer()
{
  state_->acceptor.close();
  for (const auto& weak : state_->peers)
    if (const auto peer = weak.lock())
      peer->close();
}

std::string SocketServer::url() const
{
  return "http://127.0.0.1:" + std::to_string(state_->acceptor.local_endpoint().port());
}

int SocketServer::connections() const
{
  return state_->connections;
}

asio::awaitable<void> SocketServer::accept(std::shared_ptr<State> state)
{
  for (;;) {
    asio::error_code error;
    asio::ip::tcp::socket socket(state->acceptor.get_executor());
    co_await state->acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (error)
      co_return;
    const auto peer = std::make_shared<Peer>(std::move(socket));
    state->peers.push_back(peer);
    asio::co_spawn(
        state->acceptor.get_executor(), serve(state, peer, ++state->connections), asio::detached);
  }
}

// Keeps the function whose coroutine it runs, also when the server is gone.
asio::awaitable<void> SocketServer::serve(
    std::shared_ptr<State> state, std::shared_ptr<Peer> peer, int number)
{
  auto served = state->serve(std::move(peer), number);
  co_await std::move(served);
}

std::string chat_response(const std::string& text, const std::string& headers)
{
  const auto body =
      R"({"choices":[{"index":0,"message":{"content":")" + text + R"("},"finish_reason":"stop"}]})";
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace support
