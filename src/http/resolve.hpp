// Host names to addresses.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/error_code.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace asyncllm::http {

using Endpoints = std::vector<asio::ip::tcp::endpoint>;

/// The endpoints that need no look-up: an address itself, and both loopback addresses for
/// "localhost" (RFC 6761, 6.3).
std::optional<Endpoints> known_endpoints(const std::string& host, std::uint16_t port);

/// One look-up. The system's resolver cannot be interrupted, so an abandoned one ends by itself
/// later and touches nothing but its own state.
class Resolution {
 public:
  explicit Resolution(const asio::any_io_executor& executor);

  asio::awaitable<Endpoints> run(std::string host, std::uint16_t port, asio::error_code& error);
  /// Makes `run` end with operation_aborted.
  void cancel();

 private:
  struct State {
    explicit State(const asio::any_io_executor& executor) : resolver(executor), over(executor) {}
    asio::ip::tcp::resolver resolver;
    asio::steady_timer over;
    bool answered = false;
    asio::error_code error;
    Endpoints endpoints;
  };
  std::shared_ptr<State> state_;
};

}  // namespace asyncllm::http
