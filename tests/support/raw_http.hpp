// HTTP by hand over a plain socket: what was really sent, without any client of ours.
#pragma once
#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

/// A POST of JSON, ready to be sent.
inline std::string post(std::string_view path, std::string_view json, std::string_view headers = {})
{
  std::string text = "POST " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n";
  text.append(headers).append("Content-Length: ").append(std::to_string(json.size()));
  return text.append("\r\n\r\n").append(json);
}

inline std::string get(std::string_view path)
{
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

struct RawResponse {
  int status = 0;
  std::string head;  // with its status line and the last line's end
  std::string body;  // without the chunks' frames
  bool chunked = false;

  bool has(std::string_view header_line) const
  {
    return head.find("\r\n" + std::string(header_line) + "\r\n") != head.npos;
  }
};

/// Cuts one response off the front of `bytes`; throws when it is not whole.
inline RawResponse cut_response(std::string& bytes)
{
  const auto need = [](bool holds) {
    if (!holds)
      throw std::out_of_range("the response is not whole");
  };
  const auto number_after = [](const std::string& text, std::string_view name) {
    const auto at = text.find(name);
    return at == text.npos ? 0 : std::stoul(text.substr(at + name.size()));
  };
  RawResponse response;
  const auto end = bytes.find("\r\n\r\n");
  need(end != bytes.npos);
  response.head = bytes.substr(0, end + 2);
  response.status = std::stoi(response.head.substr(9, 3));
  response.chunked = response.has("Transfer-Encoding: chunked");
  std::size_t at = end + 4;
  if (!response.chunked) {
    const auto size = number_after(response.head, "Content-Length: ");
    need(bytes.size() >= at + size);
    response.body = bytes.substr(at, size);
    bytes.erase(0, at + size);
    return response;
  }
  for (std::size_t size = 1; size > 0;) {
    const auto line = bytes.find("\r\n", at);
    need(line != bytes.npos);
    size = std::stoul(bytes.substr(at, line - at), nullptr, 16);
    need(bytes.size() >= line + 2 + size + 2);
    response.body += bytes.substr(line + 2, size);
    at = line + 2 + size + 2;
  }
  bytes.erase(0, at);
  return response;
}

/// One connection to the server of a URL "http://127.0.0.1:PORT".
class RawClient {
 public:
  RawClient(asio::io_context& loop, const std::string& url)
      : socket_(loop),
        server_(
            asio::ip::address_v4::loopback(),
            static_cast<unsigned short>(std::stoi(url.substr(url.rfind(':') + 1))))
  {}

  asio::awaitable<void> connect() { co_await socket_.async_connect(server_, asio::use_awaitable); }

  asio::awaitable<void> send(std::string bytes)
  {
    co_await asio::async_write(socket_, asio::buffer(bytes), asio::use_awaitable);
  }

  /// The next whole response; throws when the connection ends before.
  asio::awaitable<RawResponse> receive()
  {
    for (;;) {
      try {
        co_return cut_response(received_);
      } catch (const std::out_of_range&) {
        // more to come
      }
      const std::size_t size = co_await read_more();
      if (size == 0)
        throw std::runtime_error("the connection ended before a response: " + received_);
    }
  }

  asio::awaitable<RawResponse> exchange(std::string request)
  {
    co_await connect_once();
    co_await send(std::move(request));
    co_return co_await receive();
  }

  /// What comes until the server closes.
  asio::awaitable<std::string> receive_all()
  {
    std::size_t size = 1;
    while (size > 0)
      size = co_await read_more();
    co_return std::exchange(received_, std::string());
  }

  /// 0 at the end of the connection.
  asio::awaitable<std::size_t> read_more()
  {
    std::array<char, 4096> piece;
    asio::error_code ec;
    const std::size_t size = co_await socket_.async_read_some(
        asio::buffer(piece), asio::redirect_error(asio::use_awaitable, ec));
    received_.append(piece.data(), size);
    co_return size;
  }

  const std::string& received() const { return received_; }
  void close() { socket_.close(); }
  void reset()
  {
    socket_.set_option(asio::socket_base::linger(true, 0));
    socket_.close();
  }

 private:
  asio::awaitable<void> connect_once()
  {
    if (!socket_.is_open())
      co_await connect();
  }

  asio::ip::tcp::socket socket_;
  asio::ip::tcp::endpoint server_;
  std::string received_;
};

}  // namespace support
