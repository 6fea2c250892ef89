// An address that neither accepts nor refuses a connection: what a dead route looks like.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <list>
#include <string>

namespace support {

/// A port of 127.0.0.1 whose queue of connections is full, so that the system answers no further
/// one. (Linux does so; elsewhere it may refuse.)
class BlackHole {
 public:
  explicit BlackHole(asio::io_context& loop) : acceptor_(loop)
  {
    acceptor_.open(asio::ip::tcp::v4());
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    for (int i = 0; i < 4; ++i)
      fillers_.emplace_back(loop).async_connect(endpoint(), [](const asio::error_code&) {});
  }

  asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(endpoint().port()); }

 private:
  asio::ip::tcp::acceptor acceptor_;
  std::list<asio::ip::tcp::socket> fillers_;
};

}  // namespace support
